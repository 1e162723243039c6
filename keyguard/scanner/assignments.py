"""Names that tell what their values are ("apiKey", "SECRET"), with their values, near names of venues.

One pass finds them for the rules of all venues, however many there are.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keyguard.scanner.context import Region
from keyguard.scanner.rulebook import LONG, Names
from keyguard.scanner.work import Work

_NAME = re.compile(rb"[\w.-]*")
_LONGEST_NAME = 40
_VALUE = re.compile(rb"[^\s\"'`<>,;\\]{6,200}")
_WORD = re.compile(rb"[a-z_+/=-]{%d,}+(?![\w+/=-])" % LONG)
_MARGIN = 300
"""Beyond a region, what a name may need for the rest of itself and all up to its value."""


@dataclass(frozen=True, slots=True)
class Named:
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
        for match in opening.finditer(text[region.start : stop].lower()):
            begin, start = region.start + match.start("name"), region.start + match.end()
            if begin > region.end:
                break
            value = _VALUE.match(text, start)
            if value is None:
                continue
            begin = name_start(text, begin)
            name = text[begin : region.start + match.end("name")]
            called = _class_of(name.lower(), classes)
            # What is sought is never a word, so that with and without Hyperscan the same is found.
            if called and (called == "passphrase" or not _WORD.match(text, start)):
                yield Named(name, called, begin, start, value.end())


def name_start(text: bytes, end: int) -> int:
    """Where the name begins that reaches up to `end`, at most 40 bytes before. Read backwards: looked for
    forwards, each of its characters would be tried as its beginning."""
    before = _NAME.match(text[max(0, end - _LONGEST_NAME) : end][::-1])
    return end - before.end() if before else end


@functools.lru_cache(4_096)
def _class_of(name: bytes, classes: tuple[tuple[str, re.Pattern[bytes]], ...]) -> str:
    """Of "secrets.okx.apiKey" the last word counts; of "okx.secret.key" the last two."""
    words = name.rsplit(b".", 2)
    own = words[-1]
    if own == b"key" and len(words) > 1 and words[-2] in (b"secret", b"private", b"api-secret"):
        own = words[-2] + own
    return next((called for called, holds in classes if holds.search(own)), "")


@functools.cache
def _compiled(
    names: Names,
) -> tuple[re.Pattern[bytes], tuple[tuple[str, re.Pattern[bytes]], ...]]:
    return re.compile(names.opening), tuple((called, re.compile(holds)) for called, holds in names.classes)
