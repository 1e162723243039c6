"""Whose a nameless value is: the venue whose name stands nearest to it.

A name before counts fully, one behind several times, one on a later line or in another object more.
Names of things without rules count as rivals. All names are looked at in the order of their places, so
the work for one value is a few steps, however many venues there are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from keyguard.scanner.literals import Hits
from keyguard.scanner.names import Name
from keyguard.scanner.rulebook import CONTEXT_REACH

BEHIND = 4
"""A name that follows a value claims it as if it stood this many times as far away."""
NEXT_LINE = 400
"""Added to that when it stands on a later line."""
OUTSIDE = 800
"""Added to the distance of a name in another object: a brace that was closed, or opened, lies between."""
SAME_OBJECT = 500
"""Added to a quarter of the distance of a name that ends the value's own object: names that stand before
the value in that object are nearer, those of other objects are not."""
SMALL = 65_536
"""A content of at most this many bytes that speaks of one venue only belongs to it."""
_MOST = 16
"""So many names before and behind a value are looked at."""


class Region(NamedTuple):
    """Where a pattern may begin to match."""

    start: int
    end: int


def common(where: Iterable[Region], spans: list[tuple[int, int]]) -> Iterator[Region]:
    """What regions and spans, each ascending and without overlap, have in common."""
    at = 0
    for region in where:
        while at < len(spans) and spans[at][1] < region.start:
            at += 1
        step = at
        while step < len(spans) and spans[step][0] <= region.end:
            yield Region(max(region.start, spans[step][0]), min(region.end, spans[step][1]))
            step += 1
        at = max(at, step - 1)


class Nearness:
    """The names of venues in one content. `claimed`: venues the whole of it belongs to, by an import or its
    path. `elsewhere` finds names without rules, when first needed.
    """

    def __init__(
        self, text: bytes, names: list[Name], claimed: set[str], elsewhere: Callable[[bytes], Hits]
    ) -> None:
        self._text = text
        self._find_elsewhere = elsewhere
        self._rivals: list[Name] | None = None
        self._names = names
        self._claimed = claimed
        venues = {name[2] for name in names}
        self._sole = venues if not claimed and len(venues) == 1 and len(text) <= SMALL else set()

    def regions(self) -> Iterator[Region]:
        """Where nameless values may belong to a venue, ascending, without overlap."""
        size = len(self._text)
        if self._claimed or self._sole:
            yield Region(0, size)
            return
        start, stop = 0, -1
        for end, length, _ in self._names:
            low = max(0, end - length - CONTEXT_REACH)
            if low > stop:
                if stop >= 0:
                    yield Region(start, min(stop, size))
                start = low
            stop = end + CONTEXT_REACH
        if stop >= 0:
            yield Region(start, min(stop, size))

    def owners(self, begin: int, start: int, end: int) -> tuple[int, frozenset[str]]:
        """Whose the value `text[start:end]` is, whose name begins at `begin`, and how far away the venue's
        name stands (0: in the value's own name). Several share a name ("coinbase"); none: no venue.

        A claim or an import takes what no other venue's name stands nearer to; only they, or the sole
        venue, reach beyond `CONTEXT_REACH`.
        """
        best, venues = self._nearest(self._names, begin, start, end)
        if best > CONTEXT_REACH and not self._claimed and not self._sole:
            return best, frozenset()
        if not self._claimed and best > 0 and self._rival(begin, start, end) < best:
            return best, frozenset()
        if best >= CONTEXT_REACH:
            return CONTEXT_REACH, frozenset(self._claimed or self._sole or venues)
        return best, frozenset(venues)

    def _rival(self, begin: int, start: int, end: int) -> int:
        if self._rivals is None:
            found = self._find_elsewhere(self._text)
            self._rivals = sorted((at, len(word), "") for word in found for at in found[word])
        return self._nearest(self._rivals, begin, start, end)[0]

    def _nearest(self, names: list[Name], begin: int, start: int, end: int) -> tuple[int, set[str]]:
        """Distance and owners of the nearest name, beyond any reach if there is none. A name inside the
        value is none."""
        best, owners = CONTEXT_REACH + 1, set[str]()
        at = bisect_right(names, (start, len(self._text), "\U0010ffff"))
        for index in range(at - 1, max(-1, at - 1 - _MOST), -1):
            name_end, _, venue = names[index]
            if max(0, begin - name_end) > best or begin - name_end > CONTEXT_REACH:
                break
            distance = self._before(name_end, begin)
            if distance < best:
                best, owners = distance, {venue}
            elif distance == best:
                owners.add(venue)
        for index in range(bisect_left(names, (end, 0, "")), min(len(names), at + _MOST)):
            name_end, length, venue = names[index]
            word_start = name_end - length
            if word_start < end:
                continue
            gap = word_start - end
            if gap > CONTEXT_REACH or min(BEHIND * gap, SAME_OBJECT + gap // 4) > best:
                break
            distance = self._behind(start, end, word_start)
            if distance < best:
                best, owners = distance, {venue}
            elif distance == best <= CONTEXT_REACH:
                owners.add(venue)
        return best, owners

    def _before(self, word_end: int, begin: int) -> int:
        distance = max(0, begin - word_end)
        if not distance:
            return 0
        between = self._text[word_end:begin]
        closed, opened = between.find(b"}"), between.find(b"{")
        return distance + (OUTSIDE if closed >= 0 and not 0 <= opened < closed else 0)

    def _behind(self, start: int, end: int, word_start: int) -> int:
        """What follows on the same line may be its comment; on later lines it may end an object
        ("name" after "secret"), but more often it begins the next section."""
        between = self._text[end:word_start]
        if self._in_one_object(between, start, word_start):
            return min(BEHIND * len(between), SAME_OBJECT + len(between) // 4)
        distance = BEHIND * len(between)
        opened, closed = between.count(b"{"), between.count(b"}")
        if b"\n" in between:
            if b"\n[" in between or _indent(between) < _indent(self._text[max(0, start - 400) : start]):
                return CONTEXT_REACH + 1
            distance += NEXT_LINE
        return distance + (OUTSIDE if opened != closed else 0)

    def _in_one_object(self, between: bytes, start: int, word_start: int) -> bool:
        """Whether braces enclose both and none lies between."""
        if b"{" in between or b"}" in between:
            return False
        before = self._text[max(0, start - CONTEXT_REACH) : start]
        after = self._text[word_start : word_start + CONTEXT_REACH]
        opened, closed = after.find(b"{"), after.find(b"}")
        return before.rfind(b"{") > before.rfind(b"}") and closed >= 0 and not 0 <= opened < closed


def _indent(text: bytes) -> int:
    """How far the last line of a text is indented."""
    line = text[text.rfind(b"\n") + 1 :]
    return len(line) - len(line.lstrip())
