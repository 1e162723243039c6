"""Names that tell what their values are ("apiKey", "SECRET"), with their values, near names of venues.

One pass finds them for the rules of all venues, however many there are.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from keyguard.scanner.context import Region
from keyguard.scanner.lazily import pattern
from keyguard.scanner.literals import Hits
from keyguard.scanner.rulebook import LONG, Names
from keyguard.scanner.work import Work

_NAME = pattern(rb"[\w.-]*")
_LONGEST_NAME = 40
_VALUE = pattern(rb"[^\s\"'`<>,;\\]{6,200}")
_WORD = pattern(rb"[a-z_+/=-]{%d,}+(?![\w+/=-])" % LONG)
_LITERAL = pattern(rb"[\"'`][\w+/=-]{%d}" % LONG)
_MARGIN = 300
"""Beyond a region, what a name may need for the rest of itself and all up to its value."""


class Named(NamedTuple):
    """A name, the class of values it says it has, and where it and its value stand."""

    name: bytes
    called: str
    begin: int
    start: int
    end: int


def assignments(names: Names, text: bytes, where: Iterable[Region], work: Work) -> Iterator[Named]:
    """Every telling name that begins in a region, with its value."""
    opening, classes = _compiled(names)
    for region in where:
        stop = min(region.end + _MARGIN, len(text))
        work.runs += 1
        work.run_bytes += stop - region.start
        # In lower case, so that the expression needs no flag that would cost it its fast start.
        part = text[region.start : stop].lower()
        for match in opening.finditer(part):
            begin, start = region.start + match.start("name"), region.start + match.end()
            if begin > region.end:
                break
            value = _VALUE.match(text, start)
            if value is None:
                continue
            begin = name_start(text, begin)
            name = text[begin : region.start + match.end("name")]
            kind = _class_of(name, classes)
            # What is sought is never a word, so that with and without Hyperscan the same is found.
            if kind and (kind == "passphrase" or not _WORD.match(text, start)):
                yield Named(name, kind, begin, start, value.end())


def signed(names: Names, text: bytes, hits: Hits, work: Work) -> Iterator[Named]:
    """What calls sign with that begin at hits."""
    signing = _signing(names) if any(word in hits for word in names.signs) else None
    if signing is None:
        return
    for word in names.signs:
        for end in hits.get(word, ()):
            begin = end - len(word)
            if not _LITERAL.search(text, end, end + _MARGIN // 2):
                continue
            work.runs += 1
            work.run_bytes += _MARGIN
            match = signing.match(text[begin : begin + _MARGIN].lower())
            value = _VALUE.match(text, begin + match.end()) if match else None
            if value and not _WORD.match(text, value.start()):
                yield Named(b"", "secret", name_start(text, begin), value.start(), value.end())


def name_start(text: bytes, end: int) -> int:
    """Where the name begins that reaches up to `end`, at most 40 bytes before. Read backwards: looked for
    forwards, each of its characters would be tried as its beginning."""
    before = _NAME.match(text[max(0, end - _LONGEST_NAME) : end][::-1])
    return end - before.end() if before else end


def called(names: Names, name: bytes) -> str:
    """The class of values that a name says it has, "" none."""
    return _class_of(name, _compiled(names)[1])


@functools.lru_cache(4_096)
def _class_of(name: bytes, classes: tuple[tuple[str, re.Pattern[bytes]], ...]) -> str:
    """What a name says its value is, "" nothing. Of "secrets.okx.apiKey" the last word counts, of
    "okx.secret.key" the last two, of "okx.secret.key.hedge" the last that says anything."""
    words = name.lower().split(b".")
    for number in range(len(words) - 1, -1, -1):
        own = words[number]
        if own == b"key" and number and words[number - 1] in (b"secret", b"private", b"api-secret"):
            own = words[number - 1] + own
        kind = next((kind for kind, holds in classes if holds.search(own)), None)
        if kind is not None:
            return kind
    return ""


@functools.cache
def _compiled(
    names: Names,
) -> tuple[re.Pattern[bytes], tuple[tuple[str, re.Pattern[bytes]], ...]]:
    return re.compile(names.opening), tuple((kind, re.compile(holds)) for kind, holds in names.classes)


@functools.cache
def _signing(names: Names) -> re.Pattern[bytes]:
    return re.compile(names.signing)
