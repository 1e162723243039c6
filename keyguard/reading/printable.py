"""Text from data as it may be printed: every character has a glyph, or stands as its number."""

from __future__ import annotations

import re
import unicodedata

from keyguard.reading import fonts

_SPACES = re.compile(r"\s+")
_WITHHELD_WORDS = re.compile(r"시장\s*조성")
MARK = "〚–〛"
"""Stands for a word that is not printed unless the officer switched it on; Annex C says so."""


def printable(text: str, *, market_making: bool = False) -> str:
    """One line, without invisible or unknown characters. Hangul is composed: its parts have no glyphs."""
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    if not market_making:
        text = _WITHHELD_WORDS.sub(MARK, text)
    if text.isascii() and text.isprintable():
        return text
    known = fonts.covered()
    return "".join(char if _visible(char, known) else f"〚U+{ord(char):04X}〛" for char in text)


def _visible(char: str, known: frozenset[int]) -> bool:
    return (
        ord(char) in known
        and unicodedata.category(char)[0] not in "CM"
        and char not in "\u115f\u1160\u3164\uffa0"
    )
