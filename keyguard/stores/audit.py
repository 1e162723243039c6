"""AuditLog on the database (KGA/1 §5).

Table `audit_records` holds the exact bytes and chain values; triggers refuse to change or delete them.
`audit_head` and `audit_streams` hold what must come next and are written in the same transaction, so that
a log cut short shows. Private parts stand in `audit_private`; each may be deleted when its retention ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, LargeBinary, cast, delete, func, insert, literal_column, select, update
from sqlalchemy.exc import DBAPIError

from keyguard.core import canonical, record_types
from keyguard.core import record as records
from keyguard.core.chain import CHAIN_START, GENESIS, Pruned, Stored, Walk, chain_value, leaf_hash
from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.record import Record
from keyguard.core.slots import FIRM
from keyguard.ports.audit import Draft, Entry, Verified
from keyguard.ports.clock import Clock
from keyguard.stores.database import Database
from keyguard.stores.tables import HEAD, LOGS, PRIVATE, PRUNED, RECORDS, STREAMS

_BATCH = 500


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the log ends. `last` is the last record's `t`, `clock` what the clock said by then."""

    records: int
    chain: bytes
    last: datetime | None
    clock: datetime | None


class SqlAuditLog:
    """Append-only records in one chain. Inside a `write` block of the same Database, an append is on disk
    when that block ends, so hand out only afterwards."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def append(
        self, stream: str, type_: str, body: Mapping[str, Any], *, private: Mapping[str, Any] | None = None
    ) -> Entry:
        """Append one record and flush it; `private` is kept beside the log, its commitment inside.

        Raises UsageError for a body that breaks KGA/1 §4 or §5.3, StoreError if it cannot be written,
        IntegrityError if the end of the log is not as it was left.
        """
        (answer,) = self.append_all([Draft(stream, type_, body, private)])
        if isinstance(answer, UsageError):
            raise answer
        return answer

    def append_all(self, drafts: Sequence[Draft]) -> tuple[Entry | UsageError, ...]:
        """Append many with one flush; see AuditLog. Of one batch, all have the same instant."""
        prepared = [_prepare(draft) for draft in drafts]
        if all(isinstance(one, UsageError) for one in prepared):
            return tuple(one for one in prepared if isinstance(one, UsageError))
        with self._database.write() as connection:
            batch = _Batch(_check_end(connection), _counts(connection), self._clock)
            batch.note_step_back()
            answers = tuple(one if isinstance(one, UsageError) else batch.add(*one) for one in prepared)
            batch.write(connection)
        return answers

    def entries(self, *, stream: str | None = None, holding: bytes = b"", after: int = -1) -> Iterator[Entry]:
        """All that match, in order, in batches: no transaction stays open between them."""
        query = select(RECORDS).order_by(RECORDS.c.number).limit(_BATCH)
        if stream is not None:
            query = query.where(RECORDS.c.stream == stream)
        if holding:
            query = query.where(_position(self._database)(RECORDS.c.record, holding) > 0)
        while True:
            with self._database.read() as connection:
                batch = connection.execute(query.where(RECORDS.c.number > after)).all()
            if not batch:
                return
            for row in batch:
                yield Entry(row.number, row.record, row.chain)
            after = batch[-1].number

    def length(self) -> int:
        """How many records were appended, by the note of where the log ends."""
        with self._database.read() as connection:
            return _read_head(connection).records

    def private_part(self, number: int) -> tuple[bytes, bytes] | None:
        """Opening and bytes of a record's private part; None where it has none, or its retention ended."""
        query = select(PRIVATE.c.opening, PRIVATE.c.private).where(PRIVATE.c.number == number)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else (row.opening, row.private)

    def private_parts(self, *, holding: bytes) -> Iterator[tuple[int, bytes]]:
        """All that hold these bytes, in order, in batches as `entries`."""
        found = _position(self._database)(PRIVATE.c.private, holding) > 0
        query = select(PRIVATE.c.number, PRIVATE.c.private).where(found).order_by(PRIVATE.c.number)
        after = -1
        while True:
            with self._database.read() as connection:
                batch = connection.execute(query.where(PRIVATE.c.number > after).limit(_BATCH)).all()
            if not batch:
                return
            for row in batch:
                yield row.number, row.private
            after = batch[-1].number

    def forget_private(self, numbers: Sequence[int]) -> None:
        """Delete these private parts, and the bytes they had in the file."""
        with self._database.write(scrub=True) as connection:
            for number in numbers:
                connection.execute(delete(PRIVATE).where(PRIVATE.c.number == number))

    def verify(self, walk: Walk | None = None) -> Verified:
        """Recompute everything from the first record; IntegrityError naming the first that is wrong.

        1 every record (`Walk`), its stream column and its private part; 2 no record is missing at the
        end, in total and by stream; 3 no private part without a record; 4 the file's own structure (a
        server's is its own business).
        """
        walk = walk or Walk()
        with self._database.read() as connection:
            _walk_records(connection, walk)  # 1
            try:
                _check_head(connection, walk)  # 2
                _check_private_parts(connection)  # 3
                if not self._database.on_server:
                    _check_structure(connection)  # 4
            except DBAPIError as error:
                if not _is_damage(error):
                    raise
                raise _altered(f"{walk.count} records read right, but the file is damaged") from None
        return Verified(walk.count, dict(walk.streams), walk.chain)


