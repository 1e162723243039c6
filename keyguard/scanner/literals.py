"""Finding many literals without Hyperscan: for the first few thousand bytes, and where it does not exist.

Both ways say exactly what Hyperscan says: every end of every literal, without regard to ASCII case.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left

Hits = dict[bytes, "array[int]"]
"""Literal -> the offsets where it ends, ascending."""
_HEAD = 4
_MANY = 64
"""Fewer literals are looked for without asking first whether they can be there at all."""


def hits_one_by_one(literals: list[bytes], data: bytes) -> Hits:
    """Look for each literal by itself, if its first bytes stand anywhere at all, which leaves few of them."""
    low = data.lower()
    heads = {low[at : at + _HEAD] for at in range(len(low))} if len(literals) > _MANY else None
    found: Hits = {}
    for literal in literals:
        if heads is not None and literal[:_HEAD] not in heads and len(literal) >= _HEAD:
            continue
        at = low.find(literal)
        if at < 0:
            continue
        size = len(literal)
        ends = found[literal] = array("q")
        while at >= 0:
            ends.append(at + size)
            at = low.find(literal, at + 1)
    return found


class Tree:
    """All literals as one expression that branches where they differ.

    Only literals that begin with no other one are in it; the others are looked for where their
    beginning was found.
    """

    def __init__(self, literals: list[bytes]) -> None:
        ordered = sorted(literals)
        self._longer: dict[bytes, list[bytes]] = {}
        shortest = b""
        for literal in ordered:
            if not shortest or not literal.startswith(shortest):
                shortest = literal
                self._longer[shortest] = []
            self._longer[shortest].append(literal)
        self._pattern = re.compile(_branches(list(self._longer), 0)) if ordered else None

    def hits(self, data: bytes) -> Hits:
        """Every place of every literal."""
        found: Hits = {}
        if self._pattern is None:
            return found
        low = data.lower()
        search, longer = self._pattern.search, self._longer
        match = search(low)
        while match:
            start = match.start()
            for literal in longer[match[0]]:
                if low.startswith(literal, start):
                    found.setdefault(literal, array("q")).append(start + len(literal))
            match = search(low, start + 1)
        return found


def _branches(ordered: list[bytes], depth: int) -> bytes:
    """The expression for sorted literals that agree up to `depth`, none the beginning of another."""
    if len(ordered) == 1:
        return re.escape(ordered[0][depth:])
    branches = []
    at = 0
    while at < len(ordered):
        head = ordered[at][depth : depth + 1]
        after = bisect_left(ordered, True, at, key=lambda text: text[depth : depth + 1] > head)
        branches.append(re.escape(head) + _branches(ordered[at:after], depth + 1))
        at = after
    return branches[0] if len(branches) == 1 else b"(?:" + b"|".join(branches) + b")"
