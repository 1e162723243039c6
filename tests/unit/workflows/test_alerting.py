"""Alerts: said once, again, louder; held back, acknowledged, tried again; free of secrets."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from keyguard.core.alerts import Manners, QuietHours, Urgency
from keyguard.core.errors import StoreError, UsageError
from keyguard.core.findings import Item, Kind
from keyguard.core.keys import Origin
from keyguard.core.policy import Level
from keyguard.core.secret import Secret
from keyguard.ports.channels import Channel
from keyguard.workflows import alerting, channels, findings
from tests.fakes.world import ACTOR, World

MANNERS = Manners(repeat=timedelta(hours=4), escalate_after=timedelta(minutes=30))


class FakeMessenger:
    def __init__(self) -> None:
        self.sent = []
        self.refuses = set()

    def check(self, url):
        return "fake"

    def send(self, channel, title, text, urgency):
        if channel.name in self.refuses:
            raise StoreError("not taken", code="alert.undelivered")
        self.sent.append((channel.name, title, text, urgency))

    def taken(self):
        """The channels that took something since last asked."""
        names, self.sent = [name for name, *_ in self.sent], []
        return names


class Firm(World):
    def __init__(self) -> None:
        super().__init__(with_manager=False)
        self.messenger = FakeMessenger()
        for name, floor, escalation in (
            ("chat", "LOW", False),
            ("mail", "HIGH", False),
            ("pager", "LOW", True),
        ):
            url = Secret(f"jsons://FAKEtoken-{name}@example.test/")
            channels.add(self.store, Channel(name, url, Urgency[floor], escalation))

    def find(self, level=Level.HIGH, kind=Kind.DRIFT, detail="x"):
        command = "keyguard key show bot"
        item = Item(
            kind,
            level,
            "examplex/desk/bot",
            "it\nchanged",
            self.clock.now(),
            command,
            Origin.REPORTED,
            detail,
        )
        findings.keep(self.ports, [item])
        return item.id

    def tell(self, after_s=0, manners=MANNERS):
        self.clock.sleep(after_s)
        alerting.tell(self.ports, self.messenger, manners)
        return self.messenger.taken()


def test_nothing_open_nothing_said():
    assert Firm().tell() == []


def test_said_once_then_louder_then_again():
    firm = Firm()
    firm.find()
    assert firm.tell() == ["chat", "mail"]
    assert firm.tell(60) == []
    assert firm.tell(1800) == ["pager"]
    assert firm.tell(60) == []
    assert firm.tell(4 * 3600) == ["chat", "mail"]


def test_the_words():
    firm = Firm()
    id_ = firm.find()
    alerting.tell(firm.ports, firm.messenger, MANNERS)
    _, title, text, urgency = firm.messenger.sent[0]
    assert title == "keyguard: drift: examplex/desk/bot"
    assert text == f"it\\nchanged [reported]\nkeyguard key show bot\nkeyguard alert ack {id_}"
    assert urgency is Urgency.HIGH


def test_many_are_one_message():
    firm = Firm()
    for number in range(30):
        firm.find(Level.MEDIUM if number else Level.HIGH, detail=str(number))
    alerting.tell(firm.ports, firm.messenger, MANNERS)
    by_name = {name: (title, text) for name, title, text, _ in firm.messenger.sent}
    assert by_name["chat"][0] == "keyguard: 30 findings, the worst high"
    assert len(by_name["chat"][1].splitlines()) == 21
    assert by_name["mail"][0] == "keyguard: drift: examplex/desk/bot"


def test_the_floor_and_what_is_for_the_list_alone():
    firm = Firm()
    firm.find(Level.INFO)
    assert firm.tell() == []
    firm.find(Level.LOW, detail="low")
    assert firm.tell() == ["chat"]


def test_known_is_not_said_again_unless_it_gets_worse():
    firm = Firm()
    id_ = firm.find(Level.MEDIUM)
    firm.tell()
    alerting.acknowledge(firm.ports, id_[:8])
    assert firm.tell(86400) == []
    firm.find(Level.HIGH)
    assert firm.tell() == ["chat", "mail"]


def test_what_nobody_was_told_of_cannot_be_known():
    firm = Firm()
    id_ = firm.find()
    with pytest.raises(UsageError) as caught:
        alerting.acknowledge(firm.ports, id_)
    assert caught.value.code == "alert.unsaid"


def test_what_is_over_is_forgotten_and_said_anew_when_it_comes_back():
    firm = Firm()
    id_ = firm.find()
    firm.tell()
    findings.close(firm.ports, id_, actor=ACTOR, reason="mended")
    assert firm.tell(60) == []
    assert firm.findings.said() == ()
    firm.find()
    assert firm.tell(60) == ["chat", "mail"]


def test_a_channel_that_did_not_take_it_is_tried_again_alone():
    firm = Firm()
    firm.find()
    firm.messenger.refuses = {"mail"}
    assert firm.tell() == ["chat"]
    assert [one.missed for one in alerting.undelivered(firm.ports)] == [("mail",)]
    assert firm.tell(60) == []
    firm.messenger.refuses = set()
    assert firm.tell(60) == ["mail"]
    assert alerting.undelivered(firm.ports) == ()
    assert firm.tell(60) == []


def test_where_nobody_took_it_nothing_counts_as_said():
    firm = Firm()
    id_ = firm.find()
    firm.messenger.refuses = {"chat", "mail", "pager"}
    assert firm.tell() == []
    assert [one.told.last for one in alerting.undelivered(firm.ports)] == [None]
    firm.messenger.refuses = {"pager"}
    assert firm.tell(60) == ["chat", "mail"]
    assert firm.tell(1800) == []
    assert [one.told.escalated for one in alerting.undelivered(firm.ports)] == [None]
    firm.messenger.refuses = set()
    assert firm.tell(60) == ["pager"]
    firm.messenger.refuses = {"chat"}
    firm.tell(4 * 3600)
    assert len(alerting.undelivered(firm.ports)) == 1
    alerting.acknowledge(firm.ports, id_)
    assert alerting.undelivered(firm.ports) == ()


def test_quiet_hours_hold_back_all_but_a_leak():
    firm = Firm()
    now = firm.clock.now()
    quiet = QuietHours((now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time(), UTC)
    manners = Manners(quiet=quiet)
    firm.find()
    assert firm.tell(manners=manners) == []
    firm.find(kind=Kind.LEAK)
    assert firm.tell(manners=manners) == ["chat", "mail"]
    assert firm.tell(2 * 3600, manners) == ["chat", "mail", "pager"]


def test_without_channels_nothing_is_noted():
    firm = Firm()
    for name in ("chat", "mail", "pager"):
        channels.remove(firm.store, name)
    firm.find()
    assert firm.tell() == []
    assert firm.findings.said() == ()


def test_no_secret_is_said_or_kept():
    firm = Firm()
    firm.find()
    firm.messenger.refuses = {"mail"}
    alerting.tell(firm.ports, firm.messenger, MANNERS)
    kept = repr(firm.messenger.sent) + repr(firm.findings.said()) + repr(firm.findings.all())
    for item in firm.store.names():
        assert firm.store.get(item).reveal() not in kept
    assert "FAKEtoken" not in kept
    assert firm.old.secret.reveal() not in kept
