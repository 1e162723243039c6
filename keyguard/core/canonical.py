"""Text, numbers, time and canonical bytes as KGA/1 §4 has them.

The bytes are those of RFC 8785. For this restricted profile (no floats, ASCII member names) the standard
encoder already gives them: sorting by code point and by UTF-16 unit agree on ASCII, and both escape only
quote, backslash and control characters. A property test holds it against the `rfc8785` library.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

LARGEST = 2**53 - 1
DEEPEST = 64
LONGEST = 500
LONGEST_FREE = 4000

_NAME = re.compile(r"[a-z0-9_]{1,500}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_HIDDEN = frozenset([0x061C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)])

CheckText = Callable[[str, str], None]
"""Called with a text and the nearest member name above it; raises ValueError."""


def encode(value: Any) -> bytes:
    """Return the canonical bytes of a value that passed `check`."""
    return _ENCODER.encode(value).encode()


def decode(data: bytes, check_text: CheckText | None = None) -> Any:
    """Parse canonical bytes; ValueError for bytes that `encode` would not have made of their value."""
    limit_nesting(data)
    text = data.decode()
    value = _DECODER.decode(text)
    check(value, check_text or (_plain_text if _is_plain(text) else read_text))
    if encode(value) != data:
        raise ValueError("not in canonical form")
    return value


def check(value: Any, check_text: CheckText) -> None:
    """Raise ValueError, naming the member, for a value outside the profile."""
    _check(value, check_text, "", 1)


def read_text(text: str, name: str) -> None:
    """Text as it may stand in a record that exists.

    Unassigned code points pass: they may be assigned where the record was written, in a newer Unicode.
    """
    check_record_text(text, name, longest=LONGEST_FREE, unassigned=True)


def private_text(text: str, name: str) -> None:
    """Text of a private part (paths, real names): anything that has an encoding."""
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError(f"{name}: lone surrogate")


def check_record_text(text: str, name: str, *, longest: int, unassigned: bool = False) -> None:
    """Raise ValueError unless the text is NFC, visible and short enough. It is never repaired."""
    if len(text) > longest:
        raise ValueError(f"{name}: longer than {longest} characters")
    if text.isascii() and text.isprintable():
        return
    forbidden = {"Cc", "Cs", "Co"} if unassigned else {"Cc", "Cs", "Co", "Cn"}
    for char in text:
        if unicodedata.category(char) in forbidden or ord(char) in _HIDDEN:
            raise ValueError(f"{name}: forbidden character U+{ord(char):04X}")
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError(f"{name}: not in Unicode normal form C")


def _is_plain(text: str) -> bool:
    """Whether no text within can fail `read_text`: all of it is printable ASCII, and without a backslash
    every text within stands there as it is, so none is longer than the whole. Most records are so, and
    asking once for the whole is cheaper than for each text of a million records."""
    return len(text) <= LONGEST_FREE and text.isascii() and text.isprintable() and "\\" not in text


def _plain_text(text: str, name: str) -> None:
    """Nothing is left to be checked."""


def format_instant(instant: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SS.ffffffZ` of an aware datetime; ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_instant(text: str) -> datetime:
    """The instant, UTC; ValueError for any other spelling."""
    if not _INSTANT.fullmatch(text):
        raise ValueError("not an instant of the form YYYY-MM-DDTHH:MM:SS.ffffffZ")
    return datetime.fromisoformat(text)


def _check(value: Any, check_text: CheckText, name: str, depth: int) -> None:
    if isinstance(value, str):
        check_text(value, name)
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) > LARGEST:
            raise ValueError(f"{name}: integer beyond 2^53-1")
    elif isinstance(value, dict | list | tuple):
        if depth > DEEPEST:
            raise ValueError(f"{name}: nested deeper than {DEEPEST}")
        _check_members(value, check_text, name, depth + 1)
    else:
        raise ValueError(f"{name}: {type(value).__name__} has no place in a record")


def _check_members(
    value: dict[Any, Any] | list[Any] | tuple[Any, ...], check_text: CheckText, name: str, depth: int
) -> None:
    if not isinstance(value, dict):
        for item in value:
            _check(item, check_text, name, depth)
        return
    for member, item in value.items():
        if not isinstance(member, str) or not _is_name(member):
            raise ValueError(f"{name}: a member name is not of [a-z0-9_]")
        if isinstance(item, str):  # most are
            check_text(item, member)
        else:
            _check(item, check_text, member, depth)


@lru_cache(maxsize=1024)
def _is_name(text: str) -> bool:
    """A log of a million records has some hundred names."""
    return _NAME.fullmatch(text) is not None


def limit_nesting(data: bytes) -> None:
    """Before parsing: the parser recurses, and hostile input would exhaust the stack."""
    if data.count(b"{") + data.count(b"[") <= DEEPEST:
        return
    depth = 0
    for token in _NESTING.finditer(data):
        if token[0] in b"{[":
            depth += 1
            if depth > DEEPEST:
                raise ValueError(f"nested deeper than {DEEPEST}")
        elif token[0] in b"}]":
            depth -= 1


def _no_number(text: str) -> Any:
    raise ValueError("a number that is not an integer")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_DECODER = json.JSONDecoder(parse_float=_no_number, parse_constant=_no_number)
"""Made once: the json module's functions make new ones at every call."""
