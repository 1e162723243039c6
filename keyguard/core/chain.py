"""Hash-chain arithmetic of the audit log (KGA/1 §5.2, §6.1) and the walk that checks a whole log."""

from __future__ import annotations

import hashlib
from datetime import datetime

from keyguard.core import record as records
from keyguard.core.errors import IntegrityError
from keyguard.core.record import Record

CHAIN_START = bytes(32)


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 leaf hash, over the stored bytes of a record."""
    return hashlib.sha256(b"\x00" + data).digest()


def chain_value(previous: bytes, leaf: bytes) -> bytes:
    """The chain value after this leaf."""
    return hashlib.sha256(b"\x02" + previous + leaf).digest()


class Walk:
    """Checks a log record by record, from the first.

    For each: 1 the global counter has no gap, 2 the chain value matches, 3 the bytes are a record in
    canonical form, 4 `n` has no gap in its stream, 5 `t` does not decrease. After the last, `count`,
    `streams` (records per stream), `chain` and `last` are those of the log so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self.streams: dict[str, int] = {}
        self.chain = CHAIN_START
        self.last: datetime | None = None

    def step(self, number: int, data: bytes, chain: bytes) -> Record:
        """Check the next record; IntegrityError naming it."""
        if number != self.count:  # 1
            raise self.broken("is missing")
        record = _parse(data)
        expected = chain_value(self.chain, leaf_hash(data))
        if chain != expected:  # 2
            raise self.broken("does not match its chain value", record)
        if isinstance(record, ValueError):  # 3
            raise self.broken(f"is not a record: {record}")
        if record.n != self.streams.get(record.stream, 0):  # 4
            raise self.broken("is not the next of its stream", record)
        if self.last is not None and record.t < self.last:  # 5
            raise self.broken("is older than the one before it", record)
        self.count += 1
        self.streams[record.stream] = record.n + 1
        self.chain = expected
        self.last = record.t
        return record

    def broken(self, what: str, record: Record | ValueError | None = None) -> IntegrityError:
        """An error about the next record."""
        name = f"record {self.count}"
        if isinstance(record, Record):
            name += f" ({record})"
        return IntegrityError(
            f"{name} {what}",
            code="log.altered",
            still=f"the {self.count} records before it match" if self.count else "",
            hint="keep this database as it is; compare it with your last export, checkpoint or backup",
        )


def _parse(data: bytes) -> Record | ValueError:
    try:
        return records.parse(data)
    except ValueError as error:
        return error
