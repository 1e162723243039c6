"""Checkpoints of the seal log (C2SP tlog-checkpoint) and the proof of a seal in it (C2SP tlog-proof v1)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from keyguard.kga import merkle, notes

_PROOF_HEAD = "c2sp.org/tlog-proof@v1"
_COUNT = re.compile(r"0|[1-9][0-9]{0,15}")
_HASH = re.compile(r"[A-Za-z0-9+/]{43}=")
_DEEPEST = 63


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: whose (`origin`), how many seals, their root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse(text: str) -> Checkpoint:
    """Read a checkpoint's three lines; ValueError for anything else, extension lines too (KGA/1 §6.3)."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0] or not _COUNT.fullmatch(lines[1]):
        raise ValueError("not a checkpoint of three lines")
    return Checkpoint(lines[0], int(lines[1]), _hash(lines[2]))


@dataclass(frozen=True, slots=True)
class SealProof:
    """That the seal at `index` is in the log whose signed checkpoint is `note`."""

    index: int
    path: tuple[bytes, ...]
    note: notes.Note

    @property
    def checkpoint(self) -> Checkpoint:
        """The head the proof leads to; ValueError where the note is none."""
        return parse(self.note.text)

    def __str__(self) -> str:
        """The text of a tlog-proof file."""
        hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in self.path)
        return f"{_PROOF_HEAD}\nindex {self.index}\n{hashes}\n{self.note}"

    def includes(self, leaf: bytes) -> bool:
        """Whether this leaf hash stands at `index` in the checkpoint's tree."""
        head = self.checkpoint
        try:
            return merkle.root_from_path(leaf, self.index, head.size, self.path) == head.root
        except ValueError:
            return False


def parse_proof(text: str) -> SealProof:
    """Read a tlog-proof file; ValueError for anything else. An `extra` line is not part of KGA/1."""
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines[0] != _PROOF_HEAD or len(lines) < 2 or len(lines) > _DEEPEST + 2:
        raise ValueError("not a tlog-proof")
    word, _, count = lines[1].partition(" ")
    if word != "index" or not _COUNT.fullmatch(count):
        raise ValueError("the tlog-proof has no index")
    return SealProof(int(count), tuple(_hash(line) for line in lines[2:]), notes.parse(note))


def _hash(line: str) -> bytes:
    if not _HASH.fullmatch(line):
        raise ValueError("not a hash in base64")
    data = base64.b64decode(line)
    if base64.b64encode(data).decode() != line:
        raise ValueError("not the one base64 spelling of a hash")
    return data
