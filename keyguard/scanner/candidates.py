"""From literals that were hit to values that pass every test of their rule."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain, islice
from typing import NamedTuple

from keyguard.scanner.allowances import INLINE, Allowance
from keyguard.scanner.assignments import Named, assignments, called, name_start, signed
from keyguard.scanner.content import Searched
from keyguard.scanner.context import Nearness, Region, common
from keyguard.scanner.lazily import pattern
from keyguard.scanner.listings import Listed, listings
from keyguard.scanner.names import Name
from keyguard.scanner.placeholder import entropy, is_name, is_placeholder, is_placeholder_block, is_words
from keyguard.scanner.prefilter import REACH, Hits, Prefilter, joined, spans
from keyguard.scanner.rulebook import BREAK, Rule, Rulebook, compiled
from keyguard.scanner.validators import VALIDATORS
from keyguard.scanner.work import Work

MOST = 30_000
"""Values looked at in one content, before any are paired. Files that people write hold a few dozen."""
KEY_REACH = 1000
"""Beyond so many bytes a key says nothing of whose a secret is."""
MATES = 2_000
"""The parts of a credential, with their names, stand so near: `pairing.REACH`, and what names take."""
BESIDE = 40
"""In a row of values that nothing calls, the venue's name stands so near, in bytes."""
LISTED = (("key", "secret", "passphrase"), ("secret", "key", "passphrase"))
"""In which orders a credential is listed. Where both fit, the first is meant."""
MAX_REASONS = 1_000
"""Inline allows that are listed one by one; beyond that they are only counted."""
_LONG_WORD = pattern(r"\S{20,}")
_BREAK = BREAK.encode()
# Read backwards from a value: its quotes, what separates it from its name, and the name.
_OBJECT = pattern(rb"[0-9a-f]{40}")
"""What names a commit: two of them beside a venue's name are where its adapter was, sooner than a key."""
_NAMED = pattern(rb"[\\\"'`]{0,3}[ \t]{0,4}(?:>?[:=]{1,2}|,)[ \t]{0,4}[\\\"'`\])}]{0,4}([\w.-]{1,40})")
_ROLES = pattern(
    r"api|key|secret|access|client|private|public|pass(?:phrase|word|wd)?|token|open|id|name|pem|[^a-z0-9]"
)


