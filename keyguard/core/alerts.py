"""Alerts: what somebody has to know now, and when to say it, say it again, or say it louder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import Enum, IntEnum


class Urgency(IntEnum):
    """How soon a person has to look. CRITICAL does not wait for the end of quiet hours."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that is wrong. `kind` and `subject` together tell it from others: the same again is not
    said again. No text of it holds a secret."""

    kind: str
    subject: str
    urgency: Urgency
    title: str
    text: str

    @property
    def id(self) -> str:
        """What tells it from others, and what a person names to acknowledge it."""
        return f"{self.kind}:{self.subject}"


@dataclass(frozen=True, slots=True)
class Told:
    """What has been said of an alert. Instants are UTC; None: not yet."""

    since: datetime
    last: datetime | None = None
    times: int = 0
    escalated: datetime | None = None
    acknowledged: datetime | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """An alert and what came of telling it. `missed`: channels that did not take it when last tried."""

    alert: Alert
    told: Told
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` to `end` by the clock of `zone`; over midnight where the end is the earlier one."""

    begin: time
    end: time
    zone: tzinfo

    def holds(self, now: datetime) -> bool:
        """Whether an instant lies within."""
        at = now.astimezone(self.zone).time()
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


@dataclass(frozen=True, slots=True)
class Manners:
    """When to speak. `repeat`: how long until an alert that still holds is said again."""

    repeat: timedelta = timedelta(hours=4)
    escalate_after: timedelta = timedelta(minutes=30)
    quiet: QuietHours | None = None


class Next(Enum):
    """What to do about an alert now."""

    SAY = "say"
    ESCALATE = "escalate"
    WAIT = "wait"


def held_back(alert: Alert, manners: Manners, now: datetime) -> bool:
    """Whether an alert waits for the end of quiet hours."""
    return alert.urgency < Urgency.CRITICAL and manners.quiet is not None and manners.quiet.holds(now)


def what_next(alert: Alert, told: Told | None, manners: Manners, now: datetime) -> Next:
    """Decide; `told` is None for an alert nobody was told of.

    An alert of HIGH or more that nobody acknowledged is escalated once. Quiet hours hold back everything
    but CRITICAL; it is said when they end, if it still holds then.
    """
    if told is not None and told.acknowledged is not None:
        return Next.WAIT
    if held_back(alert, manners, now):
        return Next.WAIT
    if told is None or told.last is None:
        return Next.SAY
    unheard = alert.urgency >= Urgency.HIGH and told.escalated is None
    if unheard and now - told.since >= manners.escalate_after:
        return Next.ESCALATE
    return Next.SAY if now - told.last >= manners.repeat else Next.WAIT
