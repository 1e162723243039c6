"""What an auditor is shown: every stream of the log from its first record on, and that there is no other."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from keyguard.core import canonical
from keyguard.core.record import parse
from keyguard.kga import bundle, container, dsse, merkle, private_parts, statement, texts
from keyguard.kga.derive.derived import derive
from keyguard.kga.derive.lines import Line
from keyguard.kga.slot_table import SlotTable
from keyguard.kga.verdict import Exit
from keyguard.kga.verify.report import Report
from keyguard.kga.verify.rows import register_root
from keyguard.kga.verify.steps import verify
from tests.kga import alone
from tests.kga.making import (
    APPROVAL,
    HOST,
    KEY,
    PERSON,
    Making,
    firm_log,
    instant,
    private,
    public,
    trust,
    wanted,
)

ASKED = replace(wanted(94), recipient=None)


@dataclass
class Audit(Making):
    """The bundle for an auditor; `hidden` streams are kept back."""

    hidden: tuple[str, ...] = ()

    def names(self) -> list[str]:
        return sorted(self.log.streams.keys() - set(self.hidden))

    def part(self) -> bundle.LogPart:
        _, table = self.log.sealed[-1]
        streams = {name: self._shown(table, name) for name in self.names()}
        secret = bytes([len(self.log.sealed) - 1]) * 32
        return replace(super().part(), streams=streams, seal_secret=secret)

    def _shown(self, table: SlotTable, name: str) -> bundle.StreamPart:
        return replace(self._stream(table, name, 0), private=tuple(self.log.private.get(name, ())))

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
        opened = [
            pair
            for name, lines in held.items()
            for pair in private_parts.paired(
                lines, {one.n: one.value() for one in self.log.private.get(name, ())}
            )
        ]
        return {"persons": private_parts.persons(opened), "venues": venues}

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
    for venue, pseudonym in (("upbit", PERSON), ("bybit", "p_" + "0a" * 10)):
        log.add(
            91.25,
            venue,
            "access.grant",
            grant="gr_" + "33" * 8,
            key=KEY,
            person=pseudonym,
            capacity="employee",
            from_=instant(0),
            basis="quoting",
            approval=APPROVAL,
            private={"person": "kim", "hosts": ["/opt/\u202ebot"]},
        )
    body = {"kind": "person", "subject": "p_" + "0f" * 10, "change": "declared"}
    log.add(91.25, "firm", "people.change", **body, private={"id": "kim", "name": "Kim FAKE / 김가짜"})
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


def judged(making: Audit, exit: Exit, step: int | None) -> Report:
    data, held = making.bundle(), trust(making.log)
    report = verify(data, held, ASKED)
    bad = [check.step for check in report.checks if check.outcome > Exit.WARNINGS]
    assert (report.exit, bad[0] if bad else None) == (exit, step), report.checks
    alone.agrees(report, data, held, ASKED)
    return report


def said(report: Report) -> list[str]:
    return [check.detail for check in report.checks if check.step == 13]


def test_all_is_shown():
    report = judged(audited(), Exit.WARNINGS, None)
    assert any("local-900 is not in the public table" in one for one in said(report))
    assert not any("private parts" in one or "in doubt" in one for one in said(report))


def test_who_is_who_at_which_venue():
    rows = audited().derived()["persons"]
    assert [(row["name"], row["person"], row["venue"], row["pseudonym"]) for row in rows] == [
        ("Kim FAKE / 김가짜", "kim", "bybit", "p_" + "0a" * 10),
        ("Kim FAKE / 김가짜", "kim", "upbit", PERSON),
    ]


def test_a_map_that_cannot_be_right_is_said():
    making = audited()
    body = {"approval": APPROVAL, "decision": "approve", "by": PERSON}
    making.log.add(91.4, "upbit", "approval.decide", **body, private={"decided_by": "lee"})
    making.log.seal(92)
    assert any(
        f"in doubt: upbit: {PERSON} stands for 2" in one for one in said(judged(making, Exit.WARNINGS, None))
    )


def with_private(change):
    """A cheat who changes what is opened of Bybit's records."""

    def change_part(part):
        bybit = part.streams["bybit"]
        return replace(part, streams={**part.streams, "bybit": replace(bybit, private=change(bybit.private))})

    return change_part


