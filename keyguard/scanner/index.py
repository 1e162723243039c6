"""Which rules and venues a content concerns, so that hundreds of others cost nothing for it."""

from __future__ import annotations

import re
from collections import defaultdict

from keyguard.scanner.lazily import pattern
from keyguard.scanner.literals import Hits
from keyguard.scanner.rulebook import Rule, Rulebook


class Index:
    """A rulebook by literal. `literals` is all that decides whether anything else looks at a content."""

    def __init__(self, book: Rulebook) -> None:
        self._rules = book.rules
        self._by_anchor: defaultdict[bytes, list[int]] = defaultdict(list)
        self._nameless: defaultdict[str, list[int]] = defaultdict(list)
        for number, rule in enumerate(book.rules):
            for anchor in rule.anchors:
                self._by_anchor[anchor].append(number)
            if rule.context:
                self._nameless[rule.venue].append(number)
        self._venues = book.venues
        self._claiming = {word: venue.id for venue in book.venues for word in venue.file_words}
        words = {word for venue in book.venues for word in venue.words}
        whole = {word for venue in book.venues for word in venue.whole_words}
        either = [re.escape(word) for word in sorted(words)]
        either += [rb"(?<![a-z])%b(?![a-z])" % re.escape(word) for word in sorted(whole)]
        self._path_words = words | whole
        self._in_path = pattern(b"|".join(either))
        anchors = {anchor.lower() for anchor in self._by_anchor}
        self.literals = frozenset(anchors | words | whole | set(self._claiming) | set(book.allow))

    def claims(self, hits: Hits, path: str) -> set[str]:
        """Venues a whole file belongs to: by an import in it, or by its path."""
        claimed = {self._claiming[word] for word in hits if word in self._claiming}
        low = path.lower().encode("utf-8", "surrogateescape")
        if any(word in low for word in self._path_words):  # few paths hold one: a start need not compile them
            named = {match[0] for match in self._in_path.finditer(low)}
            claimed.update(v.id for v in self._venues if not named.isdisjoint(v.words + v.whole_words))
        return claimed

    def rules(self, hits: Hits, claimed: set[str]) -> list[Rule]:
        """The rules one of whose anchors was hit, or whose venue claims the file, as in the book."""
        numbers: set[int] = set()
        for literal in hits:
            numbers.update(self._by_anchor.get(literal, ()))
        for venue in claimed:
            numbers.update(self._nameless.get(venue, ()))
        return [self._rules[number] for number in sorted(numbers)]
