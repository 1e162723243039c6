"""Follows layers into a content: searches each, and joins what they bring with what stands there raw."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from keyguard.scanner.collector import Collector
from keyguard.scanner.content import Content, Searched
from keyguard.scanner.decode.budget import DEPTH, Budget, Exhausted
from keyguard.scanner.decode.hints import ROWS
from keyguard.scanner.decode.registry import reader, recognise
from keyguard.scanner.findings import Finding, Part, Place, Severity
from keyguard.scanner.prefilter import Hits
from keyguard.scanner.sources import Unread

if TYPE_CHECKING:
    from keyguard.scanner.decode.layers import Layers, View

Search = Callable[[Searched, str], tuple[list[Finding], Hits]]
"""Searches one content, given its path: findings, and what of the prefilter's literals was hit."""
_LOOKED_UP = 1_000


class Walk:
    """One file on disk and all that is inside. `hints`: which literals may mean encoded values."""

    def __init__(self, search: Search, hints: frozenset[bytes], budget: Budget) -> None:
        self.search = search
        self.hints = hints
        self.budget = budget
        self.unread: list[Unread] = []
        self._looked_up = 0

    def file(self, data: bytes, path: str) -> tuple[Finding, ...]:
        """All findings of a file, worst first."""
        found = self._content(data, path, 0)
        if not found:
            return ()
        collector = Collector()
        collector.add(_inside(finding, len(path)) for finding in found)
        return collector.findings()

    def _content(self, data: bytes, path: str, depth: int) -> list[Finding]:
        content = Content(data)
        raw, hits = self.search(content, path)
        format_ = recognise(data, path)
        if format_ == "table" and not hits:
            format_ = ""  # prices and trades: no name of any rule stands there, so rows need no joining
        inner: list[Finding] = []
        if format_ and depth >= DEPTH:
            self.unread.append(Unread(path, f"packed more than {DEPTH} deep"))
        elif format_:
            inner += self._layers(reader(format_)(content, path, self.budget), content, path, depth)
        if hits and not ROWS.isdisjoint(hits) and not ROWS.issuperset(hits) and depth < DEPTH:
            from keyguard.scanner.decode import sqldump  # noqa: PLC0415 - for dumps alone

            inner += self._layers(sqldump.read(content, hits, self.budget), content, path, depth)
        if hits and (found := self.hints.intersection(hits)) and depth < DEPTH:
            from keyguard.scanner.decode import encoded  # noqa: PLC0415 - most commits hold nothing encoded

            layers = encoded.read(content, hits, found, self.budget)
            inner += self._layers(layers, content, path, depth)
        return _joined(raw, inner, path) if inner else raw

    def _layers(self, layers: Layers, content: Content, path: str, depth: int) -> list[Finding]:
        from keyguard.scanner.decode.layers import Packed, Problem, View  # noqa: PLC0415 - as its readers

        found: list[Finding] = []
        try:
            for layer in layers:
                match layer:
                    case Packed():
                        found += self._content(layer.data, path + layer.name, depth + 1)
                    case View():
                        found += self._view(layer, content, path, depth)
                    case Problem():
                        self.unread.append(Unread(path + layer.name, layer.reason))
        except Exhausted as end:
            self.unread.append(Unread(path, str(end)))
        return found

    def _view(self, view: View, content: Content, path: str, depth: int) -> list[Finding]:
        raw, hits = self.search(view, path)
        if found := self.hints.intersection(hits):
            # Encoded again inside of a cell, a row or a header: the view is searched like a content, and
            # places lead back through both.
            from keyguard.scanner.decode import encoded  # noqa: PLC0415
            from keyguard.scanner.decode.layers import Packed, View  # noqa: PLC0415

            twice = encoded.read(Content(view.text), hits, found, self.budget)
            for layer in twice:
                if isinstance(layer, Packed) and depth < DEPTH:
                    raw = [*raw, *self._content(layer.data, path + layer.name, depth + 1)]
                elif isinstance(layer, View):
                    again, _ = self.search(_Through(layer, view), path)
                    raw = _joined(raw, again, path)
        return [self._located(finding, content) for finding in raw]

    def _located(self, finding: Finding, content: Content) -> Finding:
        """The same with offsets of values that stand in the content though the reader could not say where
        (rows of a database)."""
        parts = [self._at(part, content) for part in finding.parts]
        return finding._replace(parts=tuple(parts))

    def _at(self, part: Part, content: Content) -> Part:
        place = part.place
        if place.start or place.end or self._looked_up >= _LOOKED_UP:
            return part
        self._looked_up += 1
        value = part.value.reveal().encode("utf-8", "replace")
        at = content.data.find(value)
        if at < 0:
            return part
        return part._replace(place=place._replace(start=at, end=at + len(value)))


class _Through:
    """A view of a view."""

    def __init__(self, view: View, below: View) -> None:
        self.text = view.text
        self._view, self._below = view, below

    def line(self, offset: int) -> int:
        return self._view.line(offset)

    def place(self, start: int, end: int, path: str) -> Place:
        inner = self._view.place(start, end, path)
        return self._below.place(inner.start, inner.end, path)


def _joined(raw: Iterable[Finding], inner: list[Finding], path: str) -> list[Finding]:
    """Findings inside, and those of the raw bytes that do not stand for the same.

    The same credential, or other values read from the same bytes: what was decoded is what they mean,
    unless the raw bytes gave more parts, or a rule that knows the encoded form finds it at least as grave.
    """
    names = {finding.fingerprint: len(finding.parts) for finding in inner}
    spans = sorted(_spans(inner, path), key=lambda span: span[:2])
    kept: list[Finding] = []
    beaten: set[int] = set()
    for finding in raw:
        same = names.get(finding.fingerprint, 0)
        if same and len(finding.parts) <= same:
            continue
        rivals = set() if same else {number for part in finding.parts for number in _over(part.place, spans)}
        if not all(_outranks(finding, inner[number]) for number in rivals):
            continue
        beaten |= rivals
        kept.append(finding)
    return [*(finding for number, finding in enumerate(inner) if number not in beaten), *kept]


def _outranks(raw: Finding, decoded: Finding) -> bool:
    order = list(Severity)
    mine, theirs = order.index(raw.severity), order.index(decoded.severity)
    return mine < theirs or (mine == theirs and raw.rule == decoded.rule)


def _spans(findings: list[Finding], path: str) -> Iterable[tuple[int, int, int]]:
    """Start and end in the raw bytes, and which finding it is."""
    for number, finding in enumerate(findings):
        for part in finding.parts:
            if "!/" not in part.place.path[len(path) :] and part.place.end:
                yield part.place.start, part.place.end, number


def _over(place: Place, spans: list[tuple[int, int, int]]) -> Iterable[int]:
    at = bisect_left(spans, (place.end, 0, 0))
    return [n for low, high, n in spans[max(0, at - 8) : at] if low < place.end and place.start < high]


def _inside(finding: Finding, length: int) -> Finding:
    """The same with `inside` set in every place that is deeper than the file itself."""

    def told(place: Place) -> Place:
        return place._replace(inside=place.path[length:]) if len(place.path) > length else place

    if all(len(part.place.path) <= length for part in finding.parts) and not finding.seen:
        return finding
    parts = tuple(part._replace(place=told(part.place)) for part in finding.parts)
    return finding._replace(parts=parts, seen=tuple(map(told, finding.seen)))