class Candidate(NamedTuple):
    """A value that passed its rule's tests. `stem` is its name without words that tell the field.

    `distance` is how far its venue's name stands away (0: in the value's own name). `alone`: it is worth
    a report by itself.
    """

    rule: Rule
    value: str
    start: int
    end: int
    stem: str
    distance: int
    alone: bool


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

    `prefilter` finds values, `elsewhere` names without rules, when first needed. Afterwards `whole` tells
    whether all values were looked at: of one content at most `MOST` are.
    """

    def __init__(
        self,
        book: Rulebook,
        rules: list[Rule],
        content: Searched,
        path: str,
        whole: set[str],
        hits: Hits,
        names: list[Name],
        prefilter: Prefilter,
        elsewhere: Prefilter,
        work: Work,
    ) -> None:
        self._book = book
        self._rules = rules
        self._content = content
        self._hits = hits
        self._work = work
        self._whole = whole
        self._path = path
        self._names = names
        self._accepted: set[tuple[int, int]] = set()
        self.whole = True
        self._prefilter = prefilter
        self._elsewhere = elsewhere
        self._made: Nearness | None = None
        self._regions: list[Region] | None = None
        self._taken = _Taken()
        self._ends: dict[bytes, list[int] | None] = {}
        self._allowed = {content.line(end) for marker in book.allow for end in hits.get(marker, ())}

    @property
    def _nearness(self) -> Nearness:
        """Made when first needed: rules with anchors of their own do not ask whose a value is."""
        if self._made is None:
            text = self._content.text
            self._made = Nearness(text, self._names, self._whole, self._elsewhere.hits)
        return self._made

    @property
    def _where(self) -> list[Region]:
        """Where nameless values may belong to a venue."""
        if self._regions is None:
            self._regions = list(self._nearness.regions())
        return self._regions

    def candidates(self) -> list[Candidate]:
        """All values found, best explanation first where several rules claim the same bytes."""
        keys: defaultdict[str, list[int]] = defaultdict(list)
        kept: list[Candidate] = []
        for last in sorted({0, *(rule.last for rule in self._rules)}):
            own = [rule for rule in self._rules if rule.last == last and not rule.called]
            found = self._some(chain.from_iterable(map(self._of, own)), len(kept))
            found += [] if last else self._some(self._named(found), len(kept) + len(found))
            for candidate in sorted(found, key=lambda c: c.start):
                if candidate.rule.field == "key":
                    keys[candidate.rule.venue].append(candidate.start)
            found.sort(key=lambda c: (c.distance, _from_key(c, keys), c.rule.rank, c.start))
            kept += [candidate for candidate in found if self._taken.take(candidate.start, candidate.end)]
        return sorted(kept, key=lambda c: c.start)

    def _some(self, candidates: Iterator[Candidate], before: int) -> list[Candidate]:
        """As many as there may be after so many others."""
        found = list(islice(candidates, max(0, MOST - before)))
        self.whole = self.whole and before + len(found) < MOST
        return found

    def _of(self, rule: Rule) -> Iterator[Candidate]:
        size = len(self._content.text)
        if not rule.reach:
            yield from self._at_anchors(rule)
            return
        near = self._near([rule.sought]) if rule.context else None
        if near is not None and not near:
            return
        if rule.context:
            where: Iterable[Region] = self._where
        else:
            where = regions(self._hits, rule.anchors, rule.reach, size)
        if near is not None:
            where = common(where, near)
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

    def _at_anchors(self, rule: Rule) -> Iterator[Candidate]:
        """What a pattern matches that begins with its anchor."""
        text, pattern, size = self._content.text, None, len(self._content.text)
        sought = [compiled(expression) for expression in rule.sought]
        for anchor in rule.anchors:
            for end in self._hits.get(anchor, ()):
                start = end - len(anchor)
                if sought and not any(each.match(text, start) for each in sought):
                    continue
                pattern = pattern or rule.pattern
                stop = min(start + rule.longest + 1, size)
                self._work.runs += 1
                self._work.run_bytes += stop - start
                match = pattern.match(text, start, stop)
                if match and (match.end() < stop or stop == size):
                    candidate = self._check(rule, match)
                    if candidate:
                        yield candidate

    def _named(self, others: list[Candidate]) -> Iterator[Candidate]:
        """Values whose names tell what they are: found once, then tried on the rules of their venue.

        `others`: what was found without names.
        """
        rules: defaultdict[tuple[str, str], list[Rule]] = defaultdict(list)
        for rule in self._rules:
            for role in rule.called:
                rules[rule.venue, role].append(rule)
        if not rules:
            return
        shapes: dict[str, set[re.Pattern[bytes]]] = {}
        for named in self._values(rules, [(other.start, other.end) for other in others]):
            if named.called not in shapes:
                shapes[named.called] = _shapes(rules, named.called)
            if not any(shape.match(self._content.text, named.start) for shape in shapes[named.called]):
                continue  # no venue's: whose it is need not be asked
            distance, venues = self._nearness.owners(named.begin, named.start, named.end)
            for venue in venues:
                for rule in rules.get((venue, named.called), ()):
                    candidate = self._fitting(rule, named, distance)
                    if candidate and not self._is_allowed(rule, candidate.start, candidate.end):
                        yield candidate

    def _values(
        self, rules: Mapping[tuple[str, str], list[Rule]], others: list[tuple[int, int]]
    ) -> Iterator[Named]:
        """What names, calls and places say to be values, where the rules may take any."""
        names, text = self._book.names, self._content.text
        calls = list(signed(names, text, self._hits, self._work))
        yield from calls
        listed = self._near([(names.listed,)])
        placed = [] if listed == [] else list(self._listed(rules, self._within(listed)))
        yield from placed
        every = [rule for each in rules.values() for rule in each]
        beside = others + [(named.start, named.end) for named in (*calls, *placed)]
        near = self._near_values(every, beside)
        # In "a, b = 1, 2" the last name stands before the first value.
        own = {named.start for named in placed if named.name}
        for named in assignments(names, text, self._within(near), self._work):
            if named.start not in own:
                yield named

    def _near_values(self, rules: list[Rule], beside: list[tuple[int, int]]) -> list[tuple[int, int]] | None:
        """Where a match of a rule may begin; None: anywhere. What is never reported by itself, such as a
        short key, is sought only about others: about `beside`, and about what the other rules seek."""
        first = self._near([rule.sought for rule in rules if rule.alone or rule.alone_named])
        rest = {each for rule in rules for each in rule.sought if each not in self._ends}
        if first is None or not all(rule.sought for rule in rules):
            return None
        if not rest or not (first or beside):
            return first
        around = [(start - MATES, end + MATES) for start, end in sorted(first + beside)]
        where = [(region.start, region.end) for region in common(self._where, joined(around))]
        more = (self._prefilter.ends(expression, self._content.text, where) or () for expression in rest)
        return joined(merge(first, spans(sorted(chain.from_iterable(more)), REACH)))

    def _within(self, near: list[tuple[int, int]] | None) -> Iterable[Region]:
        """The regions of venues, as far as they are near enough."""
        return self._where if near is None else common(self._where, near)

    def _fitting(self, rule: Rule, named: Named, distance: int) -> Candidate | None:
        """A named value that passes its rule's tests."""
        match = compiled(rule.shape if distance else rule.wide).match(self._content.text, named.start)
        if not match:
            return None
        start, end = match.span("secret")
        value = match["secret"].decode("utf-8", "replace")
        if not self._means_it(rule, value, end):
            return None
        alone = (rule.alone or (rule.alone_named and not distance)) and _is_sure(rule, value)
        return Candidate(rule, value, start, end, _stem(named.name), distance, alone)

    def _listed(
        self, rules: Mapping[tuple[str, str], list[Rule]], where: Iterable[Region]
    ) -> Iterator[Named]:
        """Values that their places name, with the class each place gives them."""
        text = self._content.text
        for listed in listings(text, where, self._work):
            if any(listed.names):
                for name, (start, end) in zip(listed.names, listed.spans, strict=True):
                    yield Named(name, called(self._book.names, name), listed.begin, start, end)
                continue
            for number in range(len(listed.spans) - 1):
                if ordered := self._credential(rules, listed, number):
                    for role, (start, end) in zip(ordered, listed.spans[number:], strict=False):
                        yield Named(b"", role, listed.begin, start, end)
                    break

    def _credential(
        self, rules: Mapping[tuple[str, str], list[Rule]], listed: Listed, number: int
    ) -> tuple[str, ...]:
        """Which classes the values of a list have from one on, if it and the next are key and secret of
        the venue that is named there."""
        (start, end), (second, last) = listed.spans[number : number + 2]
        distance, venues = self._nearness.owners(listed.begin, start, last)
        if distance > BESIDE and not listed.telling:
            return ()
        text = self._content.text
        if not listed.telling and _OBJECT.fullmatch(text[start:end]) and _OBJECT.fullmatch(text[second:last]):
            return ()
        for venue in venues:
            for ordered in LISTED:
                both = zip(ordered[:2], ((start, end), (second, last)), strict=True)
                if all(self._is_field(rules, venue, field, span, distance) for field, span in both):
                    return ordered
        return ()

    def _is_field(
        self,
        rules: Mapping[tuple[str, str], list[Rule]],
        venue: str,
        field: str,
        span: tuple[int, int],
        distance: int,
    ) -> bool:
        """Whether a value has the shape of a venue's field, or is what a rule for it finds without a name."""
        value = Named(b"", field, span[0], *span)
        if any(
            self._fitting(rule, value, distance)
            for rule in rules.get((venue, field), ())
            if rule.field == field
        ):
            return True
        text, (start, end) = self._content.text, span
        own = (r for r in self._rules if r.venue == venue and r.field == field and not r.called)
        return any(
            (match := rule.pattern.search(text, max(0, start - 1), end + 1)) and match.span("secret") == span
            for rule in own
        )

    def _near(self, sought: list[tuple[bytes, ...]]) -> list[tuple[int, int]] | None:
        """Where a match may begin that holds what each of some rules seeks; None: anywhere."""
        if not all(sought):
            return None
        every: list[int] = []
        for expression in {each for expressions in sought for each in expressions}:
            if expression not in self._ends:
                where = ((region.start, region.end) for region in self._where)
                self._ends[expression] = self._prefilter.ends(expression, self._content.text, where)
            ends = self._ends[expression]
            if ends is None:
                return None
            every += ends
        return spans(sorted(every), REACH)

    def _check(self, rule: Rule, match: re.Match[bytes]) -> Candidate | None:
        start, end = match.span("secret")
        if rule.last and self._taken.holds(start, end):
            return None
        value = match["secret"].decode("utf-8", "replace")
        if rule.validate:
            part = VALIDATORS[rule.validate](value)
            if part is None:
                return None
            start, end = start + len(value[: part.start].encode()), start + len(value[: part.stop].encode())
            value = value[part]
        if not self._means_it(rule, value, end):
            return None
        text = self._content.text
        name = match["name"] if "name" in match.re.groupindex else b""
        begin = match.start()
        start_of_name = name_start(text, begin)
        name, begin = text[start_of_name:begin] + name, start_of_name
        if not name and (named := _NAMED.match(text[max(0, begin - 60) : begin][::-1])):
            name = named[1][::-1]
        distance = 0
        if rule.context:
            distance, venues = self._nearness.owners(begin, start, end)
            if rule.venue not in venues:
                return None
        if self._is_allowed(rule, start, end):
            return None
        return Candidate(rule, value, start, end, _stem(name), distance, rule.alone and _is_sure(rule, value))

    def _means_it(self, rule: Rule, value: str, end: int) -> bool:
        """Whether the value is random enough, and no placeholder or example of a rule file."""
        if BREAK in value or self._content.text.startswith(_BREAK, end):
            return False
        if value.startswith("-----"):
            return _is_random(rule, value) and not is_placeholder_block(value, self._book.placeholders)
        if rule.trusted:
            return _is_random(rule, value)
        # The secret beside it vouches for a key that looks like a name: see `alone`.
        is_key = rule.field == "key"
        likely = not is_words(value) if is_key else _is_random(rule, value) and not is_name(value)
        return likely and not is_placeholder(value, self._book.placeholders)

    def _is_allowed(self, rule: Rule, start: int, end: int) -> bool:
        if not self._allowed or self._allowed.isdisjoint(
            (self._content.line(start), self._content.line(end))
        ):
            return False
        self._accept(rule, start, end)
        return True

    def _accept(self, rule: Rule, start: int, end: int) -> None:
        """Count a value that an inline marker allows, once however many rules see it."""
        if (start, end) in self._accepted:
            return
        self._accepted.add((start, end))
        self._work.allowed += 1
        if len(self._work.reasons) < MAX_REASONS:
            line = self._content.line(end)
            reason = inline_reason(self._content.text, end, self._book.allow)
            self._work.reasons.append(Allowance(INLINE, reason, rule.id, self._path, line))


