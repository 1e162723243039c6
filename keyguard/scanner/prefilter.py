"""Where in a content which literals stand, by Hyperscan, in one pass over all of them."""

from __future__ import annotations

from array import array
from typing import Any

Hits = dict[bytes, "array[int]"]
"""Literal -> the offsets where it ends, ascending."""


class Prefilter:
    """A compiled set of literals, without regard to ASCII case.

    Compiling a few dozen literals takes 3 ms, less than finding, checking and reading a cached database
    safely would, so nothing is cached on disk.
    """

    def __init__(self, literals: frozenset[bytes]) -> None:
        import hyperscan

        self._literals = sorted(literals)
        self._database: Any = None
        if not self._literals:
            return
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        count = len(self._literals)
        self._database.compile(
            expressions=self._literals,
            ids=list(range(count)),
            elements=count,
            flags=[hyperscan.HS_FLAG_CASELESS] * count,
            literal=True,
        )

    def hits(self, data: bytes) -> Hits:
        """Every place of every literal: eight bytes of memory for each."""
        found: Hits = {}
        if not data or self._database is None:
            return found
        literals = self._literals

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.setdefault(literals[number], array("q")).append(end)

        self._database.scan(data, match_event_handler=note)
        return found
