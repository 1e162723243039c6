"""From literals that were hit to values that pass every test of their rule."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge

from keyguard.scanner.content import Content
from keyguard.scanner.placeholder import entropy, is_placeholder, is_placeholder_block
from keyguard.scanner.prefilter import Hits
from keyguard.scanner.rulebook import CONTEXT_REACH, Rule, Rulebook

BEHIND = 4
"""A name that follows a value claims it as if it stood this many times as far away."""
NEXT_LINE = 400
"""Added to that when it stands on a later line."""
OUTSIDE = 800
"""Added to the distance of a name in another object: a brace that was closed, or opened, lies between."""
_NAME_BEFORE = re.compile(rb"[\w.-]{0,40}\Z")
_ROLES = re.compile(r"api|key|secret|access|client|private|public|open|id|[^a-z0-9]")


@dataclass(slots=True)
class Work:
    """What a scan did, in counts."""

    contents: int = 0
    bytes: int = 0
    runs: int = 0
    run_bytes: int = 0
    allowed: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that passed its rule's tests. `stem` is its name without words that tell the field.

    `distance` is how far its venue's name stands away (0: in the value's own name).
    """

    rule: Rule
    value: str
    start: int
    end: int
    stem: str
    distance: int


@dataclass(frozen=True, slots=True)
class Region:
    """Where a pattern may begin to match."""

    start: int
    end: int


def regions(hits: Hits, anchors: tuple[bytes, ...], reach: int, size: int) -> Iterator[Region]:
    """The parts of a content within `reach` of an anchor, ascending, without overlap."""
    spans = [((end - len(a) - reach, end + reach) for end in hits[a]) for a in anchors if a in hits]
    start = stop = -1
    for low, high in merge(*spans):
        if low > stop:
            if stop >= 0:
                yield Region(start, min(stop, size))
            start = max(low, 0)
        stop = max(stop, high)
    if stop >= 0:
        yield Region(start, min(stop, size))


