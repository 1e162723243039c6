"""The audit log (KGA/1 §5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from keyguard.core.chain import Walk
from keyguard.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored record: exact canonical bytes, global counter from 0, chain value (32 bytes)."""

    number: int
    record: bytes
    chain: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A record to be: what `AuditLog.append` takes."""

    stream: str
    type: str
    body: Mapping[str, Any]
    private: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """What a whole verification found right: how many records, in which streams, the last chain value."""

    records: int
    streams: Mapping[str, int]
    chain: bytes


class AuditLog(Protocol):
    """Append-only. What is appended is on disk before `append` returns, so it goes before the effect."""

    def append(
        self, stream: str, type_: str, body: Mapping[str, Any], *, private: Mapping[str, Any] | None = None
    ) -> Entry:
        """Append one record; `private` is kept beside the log, only its commitment in the record.

        Raises StoreError if it cannot be written, UsageError if the body breaks KGA/1 §4.
        """
        ...

    def append_all(self, drafts: Sequence[Draft]) -> tuple[Entry | UsageError, ...]:
        """Append many at the price of one flush: one answer each, in order.

        A draft that breaks KGA/1 §4 is answered by its UsageError and leaves no record; the others stand.
        Raises StoreError if they cannot be written: then none of them is.
        """
        ...

    def entries(self, *, stream: str | None = None, holding: bytes = b"", after: int = -1) -> Iterator[Entry]:
        """All records in order; of one stream, only those whose bytes hold `holding` somewhere, and only
        those with a greater number than `after`.

        `holding` is for looking something up in a long log without reading all of it.
        """
        ...

    def length(self) -> int:
        """How many records were ever appended: the number that the next one gets."""
        ...

    def private_part(self, number: int) -> tuple[bytes, bytes] | None:
        """Opening and bytes of a record's private part; None where it has none, or its retention ended."""
        ...

    def private_parts(self, *, holding: bytes) -> Iterator[tuple[int, bytes]]:
        """Numbers and bytes of the private parts that hold these bytes somewhere, in order."""
        ...

    def forget_private(self, numbers: Sequence[int]) -> None:
        """Delete private parts whose retention ended; the commitments in their records stay. One that has
        none is fine."""
        ...

    def verify(self, walk: Walk | None = None) -> Verified:
        """Recompute everything; IntegrityError naming the first record that does not match.

        `walk`: a fresh one, whose `count` tells meanwhile how many records match.
        """
        ...
