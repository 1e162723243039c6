"""Files as text, with the way back from characters to bytes."""

from __future__ import annotations

import bisect
import codecs
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from keyguard.core.secret import Secret
from keyguard.intake.candidates import Place, Span
from keyguard.intake.problems import malformed

MAX_BYTES = 8 << 20
"""Nobody's configuration is larger; reports and exports stay well below."""

NO_FILE = (0, 0)
"""Device and inode of what was not read from a file."""

_KOREAN = "cp949"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),  # what PowerShell's `>` writes
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text and how it was stored. `text` has no byte order mark and keeps its line ends.

    `bom` is the length of the mark in bytes. `fixed` says why nothing in it can be replaced, "" if it can.
    """

    path: Path
    data: bytes = field(repr=False)
    text: str = field(repr=False)
    encoding: str
    bom: int
    identity: tuple[int, int]
    fixed: str
    newlines: tuple[int, ...] = field(repr=False)

    def line_at(self, offset: int) -> int:
        """The line (from 1) of the character at `offset`."""
        return bisect.bisect_left(self.newlines, offset) + 1

    def place(self, name: str, start: int, end: int, *, quote: str = "", fixed: str = "") -> Place:
        """The place of field `name` between two character offsets."""
        first = self.bom + len(self.text[:start].encode(self.encoding))
        last = first + len(self.text[start:end].encode(self.encoding))
        return self.place_of_bytes(name, self.line_at(start), first, last, quote=quote, fixed=fixed)

    def place_of_bytes(
        self, name: str, line: int, start: int, end: int, *, quote: str = "", fixed: str = ""
    ) -> Place:
        """The place of field `name` between two byte offsets."""
        reason = fixed or self.fixed
        if reason:
            return Place(name, self.path, line, None, reason, past=self.identity == NO_FILE)
        written = Secret(self.data[start:end].decode("latin-1"))
        return Place(name, self.path, line, Span(start, end, written, quote, self.encoding, self.identity))


def read(path: Path) -> Text:
    """Read a text file: UTF-8, or UTF-16 with a byte order mark.

    Raises UsageError for what is no regular file, is too large, or is no text.
    """
    data, identity = read_bytes(path)
    return decode(path, data, identity, fixed="it is reached by a symbolic link" if path.is_symlink() else "")


def read_bytes(path: Path) -> tuple[bytes, tuple[int, int]]:
    """Read a regular file of at most `MAX_BYTES`; with its (device, inode)."""
    try:
        # Non-blocking: opening a FIFO somebody put there must not hang.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        raise malformed(path, 0, f"cannot be read ({why.lower()})", code="import.unreadable") from None
    data, found = contents(handle)
    if not stat.S_ISREG(found.st_mode):
        raise malformed(path, 0, "is not a regular file", code="import.unreadable")
    if len(data) > MAX_BYTES:
        raise malformed(path, 0, f"is larger than {MAX_BYTES >> 20} MiB", code="import.too_large")
    return data, (found.st_dev, found.st_ino)


def contents(handle: int) -> tuple[bytes, os.stat_result]:
    """Read an opened file, one byte more than allowed at most, and close it; nothing of what is no
    regular file."""
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            return b"", found
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1), found
    finally:
        os.close(handle)


def decode(path: Path, data: bytes, identity: tuple[int, int] = NO_FILE, *, fixed: str = "") -> Text:
    """Make a `Text` of content that was read elsewhere; `fixed` as in `Text`. UsageError if it is no text."""
    mark, encoding = next(((m, e) for m, e in _BOMS if data.startswith(m)), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        if (korean := _korean(path, data)) is not None:
            return _text(path, data, korean, _KOREAN, 0, identity, fixed)
        line = data.count(b"\n", 0, error.start) + 1
        problem = malformed(path, line, f"is not {encoding.upper()} text", hint="save the file as UTF-8")
        raise problem from None
    return _text(path, data, text, encoding, len(mark), identity, fixed)


def _text(
    path: Path, data: bytes, text: str, encoding: str, bom: int, identity: tuple[int, int], fixed: str
) -> Text:
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise malformed(path, line, "holds a NUL character", hint="save the file as UTF-8 text")
    newlines = tuple(found.start() for found in re.finditer("\n", text))
    return Text(path, data, text, encoding, bom, identity, fixed, newlines)


def _korean(path: Path, data: bytes) -> str | None:
    """A table as Excel in Korea saves it; None unless every byte of it would be written again as it is."""
    if path.suffix.lower() != ".csv":
        return None
    try:
        text = data.decode(_KOREAN)
    except UnicodeDecodeError:
        return None
    return text if text.encode(_KOREAN) == data else None
