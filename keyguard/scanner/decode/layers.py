"""What a reader brings out of a content, and the way back from a view to the content it was made from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from keyguard.scanner.content import Content, Lines
from keyguard.scanner.findings import Place

SEGMENTS = 300_000
"""Stretches a view is made of, about 100 bytes of memory each."""


class Packed(NamedTuple):
    """A file inside another. `name` is appended to the outer path and begins with "!/" or "#"."""

    name: str
    data: bytes


class Problem(NamedTuple):
    """Why some of a content could not be read. `name` as in Packed, "" for all of it."""

    name: str
    reason: str


class Segment(NamedTuple):
    """A stretch of a view, from `start` to the next segment, made from `text[low:high]` of the content.

    `exact`: byte for byte. `unit` names a part of the file with lines of its own, which begins at
    `begin` in the view; "" when the lines are those of the content.
    """

    start: int
    low: int
    high: int
    exact: bool
    unit: str
    begin: int


class View:
    """Decoded text, searched in one piece, so that what belongs together is found together."""

    def __init__(self, text: bytes, segments: list[Segment], content: Content) -> None:
        self.text = text
        self._segments = segments
        self._starts = [segment.start for segment in segments]
        self._content = content
        self._lines = Lines(text)

    def line(self, offset: int) -> int:
        """The line, from 1, of an offset into `text`."""
        return self._lines.line(offset)

    def place(self, start: int, end: int, path: str) -> Place:
        """Where `text[start:end]` came from. A value inside a unit has the unit's lines."""
        first, last = self._at(start), self._at(max(start, end - 1))
        low = first.low + (start - first.start if first.exact else 0)
        high = last.low + end - last.start if last.exact else last.high
        outer = self._content.place(low, max(low, high), path)
        if not first.unit:
            return outer
        above = self._lines.line(first.begin) - 1
        line, column = self._lines.position(start)
        end_line, end_column = self._lines.position(end)
        return outer._replace(
            path=path + first.unit,
            line=line - above,
            column=column,
            end_line=end_line - above,
            end_column=end_column,
        )

    def _at(self, offset: int) -> Segment:
        return self._segments[max(0, bisect_right(self._starts, offset) - 1)]


Layer = Packed | View | Problem
Layers = Iterator[Layer]


class Builder:
    """Writes a view from the beginning to the end."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._parts: list[bytes] = []
        self._segments: list[Segment] = []
        self._unit = ""
        self._begin = 0
        self._last = 0
        self.size = 0

    def unit(self, name: str) -> None:
        """What follows stands in this part of the file, on a line of its own."""
        if self.size:
            self.glue(b"\n")
        self._unit, self._begin = name, self.size

    def add(self, text: bytes, low: int, high: int) -> None:
        """Text that was decoded from these bytes of the content."""
        self._put(text, low, high, exact=False)

    def copy(self, low: int, high: int) -> None:
        """Bytes of the content as they stand."""
        self._put(self._content.text[low:high], low, high, exact=True)

    def glue(self, text: bytes) -> None:
        """Text that stands nowhere: separators and names."""
        self._put(text, self._last, self._last, exact=False)

    def view(self) -> View:
        """What was written."""
        return View(b"".join(self._parts), self._segments, self._content)

    def _put(self, text: bytes, low: int, high: int, *, exact: bool) -> None:
        if text:
            # Beyond the limit places get coarse, to the end of the content, and nothing else is lost.
            count = len(self._segments)
            if count < SEGMENTS or self._segments[-1].unit != self._unit:
                self._segments.append(Segment(self.size, low, high, exact, self._unit, self._begin))
            elif count == SEGMENTS or self._segments[-1].exact:
                high = len(self._content.text)
                self._segments.append(Segment(self.size, low, high, False, self._unit, self._begin))
            self._parts.append(text)
            self.size += len(text)
            self._last = high