class Confirmer:
    """Runs the exact patterns of `rules` over one content, which belongs to the venues in `whole`.

    `elsewhere` finds names without rules, when first needed.
    """

    def __init__(
        self,
        book: Rulebook,
        rules: list[Rule],
        content: Content,
        whole: set[str],
        hits: Hits,
        elsewhere: Callable[[bytes], Hits],
        work: Work,
    ) -> None:
        self._book = book
        self._rules = rules
        self._content = content
        self._hits = hits
        self._find_elsewhere = elsewhere
        self._elsewhere: Hits | None = None
        self._work = work
        self._whole = whole
        self._allowed = {content.line(end) for marker in book.allow for end in hits.get(marker, ())}

    def candidates(self) -> list[Candidate]:
        """All values found, best explanation first where several rules claim the same bytes."""
        found = [candidate for rule in self._rules for candidate in self._of(rule)]
        found.sort(key=lambda c: (c.rule.context, c.distance, c.rule.rank, c.start))
        taken = _Taken()
        kept = [candidate for candidate in found if taken.take(candidate.start, candidate.end)]
        return sorted(kept, key=lambda c: c.start)

    def _of(self, rule: Rule) -> Iterator[Candidate]:
        size = len(self._content.text)
        if rule.context and rule.venue in self._whole:
            where: Iterator[Region] = iter([Region(0, size)])
        else:
            where = regions(self._hits, rule.anchors, rule.reach, size)
        pattern = rule.pattern
        for region in where:
            # Beyond the region a match may still end, and what follows it must be seen.
            stop = min(region.end + rule.longest + 1, size)
            self._work.runs += 1
            self._work.run_bytes += stop - region.start
            for match in pattern.finditer(self._content.text, region.start, stop):
                if match.start() > region.end or (match.end() == stop and stop < size):
                    break
                candidate = self._check(rule, match)
                if candidate:
                    yield candidate

    def _check(self, rule: Rule, match: re.Match[bytes]) -> Candidate | None:
        start, end = match.span("secret")
        value = match["secret"].decode("utf-8", "replace")
        words = self._book.placeholders
        tested = is_placeholder_block if rule.field == "private_key" else is_placeholder
        if entropy(value) < rule.min_entropy or tested(value, words):
            return None
        begin = match.start()
        before = _NAME_BEFORE.search(self._content.text, max(0, begin - 40), begin)
        begin = before.start() if before else begin
        distance = self._distance(rule.venue, begin, start, end) if rule.context else 0
        if distance is None:
            return None
        if self._allowed and not self._allowed.isdisjoint(
            (self._content.line(start), self._content.line(end))
        ):
            self._work.allowed += 1
            return None
        name = match["name"] if "name" in match.re.groupindex else b""
        prefix = self._content.text[begin : match.start()]
        stem = _ROLES.sub("", (prefix + name).decode("ascii", "replace").lower())
        return Candidate(rule, value, start, end, stem, distance)

    def _distance(self, venue: str, begin: int, start: int, end: int) -> int | None:
        """How far the venue's name is from a nameless value; None when the value is not this venue's."""
        nearest: dict[str, int] = {}
        for other in self._book.venues:
            nearest[other.id] = self._nearest(self._hits, other.words, begin, start, end)
        own = nearest.pop(venue)
        if venue in self._whole:
            # A name or an import claimed the file: only another venue with rules of its own, and nearer,
            # takes a value out of it.
            rival = min(nearest.values(), default=CONTEXT_REACH)
            return None if rival < min(own, CONTEXT_REACH) else min(own, CONTEXT_REACH)
        if own > CONTEXT_REACH:
            return None
        if self._elsewhere is None:
            self._elsewhere = self._find_elsewhere(self._content.text)
        nearest[""] = self._nearest(self._elsewhere, self._book.elsewhere, begin, start, end)
        return None if min(nearest.values()) < own else own

    def _nearest(self, hits: Hits, words: tuple[bytes, ...], begin: int, start: int, end: int) -> int:
        """Distance of the nearest word, beyond any reach if there is none. One inside the value is none."""
        best = CONTEXT_REACH + 1
        for word in words:
            ends = hits.get(word)
            if not ends:
                continue
            before = bisect_right(ends, start)
            if before:
                best = min(best, self._before(ends[before - 1], begin))
            after = bisect_left(ends, end + len(word))
            if after < len(ends):
                best = min(best, self._behind(start, end, ends[after] - len(word)))
        return best

    def _before(self, word_end: int, begin: int) -> int:
        distance = max(0, begin - word_end)
        if distance > CONTEXT_REACH:
            return distance
        between = self._content.text[word_end:begin]
        closed, opened = between.find(b"}"), between.find(b"{")
        return distance + (OUTSIDE if closed >= 0 and not 0 <= opened < closed else 0)

    def _behind(self, start: int, end: int, word_start: int) -> int:
        """What follows on the same line may be its comment; on later lines it may end an object
        ("name" after "secret"), but more often it begins the next section."""
        distance = BEHIND * (word_start - end)
        if distance > CONTEXT_REACH:
            return distance
        between = self._content.text[end:word_start]
        opened, closed = between.count(b"{"), between.count(b"}")
        if b"\n" in between:
            if b"\n[" in between or _indent(between) < _indent(
                self._content.text[max(0, start - 400) : start]
            ):
                return CONTEXT_REACH + 1
            distance += NEXT_LINE
        return distance + (OUTSIDE if opened != closed else 0)


def _indent(text: bytes) -> int:
    """How far the last line of a text is indented."""
    line = text[text.rfind(b"\n") + 1 :]
    return len(line) - len(line.lstrip())


class _Taken:
    """Disjoint spans, in order."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def take(self, start: int, end: int) -> bool:
        """Take a span unless part of it is taken."""
        at = bisect_right(self._starts, start)
        if at and self._ends[at - 1] > start:
            return False
        if at < len(self._starts) and self._starts[at] < end:
            return False
        self._starts.insert(at, start)
        self._ends.insert(at, end)
        return True
