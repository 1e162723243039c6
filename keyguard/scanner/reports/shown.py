"""How values and foreign text are shown: secrets hidden, and nothing that steers a terminal."""

from __future__ import annotations

import unicodedata

from keyguard.scanner.findings import Part

_STEERING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SHORT = 12


def escaped(text: str) -> str:
    """One line of text as it can be shown anywhere: control, bidirectional, invisible and broken
    characters become `\\x1b`, `\\u202e` and the like."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _STEERING else c for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def value(part: Part, *, show: bool) -> str:
    """A part's value: whole if `show`, else its first and last two characters, and of a value so short
    that four characters say much, or of a PEM block, nothing."""
    if show:
        return escaped(part.value.reveal())
    size = len(part.value)
    if part.field == "private_key":
        return f"(private key, {size} characters)"
    if size < _SHORT:
        return f"({size} characters)"
    text = part.value.reveal()
    return f"{escaped(text[:2])}…{escaped(text[-2:])} ({size} characters)"
