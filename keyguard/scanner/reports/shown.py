"""How found values are shown: hidden, unless they were asked for."""

from __future__ import annotations

from keyguard.core.escape import escape
from keyguard.scanner.findings import Excerpt, Part, Shade

_SHORT = 12
MASK = "…"


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
    return f"{masked(part.value.reveal())} ({size} characters)"


def masked(text: str) -> str:
    """Its first and last two characters, nothing of a short one."""
    return MASK if len(text) < _SHORT else f"{escape(text[:2])}{MASK}{escape(text[-2:])}"


def line(excerpt: Excerpt, *, show: bool) -> str:
    """A source line with what is secret in it masked; tabs are blanks, indentation is dropped."""
    words = []
    for fragment in excerpt.fragments:
        text = fragment.text.reveal()
        if show or fragment.shade is Shade.PLAIN:
            words.append(escape(text.replace("\t", " ")))
        else:
            words.append(masked(text) if fragment.shade is Shade.VALUE else MASK)
    shown = "".join(words).strip()
    return ("… " if excerpt.cut_before else "") + shown + (" …" if excerpt.cut_after else "")
