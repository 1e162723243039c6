"""How people, parties and desks may be written, so that no two look alike (KGA/1 §4).

Python has no script property; the first word of a character's Unicode name stands for it, which is exact
for the letters of living scripts. Look-alikes within what is allowed (a name all in Cyrillic beside one all
in Latin) are not recognised: that needs the confusables table of UTS #39.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from keyguard.core import canonical

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_CJK = {"CJK", "IDEOGRAPHIC"}
_TOGETHER = (
    {"LATIN", "HANGUL"} | _CJK,
    {"LATIN", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"} | _CJK,
    {"LATIN", "BOPOMOFO"} | _CJK,
)
_WIDE = {"HALFWIDTH", "FULLWIDTH"}


def check_id(text: str) -> None:
    """Raise ValueError unless the text may name a person or a party: a short word in lower-case ASCII."""
    if not _ID.fullmatch(text):
        raise ValueError("an id is a word of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit")


def check_name(text: str) -> None:
    """Raise ValueError for a name that a record cannot hold, or that mixes scripts (UTS #39, §5.2)."""
    canonical.check_record_text(text, "name", longest=canonical.LONGEST)
    scripts = {unicodedata.name(char, "UNKNOWN").split()[0] for char in text if char.isalpha()}
    if scripts & _WIDE:
        raise ValueError("name: full-width or half-width letters look like others")
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        raise ValueError("name: it mixes letters of scripts that are not written together")


def alike(name: str, others: Iterable[str]) -> str:
    """The first of the others that reads the same but for case and width; "" if none does."""
    folded = _folded(name)
    return next((other for other in others if _folded(other) == folded), "")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
