"""Makes text from outside safe to show: the one place through which all of it goes (promise 9)."""

from __future__ import annotations

import unicodedata

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls (ANSI sequences begin with one), direction marks, zero-width, halves of pairs, private and
unassigned characters, line and paragraph separators."""

_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that are shown as nothing: two names that differ by one of them look the same."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str) -> str:
    """Return the text on one line, with every invisible or steering character written out (`\\x1b`).

    Spaces other than the plain and the ideographic one are written out too. Escaping twice changes
    nothing more.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    category = unicodedata.category(character)
    if category in _UNSAFE or character in _BLANK or (category == "Zs" and character not in " \u3000"):
        return _written_out(ord(character))
    if "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return _written_out(ord(character))  # variation selectors: invisible, and can carry data
    return character


def _written_out(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
