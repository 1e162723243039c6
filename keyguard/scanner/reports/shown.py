"""How found values are shown: hidden, unless they were asked for."""

from __future__ import annotations

from keyguard.core.escape import escape
from keyguard.scanner.findings import Part

_SHORT = 12


def value(part: Part, *, show: bool) -> str:
    """A part's value: whole if `show`, else its first and last two characters, and of a value so short
    that four characters say much, or of a PEM block, nothing."""
    if show:
        return escape(part.value.reveal())
    size = len(part.value)
    if part.field == "private_key":
        return f"(private key, {size} characters)"
    if size < _SHORT:
        return f"({size} characters)"
    text = part.value.reveal()
    return f"{escape(text[:2])}…{escape(text[-2:])} ({size} characters)"
