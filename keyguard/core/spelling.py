"""How people, parties, desks and keys may be written, so that no two look alike (KGA/1 §4).

Python has no script property; the first word of a character's Unicode name stands for it, which is exact
for the letters of living scripts. What of the allowed looks alike, `lookalikes` knows.
"""

from __future__ import annotations

import re
import unicodedata

from keyguard.core import canonical
from keyguard.core.escape import escape

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_CJK = {"CJK", "IDEOGRAPHIC"}
_TOGETHER = (
    {"LATIN", "HANGUL"} | _CJK,
    {"LATIN", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"} | _CJK,
    {"LATIN", "BOPOMOFO"} | _CJK,
)
_WIDE = {"HALFWIDTH", "FULLWIDTH"}
# The recommended scripts of UAX #31 (table 5, read 2026-11-21): those that people write their names in today.
# All others are refused, as are letters for mathematics, since many of them are shaped like Latin ones.
_RECOMMENDED = frozenset(
    "ARABIC ARMENIAN BENGALI BOPOMOFO CJK CYRILLIC DEVANAGARI ETHIOPIC GEORGIAN GREEK GUJARATI GURMUKHI "
    "HANGUL HEBREW HIRAGANA IDEOGRAPHIC KANNADA KATAKANA KATAKANA-HIRAGANA KHMER LAO LATIN MALAYALAM MYANMAR "
    "ORIYA SINHALA TAMIL TELUGU THAANA THAI TIBETAN".split()
)


def check_id(text: str) -> None:
    """Raise ValueError unless the text may name a person or a party: a short word in lower-case ASCII."""
    if not _ID.fullmatch(text):
        raise ValueError("an id is a word of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit")


def check_name(text: str) -> None:
    """Raise ValueError for a name that a record cannot hold, that holds what cannot be seen, or that mixes
    scripts (UTS #39, §5.2)."""
    canonical.check_record_text(text, "name", longest=canonical.LONGEST)
    if escape(text) != text:
        raise ValueError("name: it holds a character that cannot be seen")
    scripts = {unicodedata.name(char, "UNKNOWN").split()[0] for char in text if char.isalpha()}
    if scripts & _WIDE:
        raise ValueError("name: full-width or half-width letters look like others")
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        raise ValueError("name: it mixes letters of scripts that are not written together")
    if scripts - _RECOMMENDED:
        raise ValueError("name: its letters are of no script that names are written in today")
