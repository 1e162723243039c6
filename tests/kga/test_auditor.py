"""What an auditor is shown: every stream of the log from its first record on, and that there is no other."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from keyguard.core import canonical
from keyguard.kga import bundle, container, dsse, statement, texts
from keyguard.kga.verdict import Exit
from keyguard.kga.verify.report import Report
from keyguard.kga.verify.steps import verify
from tests.kga import alone
from tests.kga.audits import ASKED, Audit, audited
from tests.kga.making import (
    APPROVAL,
    PERSON,
    Making,
    firm_log,
    instant,
    private,
    public,
    trust,
    wanted,
)


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
    assert "FAKE Audit" not in texts.statement(language, making.predicate(), {}, period="2026")

    def confirm(made):
        made["statement_text"] = {"ko": "", "en": ""} | {language: texts.sentence(language, 1, made)}

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
