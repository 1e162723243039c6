"""The firm's own keys, looked for exactly: whole or in fragments, plain or in the usual encodings.

Every form of a secret is cut into pieces of eight bytes, one after the other. Any fragment of sixteen
holds at least one of them whole, wherever it begins; so a search for the pieces (by the prefilter, in one
pass over the content, 2,000 MB/s with 3,300 pieces) misses none, and comparing around a hit gives no
false alarm. Of a PEM only what is private counts: its header is the same for everybody, and the modulus
stands in the public key too.

Secrets are held in memory and nowhere else; a finding holds what stood in the content.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from keyguard.core.secret import Secret
from keyguard.scanner.content import Searched
from keyguard.scanner.excerpt import Excerpts
from keyguard.scanner.findings import Finding, Owned, Part, Severity
from keyguard.scanner.fingerprint import fingerprint
from keyguard.scanner.pem_ranges import private_texts
from keyguard.scanner.prefilter import Prefilter
from keyguard.scanner.rulebook import Rule

FRAGMENT = 16
"""Characters of a secret that are reported when they stand alone."""
SHORTEST = 8
"""A shorter value is not looked for, nor one of few different characters: they stand in innocent places."""
RULE = "known.key"
_PIECE = 8
_LOWER = re.compile(rb"%[0-9A-F]{2}")
_DISTINCT = 3
_LEAST_DISTINCT = 6
_SEEN = 50

DESCRIPTION = Rule(
    id=RULE,
    title="One of the firm's own keys",
    why="It stands in keyguard's store, so it is in use: rotate it at once.",
    venue="",
    field="secret",
    severity=Severity.HIGH,
    anchors=(),
    expression=b"(?P<secret>)",
    min_entropy=0.0,
    reach=0,
    longest=0,
    context=False,
    alone=True,
    validate="",
    trusted=False,
    last=0,
    rank=0,
    references=(),
    found=(),
    ignored=(),
)
"""How reports describe such findings; it is never run as a pattern."""


@dataclass(frozen=True, slots=True)
class KnownValue:
    """One value of the firm's own: `field` is key, secret, passphrase or private_key (PEM)."""

    owned: Owned
    venue: str
    field: str
    value: Secret


@dataclass(frozen=True, slots=True)
class _Form:
    """One way a value may be written. A run of `least` bytes of it is enough; `caseless`: hex."""

    number: int
    text: bytes
    least: int
    caseless: bool


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    whole: bool


class KnownKeys:
    """Looks for known values in contents. `unsearched` names what cannot be told from ordinary text."""

    def __init__(self, values: Iterable[KnownValue]) -> None:
        self._values: list[KnownValue] = []
        self.unsearched: list[str] = []
        self._pieces: defaultdict[bytes, list[tuple[_Form, int]]] = defaultdict(list)
        for value in values:
            self._add(value)
        self._prefilter = Prefilter(frozenset(self._pieces))

    def findings(self, content: Searched, path: str) -> tuple[Finding, ...]:
        """One finding for each key version that stands in a content, in whole or in part."""
        spans: defaultdict[int, set[_Span]] = defaultdict(set)
        for piece, ends in self._prefilter.hits(content.text).items():
            for form, offset in self._pieces[piece]:
                done = -1
                for end in ends:
                    if end > done and (span := _match(content.text, form, offset, end - _PIECE)):
                        spans[form.number].add(span)
                        done = span.end
        if not spans:
            return ()
        versions: defaultdict[tuple[str, int], dict[int, list[_Span]]] = defaultdict(dict)
        for number, found in spans.items():
            owned = self._values[number].owned
            versions[owned.name, owned.version][number] = _widest(found)
        return tuple(self._finding(content, path, found) for found in versions.values())

    def _add(self, value: KnownValue) -> None:
        number = len(self._values)
        self._values.append(value)
        cut = [self._cut(form) for form in _forms(number, value)]
        if not any(cut):
            owned = value.owned
            self.unsearched.append(f"{owned.name} version {owned.version}: {value.field.replace('_', ' ')}")

    def _cut(self, form: _Form) -> bool:
        """Note the pieces of a form; False if none says anything ("xxxxxxxx")."""
        last = len(form.text) - _PIECE
        telling = [
            at for at in range(0, last + 1, _PIECE) if len(set(form.text[at : at + _PIECE])) >= _DISTINCT
        ]
        for at in telling:
            self._pieces[form.text[at : at + _PIECE].lower()].append((form, at))
        return bool(telling)

    def _finding(self, content: Searched, path: str, found: dict[int, list[_Span]]) -> Finding:
        order = sorted(found, key=lambda n: (self._values[n].field == "key", n))
        shades = [(s.start, s.end, self._values[n].field) for n in order for s in found[n]]
        excerpts = Excerpts(content, shades)
        parts, seen = [], []
        for number in order:
            first, *others = found[number]
            text = content.text[first.start : first.end].decode("utf-8", "replace")
            place = content.place(first.start, first.end, path)
            excerpt = excerpts.around(first.start, first.end)
            parts.append(Part(self._values[number].field, Secret(text), place, RULE, excerpt))
            seen += [content.place(span.start, span.end, path) for span in others[:_SEEN]]
        value = self._values[order[0]]
        return Finding(
            rule=RULE,
            title=_title(value, whole=found[order[0]][0].whole),
            venue=value.venue,
            severity=_severity(value.owned, {part.field for part in parts}),
            parts=tuple(parts),
            fingerprint=fingerprint(value.venue, value.field, value.value.reveal()),
            seen=tuple(seen),
            owned=value.owned,
        )


