"""Content as it is searched, and the way back from there to lines, columns and bytes of the original."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right

from keyguard.scanner.findings import Place

_NEWLINE = re.compile(rb"\n")
_WIDE = (
    # UTF-32's little-endian mark begins with UTF-16's, so it is tried first.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Content:
    """Bytes to search. What says by its mark that it is UTF-16 or UTF-32 is searched as UTF-8; all else
    is searched as it stands, so that binaries and broken encodings hide nothing."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.text = data
        self._mark = b""
        self._encoding = ""
        self._breaks: list[int] | None = None
        for mark, encoding in _WIDE:
            if data.startswith(mark):
                self._mark, self._encoding = mark, encoding
                self.text = data[len(mark) :].decode(encoding, "replace").encode()
                break

    def line(self, offset: int) -> int:
        """The line, from 1, of an offset into `text`."""
        return bisect_right(self._line_breaks(), offset - 1) + 1

    def place(self, start: int, end: int, path: str) -> Place:
        """The place of `text[start:end]`, with byte offsets into the original data."""
        line, column = self._position(start)
        end_line, end_column = self._position(end)
        return Place(
            path=path,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            start=self._original(start),
            end=self._original(end),
        )

    def _line_breaks(self) -> list[int]:
        if self._breaks is None:
            self._breaks = [match.start() for match in _NEWLINE.finditer(self.text)]
        return self._breaks

    def _position(self, offset: int) -> tuple[int, int]:
        line = self.line(offset)
        begin = self._line_breaks()[line - 2] + 1 if line > 1 else 0
        before = self.text[begin:offset]
        if line == 1:
            before = before.removeprefix(codecs.BOM_UTF8)
        try:
            return line, len(before.decode()) + 1
        except UnicodeDecodeError:
            return line, len(before) + 1

    def _original(self, offset: int) -> int:
        if not self._encoding:
            return offset
        return len(self._mark) + len(self.text[:offset].decode().encode(self._encoding))
