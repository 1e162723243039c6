"""Whether the seals agree with the records and with each other. Needs no secret."""

from __future__ import annotations

from keyguard.core.errors import IntegrityError
from keyguard.kga import checkpoints, merkle, notes
from keyguard.kga.seals import Seal, parse
from keyguard.ports.seals import KeptSeal, Seals


def check_seals(seals: Seals) -> int:
    """Check all seals against a log whose records and chain were verified; return how many there are.

    For each: 1 it is the next one, and all are of one key; 2 it holds the chain value that the log had then,
    so that every record before is the sealed one; 3 the seal log's tree follows from it; 4 the checkpoint
    over it, where one was signed, has the tree's root and the log's signature. IntegrityError `log.altered`.
    """
    tree = merkle.Frontier()
    last = seals.last()
    count = 0 if last is None else last.no + 1
    for no in range(count):
        kept = seals.seal(no)
        seal = _read(kept)
        assert last is not None
        if (seal.no, kept.vkey) != (no, last.vkey):  # 1
            raise _broken(no, "is not the next of this log")
        if seals.chain_after(kept.records) != seal.chain:  # 2
            raise _broken(no, f"does not hold the {kept.records} records before it")
        tree.push(seal.leaf())
        if (kept.tree.size, kept.tree.hashes) != (tree.size, tree.hashes):  # 3
            raise _broken(no, "does not follow the seals before it")
        if (signed := seals.checkpoint(no + 1)) is not None and not _agrees(signed[1], kept):  # 4
            raise _broken(no, "is not what its checkpoint says")
    return count


def _read(kept: KeptSeal) -> Seal:
    try:
        return parse(kept.data)
    except ValueError:
        raise _broken(kept.no, "is no seal") from None


def _agrees(text: str, kept: KeptSeal) -> bool:
    try:
        note, key = notes.parse(text), notes.verifier_key(kept.vkey)
        head = checkpoints.parse(note.text)
    except ValueError:
        return False
    told = checkpoints.Checkpoint(key.name, kept.no + 1, kept.tree.root())
    return head == told and note.signed_by(key)


def _broken(no: int, what: str) -> IntegrityError:
    return IntegrityError(
        f"seal {no} {what}",
        code="log.altered",
        still="the records match each other",
        hint="keep this database as it is; compare it with your last export, checkpoint or backup",
    )
