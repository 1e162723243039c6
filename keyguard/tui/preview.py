"""The lines around a finding, with every value in them hidden: what is shown is where, never what."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyguard.core.findings import Item

LARGEST = 2 * 1024 * 1024
AROUND = 3
MASK = "●●●●●●"
_PLACE = re.compile(r"(?P<path>.+):(?P<line>\d{1,7})\Z")
_ON_LINE = re.compile(r"\bon line (?P<line>\d{1,7})\b")
_VALUE = re.compile(r"(?P<before>[=:][ \t]*)(?P<value>[^ \t].*)")
_TOKEN = re.compile(r"[A-Za-z0-9+/=_\-.~%]{12,}")
_BEGIN, _END = re.compile(r"-----BEGIN "), re.compile(r"-----END ")


@dataclass(frozen=True, slots=True)
class Preview:
    """Lines by their numbers; `line` is where it was found. None are there where the file cannot be read."""

    path: str
    line: int
    lines: tuple[tuple[int, str], ...]


def place(item: Item) -> tuple[str, int] | None:
    """File and line of a finding in a file; None for another."""
    if (told := _PLACE.match(item.subject)) is not None:
        return told["path"], int(told["line"])
    if (told := _ON_LINE.search(item.text)) is not None:
        return item.subject, int(told["line"])
    return None


def read(item: Item) -> Preview | None:
    """Its lines as the file is now; None for a finding that is in no file.

    Follows no link and reads nothing but a regular file of ordinary size.
    """
    where = place(item)
    if where is None:
        return None
    path, line = where
    try:
        text = _text(Path(path))
    except (OSError, ValueError):
        return Preview(path, line, ())
    return Preview(path, line, hidden(text, line))


def hidden(text: str, line: int) -> tuple[tuple[int, str], ...]:
    """The lines around one, by number from 1, without values.

    Hidden are what stands behind the first = or : of a line, every long word, and keys in PEM whole. On the
    line itself every word of six and more is, but the first.
    """
    found, in_pem = [], False
    for number, whole in enumerate(text.splitlines(), start=1):
        begins = bool(_BEGIN.search(whole))
        if abs(number - line) <= AROUND:
            shown = MASK if in_pem or begins else _hide(whole, strictly=number == line)
            found.append((number, shown))
        in_pem = (in_pem or begins) and not _END.search(whole)
    return tuple(found)


def _hide(line: str, *, strictly: bool) -> str:
    line = _TOKEN.sub(MASK, line)
    line = _VALUE.sub(lambda told: told["before"] + MASK, line, count=1)
    if strictly:
        first, space, rest = line.strip().partition(" ")
        line = first + space + re.sub(r"[^\s●]{6,}", MASK, rest)
    return line


def _text(path: Path) -> str:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise ValueError("not an ordinary file")
        return file.read(LARGEST).decode(errors="replace")
