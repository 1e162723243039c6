"""Incidents and freezes: what went wrong, what was done when, and which hand-outs stop meanwhile.

An incident is a list of events that only grows; how far it has come is read off them. Nothing here holds a
secret, and nothing tells whether a suspicious transaction was reported: whoever may read the log would be
tipped off (KGA/1 §5.3).
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, replace
from datetime import datetime

from keyguard.core.keys import Key


class Kind(enum.Enum):
    """What happened. `KEY_DIED`: the venue ended a key and nobody here did."""

    LEAK = "leak"
    SUSPECTED_SHARING = "suspected_sharing"
    VENUE_NOTICE = "venue_notice"
    KEY_DIED = "key_died"
    LOST_DEVICE = "lost_device"
    MISUSE = "misuse"
    OTHER = "other"


class Stage(enum.Enum):
    """How far a venue has gone against a key it suspects (the steps DAXA announced on 2026-05-28)."""

    MONITORING = "monitoring"
    WARNING = "warning"
    REVERIFY = "reverify"
    FORCED_EXPIRY = "forced_expiry"
    UNKNOWN = "unknown"


class Step(enum.Enum):
    """What an event of an incident says. The first six are the way an incident goes."""

    DETECTED = "detected"
    FROZEN = "frozen"
    REVOKED = "revoked"
    CONTAINED = "contained"
    PRESERVED = "preserved"
    NOTIFIED = "notified"
    OPENED = "opened"
    LOOKED = "looked"  # a person has looked: keys may be issued anew
    RECEIVED = "received"  # a notice of the venue
    REPLIED = "replied"
    RESULT = "result"
    STAGE = "stage"
    NOTE = "note"
    THAWED = "thawed"
    CLOSED = "closed"


WAY = (Step.DETECTED, Step.FROZEN, Step.REVOKED, Step.CONTAINED, Step.PRESERVED, Step.NOTIFIED)
"""The times an incident is measured by."""


@dataclass(frozen=True, slots=True)
class Event:
    """`at`: when it happened, as far as known; `noted_at`: when it was written down. Both UTC."""

    step: Step
    at: datetime
    noted_at: datetime
    by: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """`keys` and `venues` are ids, `names` what the keys were called then (a key may be forgotten since); a
    venue's log tells of those of its own alone.

    `trigger` names what opened it by itself, "" where a person did: one trigger opens one incident, ever.
    `deadline` None: not known. `reference`: what the venue calls its notice.
    """

    id: str
    kind: Kind
    keys: tuple[str, ...]
    venues: tuple[str, ...]
    how: str
    detected_at: datetime
    opened_at: datetime
    opened_by: str
    names: tuple[str, ...] = ()
    trigger: str = ""
    stage: Stage | None = None
    deadline: datetime | None = None
    reference: str = ""
    events: tuple[Event, ...] = ()
    closed_at: datetime | None = None
    cause: str = ""
    outcome: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return self.closed_at is None

    @property
    def unseen(self) -> bool:
        """Whether it opened by itself and no person has looked yet: its keys are not issued anew."""
        return self.open and bool(self.trigger) and self.first(Step.LOOKED) is None

    def first(self, step: Step) -> datetime | None:
        """When a step was reached first; None if it was not."""
        return min((event.at for event in self.events if event.step is step), default=None)

    def reached(self) -> dict[Step, datetime | None]:
        """When each step of the way was reached."""
        return {step: self.first(step) for step in WAY}

    def with_event(self, event: Event) -> Incident:
        """The incident with one more event."""
        return replace(self, events=(*self.events, event))

    def timeline(self) -> tuple[Event, ...]:
        """All events by when they happened; what was noted first comes first of the same instant."""
        return tuple(sorted(self.events, key=lambda event: (event.at, event.noted_at)))


class Scope(enum.Enum):
    """What a freeze is about."""

    KEY = "key"
    DESK = "desk"
    VENUE = "venue"
    PERSON = "person"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Freeze:
    """No hand-out of what it names from `since` until it is thawed.

    `subject` is a key's id, a desk, a venue, a person's id as records name them, or "" of ALL. `incident`:
    the one it belongs to, "" for none.
    """

    id: str
    scope: Scope
    subject: str
    since: datetime
    by: str
    reason: str
    incident: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_why: str = ""

    @property
    def stands(self) -> bool:
        """Whether it holds on."""
        return self.ended_at is None

    def covers(self, key: Key, person: str) -> bool:
        """Whether it keeps this key from this person."""
        named = {
            Scope.KEY: key.id,
            Scope.DESK: key.desk,
            Scope.VENUE: key.venue,
            Scope.PERSON: person,
            Scope.ALL: "",
        }
        return self.stands and named[self.scope] == self.subject

    def reaches(self, key: Key) -> bool:
        """Whether it keeps this key from somebody."""
        return self.stands and (self.scope is Scope.PERSON or self.covers(key, ""))


@dataclass(frozen=True, slots=True)
class Report:
    """A report that is kept so that it can be shown later. `document` is JSON text."""

    id: str
    kind: str
    subject: str
    at: datetime
    document: str


def may_replace(old: Incident | Freeze, new: Incident | Freeze) -> bool:
    """Whether `new` may stand where `old` stood: an end stays, and no event is taken back."""
    if isinstance(old, Freeze):
        return old == new or old.stands
    assert isinstance(new, Incident)
    return old == new or (old.open and new.events[: len(old.events)] == old.events)


_REPORTS_OF_SUSPICION = re.compile(
    r"suspicious[\s_-]*(transaction|activity)|\b(STR|SAR|FIU)s?\b|(?i:\bgoaml\b)|의심\s*거래|금융정보분석원"
)


def tells_of_report(text: str) -> bool:
    """Whether a text speaks of a report of a suspicious transaction, which no record may do."""
    return _REPORTS_OF_SUSPICION.search(text) is not None
