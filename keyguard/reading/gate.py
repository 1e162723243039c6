"""The safety gate of KGA/1 §13: what a finished export must not hold. Pure: bytes in, hits out.

Looks at every entry as it is and as it reads (`views`): streams and text of the PDF, parts of the workbook,
payloads of envelopes. A hit never quotes what was found.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from keyguard.core.secret import Secret
from keyguard.kga.bundle import READING
from keyguard.reading import fonts, words
from keyguard.reading.needles import SHORTEST, Form, Needles, spellings
from keyguard.reading.pdf_views import Unreadable
from keyguard.reading.views import View, views
from keyguard.reading.whole_words import WholeWords

Scan = Callable[[str, bytes], Iterable[tuple[str, str]]]
"""The scanner's rules over one text: the rule and the text it found, for each hit."""

_HEX = re.compile(r"[0-9a-f]{32,}")
_PSEUDONYM = re.compile(r"[a-z]{1,2}_[0-9a-f]{16,20}")
_PEM_LINE = re.compile(r"-----[A-Z ]+-----|\s+")
_COMMON_START = ((88, 22), (1 << 30, 48))
"""Base64 characters of a private key that are the same for all of its kind, by the length of the whole."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value that must stay hidden; `name` says which it is, for the operator (`upbit/spot/bot1 secret`)."""

    name: str
    value: Secret


@dataclass(frozen=True, slots=True)
class Guarded:
    """What the agent knows of the firm.

    `secrets`: secrets, pass-phrases, private keys (PEM too): no 12 characters of them may stand anywhere.
    `key_ids`: access keys of all venues: not as a whole.
    `other_ids`: accounts, fingerprints, pseudonyms, parties, slot salts, evidence digests of other venues;
    `own_ids`: those of the recipient, which may have equal ones (an account's name). `other_names` and
    `own_names`: how the firm's venues are called. All four empty for an auditor.
    """

    secrets: tuple[Hidden, ...] = ()
    key_ids: tuple[Hidden, ...] = ()
    other_ids: frozenset[str] = frozenset()
    own_ids: frozenset[str] = frozenset()
    other_names: frozenset[str] = frozenset()
    own_names: frozenset[str] = frozenset()

    @property
    def unsearched(self) -> tuple[str, ...]:
        """Names of values too short to tell from ordinary text."""
        return tuple(one.name for one in (*self.secrets, *self.key_ids) if len(one.value) < SHORTEST)


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """Why the export must not leave: entry, place within it, rule (`secret`, `key id`, `other venue`,
    `tipping off`, `unreadable`, or a scanner's), and which value or word."""

    entry: str
    place: str
    rule: str
    what: str


@dataclass(frozen=True, slots=True)
class _Gate:
    needles: Needles
    names: WholeWords
    foreign: frozenset[str]
    short_ids: WholeWords
    tipping: tuple[WholeWords, ...]
    scan: Scan | None
    hashes: frozenset[str]
    template: frozenset[str]


def check(entries: Mapping[str, bytes], guarded: Guarded, scan: Scan | None = None) -> tuple[Hit, ...]:
    """All reasons to stop, sorted; empty if the export may leave."""
    names = WholeWords(guarded.other_names | guarded.own_names)
    gate = _Gate(
        Needles(_forms(guarded)),
        names,
        frozenset(one.casefold() for one in guarded.other_names - guarded.own_names),
        WholeWords(one for one in guarded.other_ids - guarded.own_ids if len(one) < _LONG),
        _tipping(),
        scan,
        _hash_values(entries),
        frozenset(names.found(words.own_text())),
    )
    found: set[Hit] = set()
    for entry, data in entries.items():
        try:
            for view in views(entry, data):
                found.update(Hit(entry, view.place, rule, what) for rule, what in _in(view, entry, gate))
        except Unreadable as error:
            found.add(Hit(entry, "", "unreadable", str(error)))
    return tuple(sorted(found))


@cache
def tipping_off() -> tuple[str, ...]:
    """The forbidden words."""
    return tuple(tomllib.loads(fonts.read("tipping_off.toml").decode())["words"])


_LONG = 10


def _forms(guarded: Guarded) -> Iterator[Form]:
    for one in guarded.secrets:
        for value in _private(one.value.reveal()):
            yield from spellings(f"secret\n{one.name}", value, fragments=True)
    for one in guarded.key_ids:
        yield from spellings(f"key id\n{one.name}", one.value.reveal(), fragments=False)
    for id_ in guarded.other_ids - guarded.own_ids:
        if len(id_) >= _LONG:
            text = id_[:16] if _HEX.fullmatch(id_) else id_[:12] if _PSEUDONYM.fullmatch(id_) else id_
            yield Form(f"other venue\n{id_[:12]}", text.encode(), len(text.encode()))


def _private(value: str) -> Iterator[str]:
    """A PEM without its lines and without the start that all keys of a kind share; else the value."""
    if "-----BEGIN" not in value:
        yield value
        return
    body = _PEM_LINE.sub("", value)
    yield body[next(start for length, start in _COMMON_START if len(body) <= length) :]


def _in(view: View, entry: str, gate: _Gate) -> Iterator[tuple[str, str]]:
    for owner in gate.needles.hits(view.data):
        rule, _, name = owner.partition("\n")
        yield rule, name
    if not view.text:
        return
    text = view.data.decode("utf-8", "replace")
    for id_ in gate.short_ids.found(text):
        yield "other venue", id_
    for word in (one for several in gate.tipping for one in several.found(text)):
        yield "tipping off", word
    own = gate.template if entry.startswith(READING) else frozenset()
    for name in gate.names.found(text):
        if name in gate.foreign and name not in own:
            yield "other venue", name
    if gate.scan is not None:
        for rule, said in gate.scan(entry, view.data):
            if said not in gate.hashes and not _PSEUDONYM.fullmatch(said):
                yield rule, "found by the scanner"


def _tipping() -> tuple[WholeWords, WholeWords]:
    """Acronyms as they are written (`str` is no report, `STR` is), all other words in any case."""
    acronyms = {one for one in tipping_off() if one[:2].isupper()}
    return WholeWords(acronyms, any_case=False), WholeWords(set(tipping_off()) - acronyms)


_HASH_MEMBERS = re.compile(
    rb'"(?:[a-z_]*(?:root|sha256|salt|secret)|key|keyid|old|new|other|leaf|priv|chain|table|rotated_from|rotated_to)"'
    rb':"([0-9a-f]{32,64})"'
)
_KEY_MEMBERS = re.compile(rb'"(?:vkey|public_key|sig)":"([0-9A-Za-z+/=]{40,200})"')
_HASH_LISTS = re.compile(rb'"(?:path|frontier|leaves|keys|unknown|rows)":\[([^\]]*)\]')


def _hash_values(entries: Mapping[str, bytes]) -> frozenset[str]:
    """The values that stand where this format has hashes, fingerprints, salts, public keys, signatures."""
    found: set[str] = set()
    for entry, data in entries.items():
        if not entry.endswith((".json", ".jsonl")):
            continue
        try:
            readings = [view.data for view in views(entry, data)]
        except Unreadable:
            continue
        for one in readings:
            for pattern in (_HASH_MEMBERS, _KEY_MEMBERS):
                found.update(match[1].decode() for match in pattern.finditer(one))
            for match in _HASH_LISTS.finditer(one):
                found.update(part.strip('"') for part in match[1].decode("utf-8", "replace").split(","))
    return frozenset(found)