def joined(own: tuple[Finding, ...], others: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings of one content: what a rule found where a known key stands is that key."""
    spans = [(place.start, place.end) for f in own for place in (*(p.place for p in f.parts), *f.seen)]
    kept = []
    for finding in others:
        places = [part.place for part in finding.parts]
        if not any(place.start < end and start < place.end for place in places for start, end in spans):
            kept.append(finding)
    return (*own, *kept)


def _forms(number: int, known: KnownValue) -> Iterator[_Form]:
    if known.field == "private_key":
        for text in private_texts(known.value.reveal()):
            yield from _encoded(number, text, fragments=True)
        return
    text = known.value.reveal()
    if len(text) >= SHORTEST and len(set(text)) >= _LEAST_DISTINCT:
        yield from _encoded(number, text, fragments=known.field != "key")


def _encoded(number: int, text: str, *, fragments: bool) -> Iterator[_Form]:
    """The value as it is, in base64 at all three alignments, in hex, URL- and JSON-escaped."""
    raw = text.encode()
    escaped = json.dumps(text)[1:-1]
    plain = {raw, quote(text, safe="").encode(), escaped.encode(), escaped.replace("/", "\\/").encode()}
    plain.add(quote(text).encode())
    plain |= {_LOWER.sub(lambda match: match[0].lower(), form) for form in plain}
    plain |= {raw.replace(b"+", sign) for sign in (b"\\u002b", b"\\u002B")}  # as .NET writes JSON
    for form in sorted(plain):
        yield _form(number, form, FRAGMENT if fragments else len(form))
    for alignment in range(3):
        whole = base64.b64encode(bytes(alignment) + raw)
        inner = whole[-(-8 * alignment // 6) : 8 * (alignment + len(raw)) // 6]
        for form in sorted({inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}):
            yield _form(number, form, FRAGMENT * 8 // 6 - 1 if fragments else len(form))
    yield _form(number, raw.hex().encode(), 2 * FRAGMENT if fragments else 2 * len(raw), caseless=True)


def _form(number: int, text: bytes, least: int, *, caseless: bool = False) -> _Form:
    return _Form(number, text, min(least, len(text)), caseless)


def _match(text: bytes, form: _Form, offset: int, at: int) -> _Span | None:
    """The longest run of a form around a piece of it that was hit at `at`; None if it is too short."""
    low, high = max(0, at - offset), min(len(text), at - offset + len(form.text))
    window, own = text[low:high], form.text[low - (at - offset) : high - (at - offset)]
    if form.caseless:
        window, own = window.lower(), own.lower()
    if window == own and len(own) == len(form.text):
        return _Span(low, high, whole=True)
    left = right = at - low
    while left > 0 and window[left - 1] == own[left - 1]:
        left -= 1
    while right < len(window) and window[right] == own[right]:
        right += 1
    run = window[left:right]
    if right - left < form.least or right < at - low + _PIECE or len(set(run)) < _LEAST_DISTINCT:
        return None
    return _Span(low + left, low + right, whole=False)


def _widest(spans: set[_Span]) -> list[_Span]:
    """Disjoint spans, whole values first, then longer fragments, then by place."""
    kept: list[_Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
        elif span.end > kept[-1].end:
            kept[-1] = dataclasses.replace(kept[-1], end=span.end, whole=kept[-1].whole or span.whole)
    return sorted(kept, key=lambda s: (not s.whole, s.start - s.end, s.start))


def _title(value: KnownValue, *, whole: bool) -> str:
    field = "key id" if value.field == "key" else value.field.replace("_", " ")
    return f"{'' if whole else 'fragment of the '}{field} of your key {value.owned.name}"


def _severity(owned: Owned, fields: set[str]) -> Severity:
    if owned.status == "dead" or fields == {"key"}:
        return Severity.LOW
    return Severity.CRITICAL if "key" in fields and fields & {"secret", "private_key"} else Severity.HIGH
