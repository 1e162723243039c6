"""Where in a content which literals stand, in one pass over all of them.

Hyperscan finds a thousand literals at gigabytes a second, but loading it and compiling them takes as long
as a whole commit hook may. So the first bytes are searched one literal at a time, and only what is left
pays for it. Where Hyperscan does not exist, `literals.Tree` finds the same at a hundredth of its speed.
"""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

from keyguard.scanner.literals import Hits, Tree, hits_one_by_one

__all__ = ["Hits", "Prefilter"]
FIRST = 40_000_000
"""Bytes times literals that are searched one by one before anything is compiled (about 15 ms)."""


class Prefilter:
    """A set of literals, without regard to ASCII case. `cache`: a folder for the compiled form.

    `hyperscan` False: never use it. The hits are the same either way.
    """

    def __init__(
        self, literals: frozenset[bytes], cache: Path | None = None, *, hyperscan: bool = True
    ) -> None:
        self._literals = sorted(literals - {b""})
        self._cache = cache
        self._wanted = hyperscan
        self._left = FIRST
        self._database: Any = None
        self._tree: Tree | None = None

    def hits(self, data: bytes) -> Hits:
        """Every place of every literal: eight bytes of memory for each."""
        if not data or not self._literals:
            return {}
        cost = len(data) * len(self._literals)
        if cost <= self._left:
            self._left -= cost
            return hits_one_by_one(self._literals, data)
        self.prepare()
        return self._scan(data) if self._tree is None else self._tree.hits(data)

    def prepare(self) -> None:
        """Compile now what larger contents need, so that processes made after this share it."""
        if self._database is not None or self._tree is not None or not self._literals:
            return
        self._left = 0
        if self._wanted:
            try:
                from keyguard.scanner import database  # noqa: PLC0415 - needs Hyperscan

                self._database = database.obtain(self._literals, self._cache)
                return
            except ImportError:
                pass  # no Hyperscan for this platform
        self._tree = Tree(self._literals)

    def _scan(self, data: bytes) -> Hits:
        found: Hits = {}
        literals = self._literals

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            ends = found.get(literals[number])
            if ends is None:
                ends = found[literals[number]] = array("q")
            ends.append(end)

        self._database.scan(data, match_event_handler=note)
        return found
