"""A log that the workflows wrote and sealed opens as the model's does, and makes a bundle that verifies."""

from __future__ import annotations

import base64

import pytest

from keyguard.core.secret import Secret
from keyguard.kga.verdict import Exit
from keyguard.kga.verify.steps import verify
from keyguard.workflows import attesters, log_key
from keyguard.workflows.identity import Actor
from keyguard.workflows.log_opening import log_part
from keyguard.workflows.seal import make_seal
from keyguard.workflows.snapshot import write_snapshot
from tests.fakes.clock import FakeClock
from tests.fakes.sealing import HANDOUT, log_ports
from tests.kga import making

DAY = 86_400
DAYS = 4


@pytest.fixture
def written():
    """Four days of a real log, its seals, and the model of the same log."""
    clock = FakeClock(making.START)
    ports = log_ports(clock)
    ports.secrets.put(log_key.ITEM, Secret("01" * 32))  # the model's seed
    officer = base64.b64encode(making.public(2)).decode()
    attesters.add(ports, "attester", officer, "officer", actor=Actor("hana", "host-1"))
    made = []
    for seq in range(DAYS):
        ports.audit.append("firm", "log.heartbeat", {"host": HANDOUT["host"], "seq": seq})
        ports.audit.append("upbit", "handout", HANDOUT)
        ports.audit.append("bybit", "handout", HANDOUT)  # of another venue: not in the bundle
        if seq == DAYS - 1:
            write_snapshot(ports, "upbit")
        made.append(make_seal(ports))
        clock.sleep(DAY)
    ports.audit.append("firm", "log.heartbeat", {"host": HANDOUT["host"], "seq": DAYS})
    made.append(make_seal(ports))
    streams = {
        name: [entry.record for entry in ports.audit.entries(stream=name)] for name in made[-1].streams
    }
    sealed = [(one.seal, one.table) for one in made]
    return (
        ports,
        made[-1],
        making.Log(made[-1].log_id, streams=streams, leaves=[*made[-1].leaves], sealed=sealed),
    )


@pytest.mark.parametrize("start", [0, 3])
def test_it_opens_as_the_model_does(written, start):
    ports, sealed, log = written
    shown = log_part(ports, sealed, {"venue": ("upbit", start), "firm": ("firm", 0)}, seals_from=2)
    assert shown == making.Making(log, start=start, seals_from=2).part()


def test_its_bundle_verifies(written):
    ports, sealed, log = written
    shown = log_part(ports, sealed, {"venue": ("upbit", 0), "firm": ("firm", 0)})
    bundle = making.Making(log, until=DAYS, change_part=lambda _: shown).bundle()
    report = verify(bundle, making.trust(log), making.wanted(DAYS + 2))
    assert [(check.step, check.detail) for check in report.checks if check.outcome > Exit.WARNINGS] == []
    assert report.exit is Exit.WARNINGS
