"""What an agent does for its log every day, and what the daemon makes of it."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret
from keyguard.daemon.sealing import Sealing
from keyguard.ports.channels import Channel
from keyguard.workflows import channels, log_key
from keyguard.workflows.log_day import check_clock, keep_sealed, mail
from keyguard.workflows.log_prune import plan
from keyguard.workflows.seal import make_seal
from tests.fakes.sealing import copied, log_ports
from tests.unit.workflows.test_alerting import FakeMessenger

DAY = 86_400


def with_clocks(ports, **offsets):
    ports.gateway.clock_offset_ms = offsets.get
    ports.inventory.keys = lambda: [SimpleNamespace(venue=venue) for venue in offsets]
    return ports


def test_a_seal_a_day_with_a_look_at_the_clock():
    ports = with_clocks(log_ports(), upbit=40, bybit=None, okx=60)
    assert keep_sealed(ports).seal.no == 0
    assert ports.audit.bodies("clock.check") == [{"offset_ms": 50, "source": "venue", "ok": True}]
    assert keep_sealed(ports) is None
    ports.clock.sleep(DAY)
    assert keep_sealed(ports).seal.no == 1
    assert len(ports.audit.bodies("clock.check")) == 2


@pytest.mark.parametrize(("offset", "ok"), [(-1000, True), (1001, False), (-5000, False)])
def test_a_clock_that_is_wrong_is_on_record(offset, ok):
    ports = with_clocks(log_ports(), upbit=offset)
    assert check_clock(ports)
    assert ports.audit.bodies("clock.check") == [{"offset_ms": offset, "source": "venue", "ok": ok}]


def test_nothing_is_said_of_a_clock_that_nobody_measured():
    ports = with_clocks(log_ports(), upbit=None)
    assert not check_clock(ports)
    assert ports.audit.bodies("clock.check") == []


def test_a_host_without_the_logs_key_leaves_sealing_to_the_one_that_has_it():
    ports = log_ports()
    make_seal(ports)
    ports.clock.sleep(DAY)
    ports.secrets.delete(log_key.ITEM)
    assert keep_sealed(ports) is None


@pytest.fixture
def mailing():
    ports, messenger = log_ports(), FakeMessenger()
    channels.add(ports.secrets, Channel("auditor", Secret("mailto://FAKE@example.test/")))
    return ports, messenger, Sealing(ports, messenger, "auditor")


def test_the_signed_checkpoint_is_mailed_whole(mailing):
    ports, messenger, _ = mailing
    made = make_seal(ports)
    mail(ports, messenger, "auditor", made)
    ((channel, title, text, _),) = messenger.sent
    assert (channel, text) == ("auditor", str(made.note))
    assert made.origin in title
    with pytest.raises(UsageError):
        mail(ports, messenger, "nobody", made)


def test_the_daemon_mails_once_a_day_and_again_what_was_not_taken(mailing):
    ports, messenger, sealing = mailing
    for _ in range(3):
        sealing.keep()
        ports.clock.sleep(60)
    assert len(messenger.sent) == 1
    ports.clock.sleep(DAY)
    messenger.refuses = {"auditor"}
    sealing.keep()
    assert ports.seals.last().no == 1
    messenger.refuses = set()
    sealing.keep()
    assert len(messenger.sent) == 1
    ports.clock.sleep(3600)
    sealing.keep()
    assert len(messenger.sent) == 2


def test_a_log_that_must_not_sign_is_said_once_an_hour(caplog):
    ports = log_ports()
    make_seal(ports)
    copy = copied(ports, secrets=False)
    make_seal(ports)
    ports.clock.sleep(DAY)
    sealing = Sealing(copy, FakeMessenger(), "")
    with caplog.at_level(logging.ERROR):
        for _ in range(120):
            sealing.keep()
            ports.clock.sleep(60)
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == ["log.behind"] * 2


def test_only_a_retention_one_may_choose_and_nothing_of_a_log_without_seals():
    ports = log_ports()
    with pytest.raises(UsageError) as caught:
        plan(ports, 6)
    assert caught.value.code == "prune.years"
    assert plan(ports, 5).count == 0
