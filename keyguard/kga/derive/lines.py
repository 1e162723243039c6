"""Disclosed records of all logs in one order, and the period they are asked about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from keyguard.core import canonical
from keyguard.core.record import Record
from keyguard.core.slots import FIRM


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open: `since` is in it, `until` is not. Both are instants as records spell them, which compare
    as texts in the order of time. `tz` names the zone in which people read them."""

    since: str
    until: str
    tz: str = "UTC"

    def __contains__(self, instant: str) -> bool:
        return self.since <= instant < self.until

    def meets(self, start: str, end: str | None) -> bool:
        """Whether the half-open span from `start` to `end` (None: open) shares an instant with it."""
        return start < self.until and (end is None or end > self.since)


@dataclass(frozen=True, slots=True)
class Line:
    """One record of one log."""

    log_id: str
    record: Record
    at: str = field(init=False, compare=False)
    """Its instant as text, made once: it is compared again and again."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", canonical.format_instant(self.record.t))


def in_order(lines: Iterable[Line]) -> list[Line]:
    """By time, log, stream (the firm's first) and place: the same for everybody who sorts them.

    The specification's (t, log_id, n) leaves open which of two streams of one log goes first.
    """
    return sorted(lines, key=_place)


def _place(line: Line) -> tuple[str, str, bool, str, int]:
    record = line.record
    return line.at, line.log_id, record.stream != FIRM, record.stream, record.n


def seconds(start: str, end: str) -> int:
    """Whole seconds from one instant to another, rounded down."""
    return (canonical.parse_instant(end) - canonical.parse_instant(start)) // timedelta(seconds=1)


def days(start: str, end: str) -> int:
    """Whole days from one instant to another, rounded down."""
    return seconds(start, end) // 86_400
