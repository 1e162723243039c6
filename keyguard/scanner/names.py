"""Where names of venues stand in a content.

Names that are ordinary words ("gate") or initials ("kc") count only where they stand by themselves: most
source holds them within other words.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from keyguard.scanner.lazily import pattern
from keyguard.scanner.literals import Hits
from keyguard.scanner.rulebook import Venue

Name = tuple[int, int, str]
"""Where a name ends, how long it is, and whose it is."""
_TOKEN = pattern(rb"[\w+/-]{0,40}")
_LONG = 16
"""From so many characters on, one with digits and letters of both cases is a value, not a name."""
_INITIALS = 2
"""A name of so few letters ("kc") must stand by itself: random values hold every pair of letters."""


class VenueNames:
    """The names of all venues."""

    def __init__(self, venues: Iterable[Venue]) -> None:
        self._words: defaultdict[bytes, list[str]] = defaultdict(list)
        self._whole: defaultdict[bytes, list[str]] = defaultdict(list)
        for venue in venues:
            for word in venue.words:
                self._words[word].append(venue.id)
            for word in venue.whole_words:
                self._whole[word].append(venue.id)

    def among(self, hits: Hits, text: bytes) -> list[Name]:
        """Those in a text, ascending."""
        return _without_parts(sorted(self._found(hits, text)))

    def _found(self, hits: Hits, text: bytes) -> Iterator[Name]:
        for word in self._words.keys() & hits.keys():
            for end in hits[word]:
                for venue in self._words[word]:
                    yield end, len(word), venue
        for word in self._whole.keys() & hits.keys():
            alone = _alone(word)
            for end in hits[word]:
                start = end - len(word)
                if alone.match(text, start) and not _in_value(text, start, end):
                    for venue in self._whole[word]:
                        yield end, len(word), venue


def _without_parts(names: list[Name]) -> list[Name]:
    """Where names overlap, the longest: "coinbaseexchange" is not "coinbase", "BitmexClient" no "mexc"."""
    kept: list[Name] = []
    for name in names:
        end, length, _ = name
        while kept and kept[-1][0] > end - length and kept[-1][1] < length:
            kept.pop()
        if not kept or kept[-1][0] <= end - length or kept[-1][1] == length:
            kept.append(name)
    return kept


@functools.cache
def _alone(word: bytes) -> re.Pattern[bytes]:
    """The word with no letter beside it, or with a change of case there as in "myGateKey", "HTXClient"."""
    before, behind = rb"(?<![A-Za-z0-9+])", rb"(?![A-Za-z0-9+])"
    if len(word) > _INITIALS:
        before = rb"(?:%b|(?<=[a-z])(?=[A-Z]))" % before
        acronym = rb"(?<=%b)(?=[A-Z][a-z])" % re.escape(word.upper())
        behind = rb"(?:%b|(?<=[a-z])(?=[A-Z])|%b)" % (behind, acronym)
    letters = b"".join(
        b"[%b%b]" % (low, low.upper()) if low.isalpha() else re.escape(low) for low in _each(word)
    )
    return re.compile(before + letters + behind)


def _each(word: bytes) -> list[bytes]:
    return [word[at : at + 1] for at in range(len(word))]


def _in_value(text: bytes, start: int, end: int) -> bool:
    before = _TOKEN.match(text[max(0, start - 40) : start][::-1])
    behind = _TOKEN.match(text, end)
    token = text[start - (before.end() if before else 0) : behind.end() if behind else end]
    if len(token) < _LONG or token.lower() == token or token.upper() == token:
        return False
    return re.search(rb"[0-9]", token) is not None
