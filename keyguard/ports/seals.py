"""Seals of the audit log, the checkpoints signed over them, and what others say of these (KGA/1 §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from keyguard.kga.merkle import Frontier


@dataclass(frozen=True, slots=True)
class KeptSeal:
    """A seal that was made. `records`: how many the whole log had then; `tree`: the seal log up to this one,
    itself included; `vkey`: the verifier key of the log key that signs for it."""

    no: int
    data: bytes
    records: int
    vkey: str
    tree: Frontier


class Seals(Protocol):
    """Append-only; of the present log, where a new one was begun. Every method is one transaction
    (StoreError, exit 3) and joins an open `Inventory.transaction()`, so that a seal and the records it covers
    are seen together."""

    def first(self) -> int:
        """The number of the record with which the present log begins; 0 unless a new log was begun."""
        ...

    def last(self) -> KeptSeal | None:
        """The newest seal; None before the first."""
        ...

    def seal(self, no: int) -> KeptSeal:
        """One seal; UsageError `seal.unknown`."""
        ...

    def add(self, seal: KeptSeal, secret: bytes, grown: Mapping[str, Frontier]) -> None:
        """Keep a seal, its seal secret (encrypted) and the streams that grew since the one before.

        IntegrityError `seal.place` unless it is the next one.
        """
        ...

    def secret(self, no: int) -> bytes:
        """The secret from which a seal's salts were made."""
        ...

    def streams(self, no: int) -> dict[str, Frontier]:
        """Every stream with a record, as it stood at this seal."""
        ...

    def chain_after(self, records: int) -> bytes | None:
        """The log's chain value after so many records, pruned ones counted; None where it has fewer."""
        ...

    def leaves(self, start: int = 0) -> tuple[bytes, ...]:
        """The leaf hashes of all seals from `start` on."""
        ...

    def sign(self, size: int, note: str) -> None:
        """Keep the signed checkpoint over the first `size` seals; the same again is fine.

        IntegrityError `checkpoint.forked` where another one of that size was kept.
        """
        ...

    def checkpoint(self, size: int | None = None) -> tuple[int, str] | None:
        """Size and note of the newest checkpoint, or of the one of exactly this size; None without."""
        ...

    def cosign(self, size: int, line: str) -> None:
        """Keep a witness's signature line over a checkpoint; the same again is fine."""
        ...

    def cosignatures(self, size: int) -> tuple[str, ...]:
        """The witnesses' lines over a checkpoint, in the order they came."""
        ...

    def stamp(self, size: int, reply: bytes) -> None:
        """Keep an RFC 3161 reply over a checkpoint's three lines; the same again is fine."""
        ...

    def stamps(self, size: int) -> tuple[bytes, ...]:
        """The replies over a checkpoint, in the order they came."""
        ...

    def prune(self, numbers: tuple[int, ...]) -> int:
        """Delete these records and their private parts, keeping leaf hashes and chain values; how many went.

        Those that are gone already are passed over. IntegrityError `prune.unsealed` for one that no signed
        checkpoint covers: then none is deleted.
        """
        ...

    def pruned(self, stream: str) -> dict[int, bytes]:
        """Leaf hashes of a stream's pruned records, by `n`."""
        ...
