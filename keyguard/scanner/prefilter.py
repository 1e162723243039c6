"""Where in a content which literals stand, in one pass over all of them.

Hyperscan finds a thousand literals at gigabytes a second, but loading it and compiling them takes as long
as a whole commit hook may. So the first bytes are searched one literal at a time, and only what is left
pays for it. Where Hyperscan does not exist, `literals.Tree` finds the same at a hundredth of its speed.

Each report of Hyperscan costs a call into Python, so words that fill ordinary source ("secret") are not
reported wherever they stand: Hyperscan looks for the word with a value behind it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from keyguard.scanner.literals import Hits, Tree, hits_one_by_one

__all__ = ["Hits", "Prefilter"]
FIRST = 40_000_000
"""Bytes times literals that are searched one by one before anything is compiled (about 15 ms)."""
REACH = 400
"""At most so far before the end of a value's match stands the literal that begins it."""


class Prefilter:
    """A set of literals, without regard to ASCII case. `cache`: a folder for the compiled form.

    `valued`: expressions, as Hyperscan takes them, and the literals that decide something only where they
    begin a match of the expression. Of such a literal hits may be left out where none ends within `REACH`
    behind it; that it occurs at all is always told. `hyperscan` False: never use it. All else is the same.
    """

    def __init__(
        self,
        literals: frozenset[bytes],
        cache: Path | None = None,
        *,
        valued: Mapping[bytes, Iterable[bytes]] | None = None,
        hyperscan: bool = True,
    ) -> None:
        self._expressions = tuple(sorted(valued or ()))
        self._valued = frozenset(word for words in (valued or {}).values() for word in words) - literals
        self._literals = sorted({*literals, *self._valued} - {b""})
        self._cache = cache
        self._wanted = hyperscan
        self._left = FIRST
        self._database: Any = None
        self._separate: dict[bytes, Any] = {}
        self._tree: Tree | None = None

    def hits(self, data: bytes) -> Hits:
        """The places of every literal: eight bytes of memory for each."""
        if not data or not self._literals:
            return {}
        cost = len(data) * len(self._literals)
        if cost <= self._left:
            self._left -= cost
            return hits_one_by_one(self._literals, data)
        self.prepare()
        return self._scan(data) if self._tree is None else self._tree.hits(data)

    def ends(self, expression: bytes, data: bytes, where: Iterable[tuple[int, int]]) -> list[int] | None:
        """Where matches of one more expression end, if they begin in a span; None without Hyperscan."""
        if self._database is None:
            return None
        found: list[int] = []
        low = 0

        def note(_number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.append(low + end)

        separate = self._separate.get(expression) or self._separated(expression)
        for low, high in where:
            part = data[low : high + REACH]
            if part:
                separate.scan(part, match_event_handler=note)
        return found

    def prepare(self, more: Iterable[bytes] = ()) -> None:
        """Compile now what larger contents need, so that processes made after this share it; `more`: what
        will be asked of `ends`."""
        if self._database is None and self._tree is None and self._literals:
            self._left = 0
            if self._wanted:
                with suppress(ImportError):  # no Hyperscan for this platform
                    self._database = self._obtain(tuple(self._literals), self._valued, self._expressions)
            if self._database is None:
                self._tree = Tree(self._literals)
        if self._database is not None:
            for expression in more:
                self._separated(expression)

    def _separated(self, expression: bytes) -> Any:
        self._separate[expression] = self._obtain(expressions=(expression,))
        return self._separate[expression]

    def _obtain(
        self,
        literals: tuple[bytes, ...] = (),
        once: frozenset[bytes] = frozenset(),
        expressions: tuple[bytes, ...] = (),
    ) -> Any:
        from keyguard.scanner import database  # noqa: PLC0415 - needs Hyperscan

        return database.obtain(database.Sought(literals, once, expressions), self._cache)

    def _scan(self, data: bytes) -> Hits:
        found: Hits = {}
        literals = self._literals
        count = len(literals)
        values: list[int] = []

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            if number >= count:
                values.append(end)
                return
            ends = found.get(literals[number])
            if ends is None:
                ends = found[literals[number]] = array("q")
            ends.append(end)

        self._database.scan(data, match_event_handler=note)
        if self._valued:
            self._only_before(values, found, data)
        return found

    def _only_before(self, values: list[int], found: Hits, data: bytes) -> None:
        """Put the hits before values in the place of those that say no more than that a literal occurs."""
        present = sorted(self._valued & found.keys())
        for literal in present:
            found[literal] = array("q")
        for low, high in spans(sorted(values), REACH):
            for literal, ends in hits_one_by_one(present, data[low:high]).items():
                found[literal].extend(low + end for end in ends)


def spans(ends: list[int], before: int) -> list[tuple[int, int]]:
    """What lies up to `before` bytes before ascending ends, without overlap."""
    return joined((max(0, end - before), end) for end in ends)


def joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ascending stretches, those that touch made one."""
    made: list[tuple[int, int]] = []
    for start, end in stretches:
        if made and start <= made[-1][1]:
            made[-1] = made[-1][0], max(end, made[-1][1])
        else:
            made.append((start, end))
    return made
