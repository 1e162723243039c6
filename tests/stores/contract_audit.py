"""What is true of every AuditLog. A subclass gives the fixtures `clock` and `audit`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from keyguard.core.chain import CHAIN_START, chain_value, leaf_hash
from keyguard.core.errors import UsageError
from keyguard.core.record import parse
from keyguard.ports.audit import AuditLog, Draft
from tests.fakes.clock import FakeClock

HANDOUT: dict[str, Any] = {
    "key": "ab" * 32,
    "person": "p_" + "0" * 20,
    "host": "h_" + "1" * 20,
    "process": "bot",
    "mode": "env",
    "lease_s": 60,
}


class AuditContract:
    """Run on every store and fake."""

    def test_an_empty_log_is_right(self, audit: AuditLog) -> None:
        assert list(audit.entries()) == []
        assert audit.length() == 0
        verified = audit.verify()
        assert (verified.records, dict(verified.streams), verified.chain) == (0, {}, CHAIN_START)

    def test_records_are_numbered_in_the_log_and_in_their_stream(self, audit: AuditLog) -> None:
        for stream in ("bybit", "upbit", "bybit"):
            audit.append(stream, "handout", HANDOUT)
        entries = list(audit.entries())
        assert [entry.number for entry in entries] == [0, 1, 2]
        assert audit.length() == 3
        assert [(parse(e.record).stream, parse(e.record).n) for e in entries] == [
            ("bybit", 0),
            ("upbit", 0),
            ("bybit", 1),
        ]
        assert dict(audit.verify().streams) == {"bybit": 2, "upbit": 1}

    def test_what_append_returns_is_what_is_stored(self, audit: AuditLog) -> None:
        written = [audit.append("bybit", "handout", HANDOUT) for _ in range(3)]
        assert list(audit.entries()) == written
        assert audit.verify().chain == written[-1].chain

    def test_chain_values_follow_from_the_records(self, audit: AuditLog) -> None:
        for _ in range(3):
            audit.append("bybit", "handout", HANDOUT)
        chain = CHAIN_START
        for entry in audit.entries():
            chain = chain_value(chain, leaf_hash(entry.record))
            assert entry.chain == chain

    def test_many_at_once_are_numbered_as_if_one_by_one(self, audit: AuditLog) -> None:
        audit.append("bybit", "handout", HANDOUT)
        streams = ["bybit", "upbit", "bybit", "upbit"]
        drafts = [Draft(stream, "handout", HANDOUT, {"pid": 7}) for stream in streams]
        answers = audit.append_all(drafts)
        assert list(audit.entries())[1:] == list(answers)
        assert dict(audit.verify().streams) == {"bybit": 3, "upbit": 2}

    def test_one_of_many_that_is_wrong_spoils_no_other(self, audit: AuditLog) -> None:
        wrong = Draft("bybit", "handout", {**HANDOUT, "lease_s": 1.5})
        right = Draft("bybit", "handout", HANDOUT)
        first, second, third = audit.append_all([right, wrong, right])
        assert isinstance(second, UsageError)
        assert list(audit.entries()) == [first, third]
        assert [type(one) for one in audit.append_all([wrong, wrong])] == [UsageError, UsageError]
        assert audit.append_all([]) == ()
        assert audit.verify().records == 2

    def test_a_step_back_is_noted_once_before_many(self, audit: AuditLog, clock: FakeClock) -> None:
        audit.append("bybit", "handout", HANDOUT)
        clock.sleep(-90)
        audit.append_all([Draft("bybit", "handout", HANDOUT)] * 2)
        types = [parse(entry.record).type for entry in audit.entries()]
        assert types == ["handout", "clock.step", "handout", "handout"]
        audit.verify()

    def test_one_stream_alone(self, audit: AuditLog) -> None:
        for stream in ("bybit", "upbit", "bybit"):
            audit.append(stream, "handout", HANDOUT)
        assert [entry.number for entry in audit.entries(stream="bybit")] == [0, 2]
        assert list(audit.entries(stream="okx")) == []
        assert [entry.number for entry in audit.entries(holding=b'"upbit"')] == [1]
        assert list(audit.entries(stream="bybit", holding=b'"upbit"')) == []

    def test_the_body_is_kept_and_salts_differ(self, audit: AuditLog) -> None:
        records = [parse(audit.append("bybit", "handout", HANDOUT).record) for _ in range(2)]
        assert [record.body for record in records] == [HANDOUT, HANDOUT]
        assert len({record.salt for record in records}) == 2
        assert records[0].priv is None

    def test_private_parts_are_found_and_forgotten(self, audit: AuditLog) -> None:
        for name in ("하나", "jo", "하나"):
            audit.append("bybit", "handout", HANDOUT, private={"person": name})
        held = [number for number, _ in audit.private_parts(holding="하나".encode())]
        assert held == [0, 2]
        before = audit.verify()
        audit.forget_private([0, 2, 7])
        assert list(audit.private_parts(holding="하나".encode())) == []
        assert audit.private_part(0) is None
        assert audit.private_part(1) is not None
        assert audit.verify() == before

    def test_a_private_part_leaves_only_its_commitment(self, audit: AuditLog) -> None:
        entry = audit.append("bybit", "handout", HANDOUT, private={"path": "/home/FAKE/bot.py"})
        assert parse(entry.record).priv is not None
        assert b"/home/FAKE" not in entry.record
        audit.verify()

    @pytest.mark.parametrize(
        ("stream", "type_", "body"),
        [
            ("nowhere", "handout", HANDOUT),
            ("firm", "handout", HANDOUT),
            ("bybit", "handout", {**HANDOUT, "process": "a\u202eb"}),
            ("bybit", "handout", {**HANDOUT, "lease_s": 1.5}),
        ],
    )
    def test_a_wrong_body_is_refused_and_nothing_is_written(
        self, audit: AuditLog, stream: str, type_: str, body: dict[str, Any]
    ) -> None:
        with pytest.raises(UsageError):
            audit.append(stream, type_, body)
        assert list(audit.entries()) == []

    def test_time_never_decreases_and_a_step_back_is_noted_once(
        self, audit: AuditLog, clock: FakeClock
    ) -> None:
        start = clock.now()
        audit.append("bybit", "handout", HANDOUT)
        clock.sleep(-90)
        audit.append("bybit", "handout", HANDOUT)
        clock.sleep(30)
        audit.append("bybit", "handout", HANDOUT)
        clock.sleep(61)
        audit.append("bybit", "handout", HANDOUT)
        records = [parse(entry.record) for entry in audit.entries()]
        assert [(record.type, record.t - start) for record in records] == [
            ("handout", timedelta(0)),
            ("clock.step", timedelta(0)),
            ("handout", timedelta(0)),
            ("handout", timedelta(0)),
            ("handout", timedelta(seconds=1)),
        ]
        assert (records[1].stream, records[1].body) == ("firm", {"step_ms": -90_000})
        audit.verify()
