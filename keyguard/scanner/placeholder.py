"""Tells a credential from what merely stands in for one."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

from keyguard.scanner.rulebook import Placeholders

_SHORT = 12
_RUN = 8
_HEAD = 64
_SEPARATORS = re.compile(r"[_-]")
_WORD_LENGTH = 3.5
_WORD = 3
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_SAYABLE = re.compile(r"(?i)(?!.*[^aeiouy]{4})(?=.*[aeiou])")
_ARMOUR = re.compile(r"-----[A-Z0-9 ]{1,60}-----|\\+[nrt]|[^A-Za-z0-9+/=]")


def entropy(value: str) -> float:
    """Shannon entropy in bits per character; 0 for nothing."""
    if not value:
        return 0.0
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())


def armoured(value: str) -> str:
    """What a PEM block holds, without its armour, indentation, quotes and escapes."""
    return _ARMOUR.sub("", value)


def is_placeholder(value: str, words: Placeholders) -> bool:
    """Whether a token was written by a person to be replaced."""
    return _is_worded(value, words) or _is_repeated(value) or _is_counted(value)


def is_placeholder_block(value: str, words: Placeholders) -> bool:
    """The same for a PEM block. Runs and repetitions are normal in one: DER and OpenSSH pad with zeros."""
    return _is_worded(armoured(value), words)


def _is_worded(value: str, words: Placeholders) -> bool:
    # In a long block short words do occur by accident, so only its beginning speaks.
    head = value[:_HEAD]
    low = head.lower()
    return (
        any(word in low for word in words.anywhere)
        or low.startswith(words.start)
        or any(word in head for word in words.exact)
    )


def _is_repeated(value: str) -> bool:
    """One unit over and over ("abcabcabc"), or one character six times running."""
    return (value + value).find(value, 1) < len(value) or re.search(r"(.)\1{5}", value) is not None


def _is_counted(value: str) -> bool:
    """Eight or more neighbours of the alphabet or the digits in a row ("abcdefgh", "23456789")."""
    # Of so many neighbours in a row, one pair stands where these are.
    some = zip(value[:: _RUN - 1], value[1 :: _RUN - 1], strict=False)
    if not any(ord(right) - ord(left) == 1 for left, right in some):
        return False
    run = 1
    for left, right in pairwise(value):
        run = run + 1 if ord(right) - ord(left) == 1 else 1
        if run >= _RUN:
            return True
    return False


def is_name(value: str) -> bool:
    """Letters only, in the case of words or camelCase names: half of random letters are capitals.

    Of random 18-character alphanumerics about one in 500 is taken for a name, of longer ones far fewer.
    """
    letters = _SEPARATORS.sub("", value)
    if not letters.isalpha():
        return False
    words = _SEPARATORS.split(value)
    if all(word.islower() or word.isupper() or word.istitle() or not word for word in words):
        return True
    return len(value) > _SHORT and sum(map(str.isupper, letters)) * _WORD_LENGTH <= len(letters)


def is_words(value: str) -> bool:
    """The same, sure of it: every piece of a camelCase or separated name could be a word.

    Of random 8-character ids one in a thousand could, of longer ones hardly any.
    """
    if not _SEPARATORS.sub("", value).isalpha():
        return False
    pieces = _PIECE.findall(value)
    if value.upper() != value and any(piece.isupper() and len(piece) > 1 for piece in pieces):
        return False  # "wulKAOVP"
    return all(len(piece) >= _WORD and _SAYABLE.match(piece) for piece in pieces)
