"""Hash-chain arithmetic of the audit log (KGA/1 §5.2, §6.1) and the walk that checks a whole log."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from keyguard.core.errors import IntegrityError
from keyguard.core.record import Record, commitment, parse

CHAIN_START = bytes(32)
GENESIS = "log.genesis"
"""The type of a log's first record. In the midst of a chain it begins a new log: every stream anew."""


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 leaf hash, over the stored bytes of a record."""
    return hashlib.sha256(b"\x00" + data).digest()


def chain_value(previous: bytes, leaf: bytes) -> bytes:
    """The chain value after this leaf."""
    return hashlib.sha256(b"\x02" + previous + leaf).digest()


@dataclass(frozen=True, slots=True)
class Stored:
    """One record as read from a store: its global counter, the stream it is filed under, the exact bytes,
    the chain value and, where there is one, its private part (opening and canonical bytes)."""

    number: int
    stream: str
    data: bytes
    chain: bytes
    private: tuple[bytes, bytes] | None = None


@dataclass(frozen=True, slots=True)
class Pruned:
    """What is left of a record whose retention ended: its places, leaf hash and chain value."""

    number: int
    stream: str
    n: int
    leaf: bytes
    chain: bytes


class Walk:
    """Checks a log record by record, from the first.

    For each: 1 the global counter has no gap, 2 the chain value matches, 3 the bytes are a record in
    canonical form, 4 it is filed under its stream and `n` has no gap there, 5 `t` does not decrease, 6 the
    private part is the one committed to (it may be gone: retention ends). After the last, `count`, `streams`
    (records per stream), `chain` and `last` are those of the log so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self.streams: dict[str, int] = {}
        self.chain = CHAIN_START
        self.last: datetime | None = None

    def step(self, stored: Stored) -> None:
        """Check the next record; IntegrityError naming it."""
        if stored.number != self.count:  # 1
            raise self.broken("is missing")
        record = _parse(stored.data)
        expected = chain_value(self.chain, leaf_hash(stored.data))
        if stored.chain != expected:  # 2
            raise self.broken("does not match its chain value", record)
        if isinstance(record, ValueError):  # 3
            raise self.broken(f"is not a record: {record}")
        if record.type == GENESIS and record.n == 0:
            self.streams = {}
        if stored.stream != record.stream or record.n != self.streams.get(record.stream, 0):  # 4
            raise self.broken("is not the next of its stream", record)
        if self.last is not None and record.t < self.last:  # 5
            raise self.broken("is older than the one before it", record)
        if stored.private is not None and commitment(*stored.private) != record.priv:  # 6
            raise self.broken("does not match its private part", record)
        self.count += 1
        self.streams[record.stream] = record.n + 1
        self.chain = expected
        self.last = record.t

    def step_pruned(self, pruned: Pruned) -> None:
        """Check what is left of the next record: 1, 2 and 4; its bytes, time and private part are gone."""
        if pruned.number != self.count:
            raise self.broken("is missing")
        expected = chain_value(self.chain, pruned.leaf)
        if pruned.chain != expected or pruned.n != self.streams.get(pruned.stream, 0):
            raise self.broken("was pruned, and what is left of it does not match")
        self.count += 1
        self.streams[pruned.stream] = pruned.n + 1
        self.chain = expected

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
        return parse(data)
    except ValueError as error:
        return error
