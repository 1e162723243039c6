"""Content as it is searched, and the way back from there to lines, columns and bytes of the original."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from itertools import accumulate
from typing import Protocol

from keyguard.scanner.findings import Place

_CONTINUATION = bytes(range(0x80, 0xC0))
_STEP = 1 << 14
_SAMPLE = 1024
_LEAST, _FEW, _MOST = 16, 0.02, 0.6
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# Encoding, and at which of each four bytes text and zeros stand.
_SHAPES = (
    ("utf-32-le", (0,), (1, 2, 3)),
    ("utf-32-be", (3,), (0, 1, 2)),
    ("utf-16-le", (0, 2), (1, 3)),
    ("utf-16-be", (1, 3), (0, 2)),
)
_WIDE = (
    # UTF-32's little-endian mark begins with UTF-16's, so it is tried first.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Searched(Protocol):
    """What the engine searches: bytes, and the way back to where a person finds them."""

    text: bytes

    def line(self, offset: int) -> int:
        """The line, from 1, of an offset into `text`."""

    def place(self, start: int, end: int, path: str) -> Place:
        """The place of `text[start:end]`."""


class Lines:
    """Lines and columns of UTF-8. The work of all questions together is linear in the text: sums are
    kept for every few kilobytes, because a minified file is one line and may hold many findings."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._breaks: list[int] | None = None
        self._sums: list[int] | None = None

    def line(self, offset: int) -> int:
        """The line, from 1, of an offset."""
        breaks, step = self._line_breaks(), offset // _STEP
        return breaks[step] + self._text.count(b"\n", step * _STEP, offset) + 1

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1; the column in characters, in bytes where the text is no UTF-8."""
        line = self.line(offset)
        begin = self._begin(line, offset)
        if line == 1 and self._text.startswith(codecs.BOM_UTF8):
            begin = min(len(codecs.BOM_UTF8), offset)
        if offset - begin > _STEP:
            return line, self._characters(offset) - self._characters(begin) + 1
        before = self._text[begin:offset]
        try:
            return line, len(before.decode()) + 1
        except UnicodeDecodeError:
            return line, len(before) + 1

    def _begin(self, line: int, offset: int) -> int:
        """Where the line begins that an offset is in."""
        breaks, step = self._line_breaks(), offset // _STEP
        if breaks[step] == line - 1:  # not in this step: behind the last one that had fewer before it
            offset = step * _STEP
            step = bisect_left(breaks, line - 1) - 1
            if step < 0:
                return 0
        return self._text.rfind(b"\n", step * _STEP, min(offset, (step + 1) * _STEP)) + 1

    def _line_breaks(self) -> list[int]:
        """How many there are before each step."""
        if self._breaks is None:
            steps = range(0, len(self._text), _STEP)
            counts = (self._text.count(b"\n", at, at + _STEP) for at in steps)
            self._breaks = [0, *accumulate(counts)]
        return self._breaks

    def _characters(self, offset: int) -> int:
        """Bytes before an offset that begin a character."""
        if self._sums is None:
            steps = range(0, len(self._text), _STEP)
            counts = (len(self._text[at : at + _STEP].translate(None, _CONTINUATION)) for at in steps)
            self._sums = [0, *accumulate(counts)]
        whole = offset // _STEP
        return self._sums[whole] + len(self._text[whole * _STEP : offset].translate(None, _CONTINUATION))


class Content:
    """Bytes to search. UTF-16 and UTF-32, by their mark or by their zero bytes, are searched as UTF-8;
    all else is searched as it stands, so that binaries and broken encodings hide nothing."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.text = data
        self._mark = 0
        self._encoding = ""
        self._sums: list[int] | None = None
        for mark, encoding in _WIDE:
            if data.startswith(mark):
                self._mark, self._encoding = len(mark), encoding
                break
        else:
            # Text has no zero bytes, so counting them in the first kilobyte is all that it pays.
            if data.count(0, 0, _SAMPLE):
                self._encoding = _guess(data[:_SAMPLE])
        if self._encoding:
            self.text = data[self._mark :].decode(self._encoding, "replace").encode()
        self._lines = Lines(self.text)

    def line(self, offset: int) -> int:
        """The line, from 1, of an offset into `text`."""
        return self._lines.line(offset)

    def place(self, start: int, end: int, path: str) -> Place:
        """The place of `text[start:end]`, with byte offsets into the original data."""
        line, column = self._lines.position(start)
        end_line, end_column = self._lines.position(end)
        return Place(
            path=path,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            start=self._original(start),
            end=self._original(end),
        )

    def _original(self, offset: int) -> int:
        if not self._encoding:
            return offset
        if self._sums is None:
            steps = range(0, len(self.text), _STEP)
            self._sums = [0, *accumulate(self._width(at, at + _STEP) for at in steps)]
        whole = offset // _STEP
        return self._mark + self._sums[whole] + self._width(whole * _STEP, offset)

    def _width(self, start: int, end: int) -> int:
        """How many original bytes `text[start:end]` had; a character counts where it begins."""
        piece = self.text[start:end]
        characters = len(piece.translate(None, _CONTINUATION))
        if self._encoding.startswith("utf-32"):
            return 4 * characters
        # Characters of four bytes in UTF-8, and only they, are two units in UTF-16.
        return 2 * (characters + len(piece.translate(None, bytes(range(0xF0)))))


def _guess(sample: bytes) -> str:
    """The encoding of text in which most characters are ASCII: where their zero bytes stand tells it."""
    size = len(sample) // 4 * 4
    if size < _LEAST:
        return ""
    zeros = [sample[at:size:4].count(0) * 4 / size for at in range(4)]
    for encoding, text, empty in _SHAPES:
        if all(zeros[at] < _FEW for at in text) and all(zeros[at] > _MOST for at in empty):
            characters = sample[:size].decode(encoding, "replace")
            return "" if _CONTROL.search(characters) else encoding
    return ""
