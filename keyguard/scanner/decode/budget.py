"""How much work one file may cause, whatever it claims to hold."""

from __future__ import annotations

from keyguard.scanner.sources.files import megabytes

DEPTH = 3
RATIO = 200
ENTRIES = 10_000
MEMBER = 10_000_000
TIMES = 10
"""All that one file unpacks to may be so many times what one packed file may be."""
UNPACKED = TIMES * MEMBER
SMALL = 1_000_000
"""Below this many bytes, no ratio makes a bomb: a page of zeros packs into nothing."""


class Exhausted(Exception):
    """The budget of this file is spent; the text says of what."""


class Budget:
    """What is left for one file on disk and all that is inside it, at any depth.

    `member` is the size above which a packed file is not read, as a file on disk would not be; `unpacked`
    what all of them may have together.
    """

    def __init__(self, member: int = MEMBER, unpacked: int = UNPACKED, entries: int = ENTRIES) -> None:
        self.member = member
        self.unpacked = self._all = unpacked
        self.entries = entries

    def entry(self) -> None:
        """One more packed file; raises Exhausted."""
        if self.entries <= 0:
            raise Exhausted(f"more than {ENTRIES:,} packed files")
        self.entries -= 1

    def room(self, packed: int) -> int:
        """How many bytes so much packed data may unpack to, one member."""
        return min(self.unpacked, max(SMALL, RATIO * packed))

    def spend(self, size: int) -> None:
        """So many bytes were unpacked; raises Exhausted when nothing is left."""
        self.unpacked -= size
        if self.unpacked <= 0:
            raise Exhausted(f"unpacks to more than {megabytes(self._all)}")
