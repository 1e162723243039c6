"""Steps 6 and 7 of §14.2: one log's seal and its opened streams, recomputed from what is disclosed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from keyguard.core.record import Record, parse
from keyguard.core.slots import slot
from keyguard.kga import bundle, checkpoints, forms, merkle, notes, seals, slot_table
from keyguard.kga.bundle import LogPart, StreamPart
from keyguard.kga.derive.lines import Line
from keyguard.kga.verdict import Failed, Malformed


@dataclass(frozen=True, slots=True)
class Sealed:
    """A log whose seal is proven."""

    part: LogPart
    seal: seals.Seal
    checkpoint: checkpoints.Checkpoint
    proof: checkpoints.SealProof
    seals_root_before: bytes

    def seals_root_at(self, size: int) -> bytes | None:
        """The seal log's root when it had this many seals; None for a size that is not shown."""
        if not self.part.seals_from <= size <= self.checkpoint.size:
            return None
        tree = merkle.Frontier(self.part.seals_from, self.part.seals_frontier)
        for leaf in self.part.seal_leaves[: size - self.part.seals_from]:
            tree.push(leaf)
        return tree.root()


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream whose records are proven: where they start and end, the roots there, what is withheld.

    `private`: what an auditor sees beside the record of that number.
    """

    stream: str
    start: int
    size: int
    root: bytes
    root_at_start: bytes
    lines: tuple[Line, ...]
    withheld: tuple[str, ...]
    tree: merkle.Frontier
    leaves: tuple[bytes, ...]
    private: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def root_at(self, size: int) -> bytes | None:
        """The root when the stream had this many records; None for a size before the range."""
        if not self.start <= size <= self.size:
            return None
        tree = self.tree.copy()
        for leaf in self.leaves[: size - self.start]:
            tree.push(leaf)
        return tree.root()


def seal_of(part: LogPart, key: notes.VerifierKey) -> Sealed:
    """Step 6: the log's own signature on the head, and the seal under it. Failed or Malformed."""
    try:
        seal = seals.parse(part.seal)
        proof = checkpoints.parse_proof(part.proof)
        head = proof.checkpoint
        before = merkle.Frontier(part.seals_from, part.seals_frontier)
    except ValueError as error:
        raise Malformed(f"log {part.log_id}: {error}") from None
    if head.origin != key.name:
        raise Failed(f"the checkpoint is of {head.origin}, not of {key.name}")
    if not proof.note.signed_by(key):
        raise Failed(f"the checkpoint is not signed by the pinned key of {key.name}")
    if proof.index != seal.no or not proof.includes(seal.leaf()):
        raise Failed("the seal is not in the log at the place it names")
    root_before = before.root()
    for leaf in part.seal_leaves:
        before.push(leaf)
    if (before.size, before.root()) != (head.size, head.root):
        raise Failed("the seals listed do not lead to the checkpoint")
    place = seal.no - part.seals_from
    if not 0 <= place < len(part.seal_leaves) or part.seal_leaves[place] != seal.leaf():
        raise Failed("the seal is not among those made since the previous attestation")
    return Sealed(part, seal, head, proof, root_before)


def open_stream(sealed: Sealed, part: StreamPart, stream: str) -> Opened:
    """Step 7: the slot is this stream's and in the seal, and all its records are there. Failed, Malformed."""
    try:
        opened = slot_table.parse(part.slot)
        tree = merkle.Frontier(part.start, part.frontier)
    except ValueError as error:
        raise Malformed(f"stream {stream}: {error}") from None
    if opened.number != slot(stream) or opened.stream not in (stream, slot_table.UNNAMED):
        raise Failed(f"slot {opened.number} ({opened.stream}) is not that of {stream}")
    if not _in_table(opened, part, sealed.seal.table):
        raise Failed(f"the slot of {stream} is not in the seal")
    if len(part.lines) != opened.size - part.start:
        sealed_in_range = opened.size - part.start
        raise Failed(f"{stream}: {len(part.lines)} records are shown, {sealed_in_range} were sealed")
    start_root = tree.root()
    grown = tree.copy()
    lines: list[Line] = []
    leaves: list[bytes] = []
    withheld: list[str] = []
    last = None
    for n, data in enumerate(part.lines, start=part.start):
        if (hidden := bundle.withheld(data)) is not None:
            leaf, why = hidden
            withheld.append(why)
        else:
            record = _record(data, stream, n)
            if last is not None and record.t < last.t:
                raise Failed(f"{record} is older than the one before it")
            last = record
            leaf = merkle.leaf_hash(data)
            lines.append(Line(sealed.part.log_id, record))
        leaves.append(leaf)
        grown.push(leaf)
    if grown.root() != opened.root:
        raise Failed(f"{stream}: the records are not those that were sealed: their root is another")
    return Opened(
        stream,
        part.start,
        opened.size,
        opened.root,
        start_root,
        tuple(lines),
        tuple(withheld),
        tree,
        tuple(leaves),
        _private(part, lines),
    )


def _private(part: StreamPart, lines: list[Line]) -> dict[int, Mapping[str, Any]]:
    """Each opened private part is the one that its record committed to."""
    records = {line.record.n: line.record for line in lines}
    for one in part.private:
        record = records.get(one.n)
        if record is None or not one.opens(record):
            raise Failed(f"the private part of record {one.n} is not the one that was sealed")
    return {one.n: one.value() for one in part.private}


def _record(data: bytes, stream: str, n: int) -> Record:
    try:
        record = parse(data)
    except ValueError as error:
        raise Failed(f"{stream}: line {n} is not a record: {error}") from None
    if (record.stream, record.n) != (stream, n):
        raise Failed(f"{record} stands in the place of {stream} #{n}")
    if not forms.fits(record):
        raise Failed(f"{record} has not the form of its type")
    return record


def _in_table(opened: slot_table.Slot, part: StreamPart, table: bytes) -> bool:
    try:
        root = merkle.root_from_path(opened.leaf(), opened.number, slot_table.SLOT_COUNT, part.path)
    except ValueError:
        return False
    return root == table


def cosigned(sealed: Sealed, witnesses: tuple[notes.VerifierKey, ...]) -> Iterator[tuple[str, int]]:
    """Which of these witnesses saw the head, and when (Unix seconds)."""
    for witness in witnesses:
        if (seen := sealed.proof.note.cosigned_at(witness)) is not None:
            yield witness.name, seen
