"""Which names look the same to a person (UTS #39 §4), by what the standard library knows and one table.

The whole table of confusables has thousands of rows and changes every year. Names here have letters of one
recommended script (`spelling.check_name`), so what is left are letters of Armenian, Cyrillic, Georgian and
Greek that share shapes with Latin, odd Latin letters, and pairs within ASCII. The rows are by eye, and were
compared with those of confusables.txt (as in confusable-homoglyphs 3.3.1, 2026-11-21) that lead from these
scripts to one ASCII letter or digit. Not seen: what looks alike within a script that shares no shapes with
Latin (Hebrew, Arabic, Thai, Han …).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_LOOK_LIKE = {
    "a": "аАɑαΑ",
    "2": "ƧꝚꙄ",
    "3": "ЗӠƷȜꝪꞫ",
    "5": "Ƽ",
    "6": "б",
    "8": "Ȣȣ",
    "9": "Ꝯ",
    "b": "вВьЬΒƄꞴ",
    "c": "сСᴄϲϹ",
    "d": "ԁ",
    "e": "еЕΕҽꬲ",
    "f": "ƒքꬵꞙꞘẝϜ",
    "g": "ɡᶃƍցԌ",
    "h": "һҺհнНΗ",
    "i": "іıɪɩιꙇ",
    "I": "ІΙ",
    "j": "јЈϳͿꞲ",
    "k": "кКκΚĸ",
    "l": "ӏӀǀƖ1|",
    "m": "мМΜϺ",
    "n": "ոռηΝ",
    "o": "оОοΟօՕσᴏᴑꬽჿ0",
    "p": "рРρΡϱ",
    "q": "ԛգզ",
    "r": "гᴦꭇꭈƦ",
    "s": "ѕЅꜱƽՏ",
    "t": "тТτΤ",
    "u": "υսՍʋᴜꞟꭎꭒ",
    "v": "ѵѴνᴠ",
    "w": "ԝԜѡաᴡɯω",
    "x": "хХχΧꞳ",
    "y": "уУүҮγΥყʏɣᶌỿꭚ",
    "z": "ᴢΖ",
}
_SHAPES = {ord(one): letter for letter, those in _LOOK_LIKE.items() for one in those}
_JOINED = (("rn", "m"), ("vv", "w"))


def alike(name: str, others: Iterable[str]) -> str:
    """The first of the others that is this name, or that a person may take for it; "" if there is none."""
    mine = skeletons(name)
    return next((other for other in others if skeletons(other) & mine), "")


@lru_cache(maxsize=20_000)
def skeletons(name: str) -> frozenset[str]:
    """What the name looks like, whatever its case; twice where a capital I could be a small L too."""
    shape = _shape(name)
    return frozenset({_folded(shape), _folded(shape.replace("I", "l"))})


def _shape(name: str) -> str:
    """Mapped before normalising too: that would take some letters for others than those they look like."""
    mapped = unicodedata.normalize("NFKD", name.translate(_SHAPES)).translate(_SHAPES)
    return " ".join(mapped.split())


def _folded(shape: str) -> str:
    folded = unicodedata.normalize("NFKD", shape.casefold())
    for pair, letter in _JOINED:
        folded = folded.replace(pair, letter)
    return folded
