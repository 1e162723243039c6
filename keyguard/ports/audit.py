"""The audit log (KGA/1 §5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored record: exact canonical bytes, global counter from 0, chain value (32 bytes)."""

    number: int
    record: bytes
    chain: bytes


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

    def entries(self, *, stream: str | None = None, holding: bytes = b"") -> Iterator[Entry]:
        """All records in order; of one stream, and only those whose bytes hold `holding` somewhere.

        The latter is for looking something up in a long log without reading all of it.
        """
        ...

    def verify(self) -> Verified:
        """Recompute everything; IntegrityError naming the first record that does not match."""
        ...
