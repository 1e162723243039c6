"""A log of years: verifying asks as often, and takes as much memory, however long it is."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from keyguard.core import canonical
from keyguard.core.record import parse
from keyguard.ports.audit import Draft
from keyguard.stores.audit import SqlAuditLog
from tests.stores.contract_audit import HANDOUT

if TYPE_CHECKING:
    from keyguard.stores.database import Database
    from tests.fakes.clock import FakeClock

MORE = 3000


def append(log: SqlAuditLog, count: int) -> None:
    log.append_all([Draft("bybit", "handout", HANDOUT, {"pid": number}) for number in range(count)])


def test_verifying_asks_and_keeps_as_much_for_few_records_as_for_many(
    database: Database, clock: FakeClock
) -> None:
    log = SqlAuditLog(database, clock)
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    def verify() -> tuple[int, int]:
        asked.clear()
        tracemalloc.start()
        try:
            log.verify()
            return len(asked), tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    append(log, 300)
    log.verify()  # what is made once is made
    event.listen(database.backend.engine, "before_cursor_execute", note)
    few, room = verify()
    append(log, MORE)
    many, more_room = verify()
    assert many == few
    assert more_room - room < 20 * MORE  # bytes: of a record nothing is kept


def test_a_record_is_parsed_as_strictly_whether_it_is_plain_or_not() -> None:
    """Plain records take a short way past the check of each text."""
    plain = (
        b'{"body":{"a":"%s"},"n":0,"salt":"00000000000000000000000000000000","stream":"bybit",'
        b'"t":"2026-11-20T09:00:00.000000Z","type":"x","v":1}'
    )
    assert parse(plain % b"quote").body == {"a": "quote"}
    assert parse(plain % (b"x" * canonical.LONGEST_FREE)).body == {"a": "x" * canonical.LONGEST_FREE}
    assert parse(plain % rb"a\\b").body == {"a": "a\\b"}
    for text in (
        b"x" * (canonical.LONGEST_FREE + 1),
        rb"\u0061",  # not the canonical spelling
        rb"a\nb",
        "\u202e".encode(),
        "e\u0301".encode(),
        b"\x7f",
    ):
        try:
            parse(plain % text)
        except ValueError:
            continue
        raise AssertionError(text)
