"""Which rules and venues a content concerns, so that hundreds of others cost nothing for it."""

from __future__ import annotations

import re
from collections import defaultdict

from keyguard.scanner.literals import Hits
from keyguard.scanner.rulebook import Rule, Rulebook


class Index:
    """A rulebook by literal. `literals` is all that decides whether anything else looks at a content; of
    `valued`, expressions with the literals that begin their matches, see `prefilter`. `named`: the
    expressions that rules for named values ask for when their venue occurs."""

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
        self._in_path = re.compile(b"|".join(either)) if either else None
        plain = {anchor.lower() for rule in book.rules if not _is_valued(rule) for anchor in rule.anchors}
        self.literals = frozenset(plain | words | whole | set(self._claiming) | set(book.allow))
        self.valued = {rule.sought: rule.anchors for rule in book.rules if _is_valued(rule)}
        self.named = frozenset(rule.sought for rule in book.rules if rule.called and rule.sought)

    def claims(self, hits: Hits, path: str) -> set[str]:
        """Venues a whole file belongs to: by an import in it, or by its path."""
        claimed = {self._claiming[word] for word in hits if word in self._claiming}
        low = path.lower().encode("utf-8", "surrogateescape")
        if self._in_path and self._in_path.search(low):
            named = {match[0] for match in self._in_path.finditer(low)}
            claimed.update(v.id for v in self._venues if not named.isdisjoint(v.words + v.whole_words))
        return claimed

    def rules(self, hits: Hits, claimed: set[str]) -> list[Rule]:
        """The rules one of whose anchors was hit, or whose venue claims the file, as in the book."""
        numbers: set[int] = set()
        for literal, ends in hits.items():
            if ends and literal in self._by_anchor:
                numbers.update(self._by_anchor[literal])
        for venue in claimed:
            numbers.update(self._nameless.get(venue, ()))
        return [self._rules[number] for number in sorted(numbers)]


def _is_valued(rule: Rule) -> bool:
    """Whether Hyperscan looks for the anchors of a rule with their values; those of a venue's rules are its
    names, which are needed wherever they stand."""
    return bool(rule.sought) and not rule.context
