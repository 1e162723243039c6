"""What an auditor is shown: every stream of the log from its first record on, and that there is no other."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from keyguard.core import canonical
from keyguard.core.record import parse
from keyguard.kga import bundle, dsse, merkle, statement
from keyguard.kga.derive.derived import derive
from keyguard.kga.derive.lines import Line
from keyguard.kga.verdict import Exit
from keyguard.kga.verify.rows import register_root
from keyguard.kga.verify.steps import verify
from tests.kga import alone
from tests.kga.making import HOST, Making, firm_log, trust, wanted

ASKED = replace(wanted(94), recipient=None)


@dataclass
class Audit(Making):
    """The bundle for an auditor; `hidden` streams are kept back."""

    hidden: tuple[str, ...] = ()

    def names(self) -> list[str]:
        return sorted(self.log.streams.keys() - set(self.hidden))

    def part(self) -> bundle.LogPart:
        _, table = self.log.sealed[-1]
        streams = {name: self._stream(table, name, 0) for name in self.names()}
        secret = bytes([len(self.log.sealed) - 1]) * 32
        return replace(super().part(), streams=streams, seal_secret=secret)

    def derived(self) -> dict[str, Any]:
        held = {
            name: [Line(self.log.log_id, parse(one)) for one in self.log.streams[name]]
            for name in self.names()
        }
        venues = {
            name: derive([*held["firm"], *lines], self.period(), seals=len(self.log.sealed))
            for name, lines in held.items()
            if name != "firm"
        }
        return {"venues": venues}

    def predicate(self) -> dict[str, Any]:
        venue = Making(self.log, until=self.until)
        made = venue.predicate()
        rows = [row for one in self.derived()["venues"].values() for row in one["register"]]
        made["profile"] = "auditor"
        made["recipient"] = {"venue": None, "kind": "auditor", "name": "FAKE Audit"}
        made["logs"][0] |= {"from": 0, "to": 0, "root": merkle.EMPTY_ROOT.hex()}
        root = register_root(rows, b"\x09" * 32).hex()
        made["register"] = {"rows": len(rows), "root": root, "row_secret": "09" * 32}
        self.change(made)
        return made


def audited(**more) -> Audit:
    log = firm_log()
    log.add(91.1, "bybit", "handout.denied", host=HOST, process="bot", reason="no grant")
    log.add(91.2, "local-900", "handout.denied", host=HOST, process="bot", reason="no grant")
    # Issues to venues are no business of an auditor's serial.
    log.add(
        91.3,
        "upbit",
        "attestation.issued",
        attestation_id="KGA-0f1e2d3c-upbit-0001",
        serial=1,
        period={"from": "2026-07-01T00:00:00.000000Z", "to": "2026-09-01T00:00:00.000000Z", "tz": "UTC"},
        statement_sha256="00" * 32,
    )
    log.seal(92)
    return Audit(log, until=92, **more)


def judged(making: Audit, exit: Exit, step: int | None) -> None:
    data, held = making.bundle(), trust(making.log)
    report = verify(data, held, ASKED)
    bad = [check.step for check in report.checks if check.outcome > Exit.WARNINGS]
    assert (report.exit, bad[0] if bad else None) == (exit, step), report.checks
    alone.agrees(report, data, held, ASKED)


def test_all_is_shown():
    judged(audited(), Exit.WARNINGS, None)


@pytest.mark.parametrize("hidden", ["bybit", "local-900"])
def test_a_stream_kept_back(hidden):
    judged(audited(hidden=(hidden,)), Exit.FAILED, 7)


@pytest.mark.parametrize(
    "change",
    [
        lambda part: replace(part, seal_secret=None),
        lambda part: replace(part, seal_secret=bytes(32)),
        lambda part: replace(
            part, streams={name: one for name, one in part.streams.items() if name != "firm"}
        ),
    ],
)
def test_no_secret_or_another_or_no_firm(change):
    judged(audited(change_part=change), Exit.FAILED, 7)


def test_a_range_is_named_where_all_is_shown():
    judged(audited(change=lambda made: made["logs"][0].update(to=14)), Exit.FAILED, 7)


def test_a_venue_stream_is_of_a_venue():
    def change(part):
        return replace(part, streams={**part.streams, "nowhere": part.streams["bybit"]})

    judged(audited(change_part=change), Exit.FAILED, 7)


def test_trust_on_first_use():
    data = audited().bundle()
    report = verify(data, None, ASKED)
    assert report.exit is Exit.WARNINGS
    alone.agrees(report, data, None, ASKED)


def test_a_summary_is_the_signers_word():
    making = Making(
        firm_log(), change=lambda made: made.update(profile="summary", logs=[], fingerprint_salt=None)
    )
    entries = {bundle.DERIVED: canonical.encode({"spec": "kga/1"})}
    said = statement.Statement(statement.ATTESTATION, statement.subject(entries), making.predicate())
    data = signed(entries, said)
    report = verify(data, trust(making.log), wanted())
    assert report.exit is Exit.WARNINGS
    alone.agrees(report, data, trust(making.log), wanted())
    entries |= {"logs/x/seal.json": b"{}"}
    data = signed(entries, replace(said, subject=statement.subject(entries)))
    report = verify(data, trust(making.log), wanted())
    assert report.exit is Exit.FAILED
    alone.agrees(report, data, trust(making.log), wanted())


def signed(entries: dict[str, bytes], said: statement.Statement) -> bytes:
    from keyguard.kga import container
    from tests.kga.making import private, public

    envelope = dsse.sign(statement.encode(said), dsse.IN_TOTO, [(public(2), private(2).sign)])
    assert json.loads(envelope.payload)["predicateType"] == statement.ATTESTATION
    return container.pack(entries | {bundle.STATEMENT: envelope.encode()})