@pytest.mark.parametrize(
    ("change", "exit", "step"),
    [
        (lambda told: (replace(told[0], private=b'{"person":"lee"}'),), Exit.FAILED, 7),
        (lambda told: (replace(told[0], opening=bytes(32)),), Exit.FAILED, 7),
        (lambda told: (replace(told[0], n=0),), Exit.FAILED, 7),
        (lambda told: (*told, replace(told[0], n=99)), Exit.FAILED, 7),
        (lambda told: (*told, *told), Exit.MALFORMED, 6),
        (lambda told: (replace(told[0], private=b'{"person": "kim"}'),), Exit.MALFORMED, 6),
        (lambda told: (replace(told[0], private=b'{"person":1.5}'),), Exit.MALFORMED, 6),
        (lambda told: (replace(told[0], private=b"[]"),), Exit.MALFORMED, 6),
        (lambda told: (replace(told[0], opening=b"short"),), Exit.MALFORMED, 6),
        (lambda told: (), Exit.FAILED, 9),
    ],
)
def test_private_parts_are_those_that_were_sealed(change, exit, step):
    judged(audited(change_part=with_private(change)), exit, step)


def test_a_private_part_kept_back_is_said():
    making = audited()
    making.log.private.pop("bybit")
    assert "1 private parts are not opened" in said(judged(making, Exit.WARNINGS, None))


def test_private_parts_are_no_business_of_a_venue():
    log = audited().log

    def opened(part):
        venue = replace(part.streams["venue"], private=tuple(log.private["upbit"]))
        return replace(part, streams={**part.streams, "venue": venue})

    data, held = Making(log, until=91, change_part=opened).bundle(), trust(log)
    report = verify(data, held, wanted(94))
    assert [check.step for check in report.checks if check.outcome is Exit.FAILED] == [7]
    alone.agrees(report, data, held, wanted(94))


def test_no_private_part_is_no_file():
    making = audited()
    entries = making.entries()
    entries[f"logs/{making.log.log_id}/bybit/private.jsonl"] = b""
    said = statement.Statement(statement.ATTESTATION, statement.subject(entries), making.predicate())
    data, held = signed(entries, said), trust(making.log)
    report = verify(data, held, ASKED)
    assert report.exit is Exit.MALFORMED
    alone.agrees(report, data, held, ASKED)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_auditor_reads_of_all_venues_not_of_itself(language):
    making = audited()
    predicate = making.predicate()
    assert "FAKE Audit" not in predicate["statement_text"][language]

    def confirm(made):
        made["statement_text"][language] += texts.sentence(language, 1, made)

    listed = {"by": "venue_api", "count": 1, "keys": ["77" * 32], "unknown": ["77" * 32]}
    making.log.add(91.4, "bybit", "venue.keys_listed", **listed)
    making.log.seal(92)
    judged(replace(making, change=confirm), Exit.FAILED, 10)


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


REMOVED = {"role": "attester", "public_key": base64.b64encode(public(2)).decode(), "label": "officer"}


@pytest.mark.parametrize(
    ("changes", "exit"),
    [
        ([(91.3, "signer.remove", 91.3)], Exit.FAILED),
        ([(91.3, "signer.remove", 91.3), (91.4, "signer.add", 91.4)], Exit.WARNINGS),
        ([(91.3, "signer.remove", 93.5)], Exit.WARNINGS),  # after it was issued
        ([(91.3, "signer.add", 92.5), (91.4, "signer.remove", 91.4)], Exit.WARNINGS),
    ],
)
def test_first_use_takes_no_key_that_was_removed(changes, exit):
    making = audited()
    for day, type_, since in changes:
        making.log.add(day, "firm", type_, **REMOVED, from_=instant(since))
    making.log.seal(92)
    data = making.bundle()
    report = verify(data, None, ASKED)
    assert report.exit is exit, report.checks
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

    envelope = dsse.sign(statement.encode(said), dsse.IN_TOTO, [(public(2), private(2).sign)])
    assert json.loads(envelope.payload)["predicateType"] == statement.ATTESTATION
    return container.pack(entries | {bundle.STATEMENT: envelope.encode()})