def _shapes(rules: Mapping[tuple[str, str], list[Rule]], called: str) -> set[re.Pattern[bytes]]:
    """All that values of a class of names may look like."""
    own = (rule for (_, role), each in rules.items() if role == called for rule in each)
    return {compiled(shape) for rule in own for shape in (rule.shape, rule.wide)}


def _is_random(rule: Rule, value: str) -> bool:
    return entropy(value) >= rule.min_entropy


def _is_sure(rule: Rule, value: str) -> bool:
    """Whether a key is worth a report without its secret: one in a hundred random ones looks like a name."""
    return rule.field != "key" or (_is_random(rule, value) and (rule.trusted or not is_name(value)))


def _from_key(candidate: Candidate, keys: dict[str, list[int]]) -> int:
    """How far a secret stands from its venue's nearest key: of venues that share a name and a shape
    (Coinbase and Coinbase Exchange) the one whose key stands beside it is meant."""
    starts = keys.get(candidate.rule.venue, [])
    if candidate.rule.field == "key" or not starts:
        return 0 if candidate.rule.field == "key" else KEY_REACH
    at = bisect_right(starts, candidate.start)
    return min(KEY_REACH, *(abs(candidate.start - start) for start in starts[max(0, at - 1) : at + 1]))


def inline_reason(text: bytes, end: int, markers: tuple[bytes, ...]) -> str:
    """What follows a marker behind an allowed value, up to the end of its line. Anything in it that could
    be a value itself is left out."""
    newline = text.find(b"\n", end, end + 500)
    behind = text[end : newline if newline >= 0 else end + 500]
    ends = [at + len(m) for m in markers if (at := behind.lower().rfind(m)) >= 0]
    words = behind[max(ends) :].decode("utf-8", "replace") if ends else ""
    words = _LONG_WORD.sub("…", words.strip(" \t\r:-("))
    return words.removesuffix("*/").removesuffix("-->").rstrip(" )")[:200]


def _stem(name: bytes) -> str:
    return _ROLES.sub("", name.decode("ascii", "replace").lower())


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

    def holds(self, start: int, end: int) -> bool:
        """Whether all of a span is in one that was taken."""
        at = bisect_right(self._starts, start)
        return at > 0 and self._ends[at - 1] >= end
