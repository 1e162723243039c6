"""Which rules and venues a content concerns, so that hundreds of others cost nothing for it."""

from __future__ import annotations

import functools
import re
from collections import defaultdict

from keyguard.scanner.literals import Hits
from keyguard.scanner.names import VenueNames
from keyguard.scanner.rulebook import Rule, Rulebook

_HEAD = 2
"""Names are looked up in a path by so many of their first bytes; none is shorter."""


class Index:
    """A rulebook by literal. `literals` is all that decides whether anything else looks at a content; of
    `valued`, expressions with the literals that begin their matches, see `prefilter`. `near`: the
    expressions that are asked for when a venue occurs."""

    def __init__(self, book: Rulebook) -> None:
        self._rules = book.rules
        self._by_anchor: defaultdict[bytes, list[int]] = defaultdict(list)
        self._nameless: defaultdict[str, list[int]] = defaultdict(list)
        for number, rule in enumerate(book.rules):
            if rule.context:
                self._nameless[rule.venue].append(number)
                continue
            for anchor in rule.anchors:
                self._by_anchor[anchor].append(number)
        self._venues = book.venues
        self.names = VenueNames(book.venues)
        self._claiming = {word: venue.id for venue in book.venues for word in venue.file_words}
        words = {word for venue in book.venues for word in venue.words}
        whole = {word for venue in book.venues for word in venue.whole_words}
        self._names: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for word in sorted(words | whole):
            self._names[word[:_HEAD]].append(word)
        self._apart = whole - words
        # Files come folder by folder, versions of one file one after another.
        self._named_in = functools.lru_cache(1_024)(self._find_in)
        plain = {anchor.lower() for rule in book.rules if not _is_valued(rule) for anchor in rule.anchors}
        self.literals = frozenset(
            plain | words | whole | set(self._claiming) | set(book.allow) | set(book.names.signs)
        )
        valued = [rule for rule in book.rules if _is_valued(rule)]
        self.valued = {expression: rule.anchors for rule in valued for expression in rule.sought}
        self.near = frozenset(each for rule in book.rules if rule.context for each in rule.sought)
        self.near |= {book.names.listed}

    def claims(self, hits: Hits, path: str) -> set[str]:
        """Venues a whole file belongs to: by an import in it, or by its path."""
        claimed = {self._claiming[word] for word in hits if word in self._claiming}
        folder, _, name = path.rpartition("/")
        return claimed | self._named_in(folder) | self._named_in(name)

    def _find_in(self, path: str) -> frozenset[str]:
        """Venues with their names in (part of) a path."""
        low = path.lower().encode("utf-8", "surrogateescape")
        names = self._names
        named = {
            word
            for at in range(len(low))
            for word in names.get(low[at : at + _HEAD], ())
            if low.startswith(word, at) and (word not in self._apart or _is_whole(word, low))
        }
        if not named:
            return frozenset()
        return frozenset(v.id for v in self._venues if not named.isdisjoint(v.words + v.whole_words))

    def rules(self, hits: Hits, venues: set[str]) -> list[Rule]:
        """The rules one of whose anchors was hit, and those of venues, as in the book."""
        numbers: set[int] = set()
        for literal, ends in hits.items():
            if ends and literal in self._by_anchor:
                numbers.update(self._by_anchor[literal])
        for venue in venues:
            numbers.update(self._nameless.get(venue, ()))
        return [self._rules[number] for number in sorted(numbers)]


def _is_valued(rule: Rule) -> bool:
    """Whether Hyperscan looks for the anchors of a rule with their values; those of a venue's rules are its
    names, which are needed wherever they stand."""
    return bool(rule.sought) and not rule.context


def _is_whole(word: bytes, low: bytes) -> bool:
    return re.search(rb"(?<![a-z])%b(?![a-z])" % re.escape(word), low) is not None
