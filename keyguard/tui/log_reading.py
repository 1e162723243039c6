"""The audit log as the Log screen shows it: bytes as they are kept, read apart when a line is seen."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyguard.core.canonical import parse_instant
from keyguard.core.chain import Stored, Walk
from keyguard.ports.all import Ports
from keyguard.ports.audit import Entry

MOST = 50_000
"""Of a longer log the newest so many are shown; the command line shows all."""
STEP = 4_000
"""Records that are looked through between two keys: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record, read apart."""

    number: int
    at: datetime
    stream: str
    type: str
    body: dict[str, Any]


class Unhurried(Walk):
    """A walk that rests as long as it works: keys have the interpreter to themselves meanwhile."""

    RUN = 100
    """Records between two rests: some milliseconds."""
    REST_S = 0.005

    def __init__(self, sleep: Callable[[float], None]) -> None:
        super().__init__()
        self._sleep = sleep

    def step(self, stored: Stored) -> None:
        """Check the next record; IntegrityError naming it."""
        super().step(stored)
        if not self.count % self.RUN:
            self._sleep(self.REST_S)


@dataclass(frozen=True, slots=True)
class News:
    """Records that follow those that are kept; `anew`: that stand in their place."""

    entries: tuple[Entry, ...]
    anew: bool = False


def news(ports: Ports, kept: Sequence[Entry]) -> News:
    """What came after the records that are kept, and nothing else is read.

    Anew where the first or the last of them is not in the log any more: it was pruned, or is another log.
    """
    if kept:
        first, last = kept
        after = tuple(ports.audit.entries(after=last.number - 1))
        if after and after[0] == last and (first == last or _stands(ports, first)):
            return News(after[1:])
    return News(tuple(ports.audit.entries(after=ports.audit.length() - MOST - 1)), anew=True)


def _stands(ports: Ports, entry: Entry) -> bool:
    return next(ports.audit.entries(after=entry.number - 1), None) == entry


class Kept:
    """The newest `most` records, and those of them that hold what is searched for (`found`).

    A search goes on a `step` at a time, for keys to be answered in between; `found` is what the one before
    found until it is through.
    """

    def __init__(self, most: int = MOST) -> None:
        self.entries: list[Entry] = []
        self.found: list[Entry] = self.entries
        self._most = most
        self._words: Sequence[bytes] = ()
        self._finding: list[Entry] = self.entries
        self._sought = -1

    def take(self, news: News) -> None:
        """Keep these too; `step` tells whether the search goes on among them."""
        if news.anew:
            self.entries.clear()
            self.search(b" ".join(self._words).decode())
        self.entries += news.entries
        del self.entries[: max(len(self.entries) - self._most, 0)]
        if self.entries and self.found is not self.entries:
            del self.found[: bisect_left(self.found, self.entries[0].number, key=_number)]

    def search(self, text: str) -> None:
        """Begin to look for records that hold every word of this; for "" all are found at once."""
        self._words = [word.encode() for word in text.lower().split()]
        self._finding, self._sought = [], -1
        if not self._words:
            self.found = self._finding = self.entries

    def step(self) -> bool:
        """Look through the next records; False when the search is through, and `found` what it found."""
        if self._finding is self.entries:
            return False
        begin = bisect_right(self.entries, self._sought, key=_number)
        part = self.entries[begin : begin + STEP]
        if part:
            self._finding += holding(part, self._words)
            self._sought = part[-1].number
        if begin + STEP < len(self.entries):
            return True
        self.found = self._finding
        return False

    def where(self, number: int) -> int:
        """The index of this record in `found`, -1 for none."""
        index = bisect_left(self.found, number, key=_number)
        return index if index < len(self.found) and self.found[index].number == number else -1


def _number(entry: Entry) -> int:
    return entry.number


def record(entry: Entry) -> Record:
    """Read one apart."""
    told = json.loads(entry.record)
    return Record(entry.number, parse_instant(told["t"]), told["stream"], told["type"], told["body"])


def line(body: dict[str, Any]) -> str:
    """A body in a line."""
    return ", ".join(f"{name}={_value(value)}" for name, value in body.items())


def lines(body: dict[str, Any]) -> list[str]:
    """A body with a line for each of its values."""
    return [f"{name}: {_value(value)}" for name, value in body.items()]


def holding(entries: Sequence[Entry], words: Sequence[bytes]) -> Sequence[Entry]:
    """Those in which every word, in small letters, stands somewhere."""
    for word in words:
        entries = [entry for entry in entries if word in entry.record.lower()]
    return entries


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