def _position(database: Database) -> Any:
    """The function that says from 1 where bytes stand within bytes."""
    return func.pg_catalog.position if database.on_server else func.instr


class _Batch:
    """Records of one transaction: numbered and chained in memory, then written together."""

    def __init__(self, head: _Head, counts: dict[str, int], clock: Clock) -> None:
        self._head = head
        self._counts = counts
        self._clock = clock
        self._now = clock.now()
        self._at = self._now if head.last is None else max(self._now, head.last)
        self._new_streams: set[str] = set()
        self._ended: set[str] = set()
        self._begun: list[int] = []
        self._grown: set[str] = set()
        self._records: list[dict[str, Any]] = []
        self._private: list[dict[str, Any]] = []
        self._number, self._chain = head.records, head.chain

    def note_step_back(self) -> None:
        """Record that the clock went back since the last record; the time of records never does."""
        if self._head.clock is not None and self._now < self._head.clock:
            step = {"step_ms": (self._now - self._head.clock) // timedelta(milliseconds=1)}
            self.add(Draft(FIRM, "clock.step", step), None)

    def add(self, draft: Draft, hidden: bytes | None) -> Entry:
        """Take the next place in the log and in the stream; with a genesis all streams begin anew."""
        if draft.type == GENESIS and self._number:
            self._ended |= self._counts.keys() - self._new_streams
            self._new_streams, self._grown = set(), set()
            self._counts = {}
            self._begun.append(self._number)
        n = self._counts.get(draft.stream, 0)
        salt = self._clock.token(records.SALT_SIZE).hex()
        opening = self._clock.token(records.OPENING_SIZE)
        priv = None if hidden is None else records.commitment(opening, hidden)
        data = records.encode(Record(draft.stream, n, self._at, draft.type, draft.body, salt, priv))
        entry = Entry(self._number, data, chain_value(self._chain, leaf_hash(data)))
        self._records.append(
            {"number": entry.number, "stream": draft.stream, "record": data, "chain": entry.chain}
        )
        if hidden is not None:
            self._private.append({"number": entry.number, "opening": opening, "private": hidden})
        (self._grown if n else self._new_streams).add(draft.stream)
        self._counts[draft.stream] = n + 1
        self._number, self._chain = entry.number + 1, entry.chain
        return entry

    def write(self, connection: Connection) -> None:
        """Write the records, their private parts, the counts, and where the log ends now."""
        connection.execute(insert(RECORDS), self._records)
        if self._private:
            connection.execute(insert(PRIVATE), self._private)
        if self._begun:
            connection.execute(insert(LOGS), [{"first": number} for number in self._begun])
            connection.execute(delete(STREAMS).where(STREAMS.c.stream.in_(sorted(self._ended))))
        for stream in self._new_streams:
            connection.execute(insert(STREAMS).values(stream=stream, records=self._counts[stream]))
        for stream in self._grown - self._new_streams:
            count = update(STREAMS).where(STREAMS.c.stream == stream)
            connection.execute(count.values(records=self._counts[stream]))
        end = {"last": canonical.format_instant(self._at), "clock": canonical.format_instant(self._now)}
        connection.execute(update(HEAD).values(records=self._number, chain=self._chain, **end))


def _prepare(draft: Draft) -> tuple[Draft, bytes | None] | UsageError:
    try:
        record_types.check_body(draft.stream, draft.type, draft.body)
        return draft, None if draft.private is None else records.private_bytes(draft.private)
    except ValueError as error:
        return UsageError(
            f"the log cannot take this {draft.type} record: {error}",
            code="log.refused",
            still="nothing was written",
        )


def _counts(connection: Connection) -> dict[str, int]:
    return {row.stream: row.records for row in connection.execute(select(STREAMS))}


def _read_head(connection: Connection) -> _Head:
    row = connection.execute(select(HEAD)).first()
    try:
        if row is None or not isinstance(row.records, int) or not isinstance(row.chain, bytes):
            raise ValueError
        last = None if row.last is None else canonical.parse_instant(row.last)
        clock = None if row.clock is None else canonical.parse_instant(row.clock)
    except (TypeError, ValueError):
        raise _altered("the note of where the log ends is damaged") from None
    return _Head(row.records, row.chain, last, clock)


def _check_end(connection: Connection) -> _Head:
    """Refuse to append to a log whose last record is not the one that was written last."""
    head = _read_head(connection)
    query = select(RECORDS.c.number, RECORDS.c.chain).order_by(RECORDS.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    end = (-1, CHAIN_START) if row is None else (row.number, row.chain)
    if end != (head.records - 1, head.chain):
        raise _altered("the end of the log is not as it was left")
    return head


_JOINED = PRIVATE, RECORDS.c.number == PRIVATE.c.number
# Types are asked for and bytes taken as they are: a damaged row may hold a text where bytes belong, or bytes
# that are no text, and the driver would fail or convert before the walk can name the record.
_COLUMNS = (RECORDS.c.stream, RECORDS.c.record, RECORDS.c.chain, PRIVATE.c.opening, PRIVATE.c.private)
_TYPES = (("text", "blob", "blob", "blob", "blob"), ("text", "blob", "blob", "null", "null"))
_RAW = (
    select(
        RECORDS.c.number,
        *(cast(column, LargeBinary).label(column.name) for column in _COLUMNS),
        *(func.typeof(column) for column in _COLUMNS),
    )
    .outerjoin_from(RECORDS, *_JOINED)
    .order_by(RECORDS.c.number)
)
# A server keeps its columns' types. Rows are streamed: its driver would fetch all of them first.
_TYPED = (
    select(
        RECORDS.c.number,
        func.convert_to(RECORDS.c.stream, literal_column("'UTF8'")),
        *_COLUMNS[1:],
        *(literal_column(f"'{name}'") for name in _TYPES[0]),
    )
    .outerjoin_from(RECORDS, *_JOINED)
    .order_by(RECORDS.c.number)
    .execution_options(yield_per=_BATCH)
)


def _walk_records(connection: Connection, walk: Walk) -> None:
    pruned = _pruned(connection)
    try:
        with connection.execute(_RAW if connection.dialect.name == "sqlite" else _TYPED) as rows:
            for row in rows:
                _step_over(walk, pruned)
                _step(walk, tuple(row))
            _step_over(walk, pruned)
    except DBAPIError as error:
        if not _is_damage(error) or connection.dialect.name != "sqlite":
            raise
        # The driver reads one row ahead: go on record by record to name the damaged one.
        _walk_singly(connection, walk, pruned)


def _pruned(connection: Connection) -> dict[int, Pruned]:
    found = connection.execute(select(PRUNED)).all()
    return {row.number: Pruned(row.number, row.stream, row.n, row.leaf, row.chain) for row in found}


def _step_over(walk: Walk, pruned: dict[int, Pruned]) -> None:
    """Go over the records that were pruned here."""
    while walk.count in pruned:
        walk.step_pruned(pruned[walk.count])


def _walk_singly(connection: Connection, walk: Walk, pruned: dict[int, Pruned]) -> None:
    while True:
        _step_over(walk, pruned)
        gone = sum(number < walk.count for number in pruned)
        try:
            # By position, not by number: a search by number would compare damaged neighbours.
            row = connection.execute(_RAW.limit(1).offset(walk.count - gone)).first()
        except DBAPIError as error:
            if not _is_damage(error):
                raise
            raise walk.broken("cannot be read: its part of the file is damaged") from None
        if row is None:
            raise walk.broken("is missing or stands in a damaged part of the file")
        _step(walk, tuple(row))


def _step(walk: Walk, row: Sequence[Any]) -> None:
    number, stream, data, chain, opening, private, *types = row
    if tuple(types) not in _TYPES:
        raise walk.broken("is not stored the way it was written")
    walk.step(
        Stored(
            number=number,
            stream=stream.decode(errors="replace"),
            data=data,
            chain=chain,
            private=None if opening is None else (opening, private),
        )
    )


def _check_head(connection: Connection, walk: Walk) -> None:
    head = _read_head(connection)
    if walk.count < head.records:
        raise walk.broken(f"is missing: {head.records} records were written")
    if (walk.count, walk.chain, walk.last) != (head.records, head.chain, head.last):
        raise _altered("the note of where the log ends does not match its last record")
    counted = {row.stream: row.records for row in connection.execute(select(STREAMS))}
    if counted != walk.streams:
        raise _altered("the counts by stream do not match the records")


def _check_private_parts(connection: Connection) -> None:
    orphan = connection.scalar(
        select(PRIVATE.c.number).where(PRIVATE.c.number.not_in(select(RECORDS.c.number))).limit(1)
    )
    if orphan is not None:
        raise _altered(f"a private part belongs to record {orphan}, which does not exist")


def _check_structure(connection: Connection) -> None:
    """Bytes that no query looks at, such as lengths and free space, are SQLite's to check."""
    for table in (RECORDS, PRIVATE, STREAMS, HEAD):
        told = connection.exec_driver_sql(f"PRAGMA integrity_check({table.name})").scalar()
        if told != "ok":
            raise _altered(f"every record reads right, but the file is damaged in {table.name}")


def _altered(what: str) -> IntegrityError:
    return IntegrityError(
        what,
        code="log.altered",
        still="nothing was written",
        hint="keep this database as it is; compare it with your last export, checkpoint or backup",
    )


def _is_damage(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) is not None:
        return False  # a server's error says by itself what is damaged
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is None or code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
