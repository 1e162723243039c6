"""Findings: what somebody has to look at, and how it ended.

A finding is named by what it is about, so the same thing seen again is the same finding. No text of it holds
a secret.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from keyguard.core.keys import Origin
from keyguard.core.policy import Level


class Kind(enum.Enum):
    """What it is about."""

    PERSON = "person"
    CONTRACT = "contract"
    DILIGENCE = "diligence"
    GRANT = "grant"
    LEASE = "lease"  # a process goes on with a key it would not get any more
    APPROVAL = "approval"
    EXCEPTION = "exception"
    EXPIRY = "expiry"
    SCOPES = "scopes"
    ADDRESSES = "addresses"
    ACCOUNT = "account"
    DISABLED = "disabled"
    UNOBSERVED = "unobserved"  # nobody asked the venue about the key for long
    REFUSED = "refused"  # the venue refuses the key
    UNKNOWN_KEY = "unknown_key"  # a key at the venue that nobody registered
    DRIFT = "drift"
    LEAK = "leak"
    REVIEW = "review"  # of grants: due, waiting, or what it left to do
    WORKFLOW = "workflow"  # stands still and needs a person
    DUE = "due"  # to be rotated by the policy, which only a person can do
    USE = "use"  # a hand-out that a rule on use was hit by
    INCIDENT = "incident"
    LOG = "log"  # an agent's log contradicts what it said before


RADAR = frozenset(
    {
        *(Kind.PERSON, Kind.CONTRACT, Kind.DILIGENCE, Kind.GRANT, Kind.LEASE, Kind.APPROVAL, Kind.EXCEPTION),
        Kind.REVIEW,
        *(Kind.EXPIRY, Kind.SCOPES, Kind.ADDRESSES, Kind.ACCOUNT, Kind.DISABLED, Kind.UNOBSERVED),
        *(Kind.WORKFLOW, Kind.INCIDENT),
    }
)
"""Read off what is stored: such a finding is over as soon as it does not hold any more. DRIFT, LEAK,
DUE, USE and LOG were seen once and stay until somebody ends them; REFUSED and UNKNOWN_KEY hold until the
venue says otherwise."""


class State(enum.Enum):
    """The life of a finding."""

    OPEN = "open"
    ACCEPTED = "accepted"  # by a person, with a reason and until a day
    ADOPTED = "adopted"  # the key was registered
    ROTATED = "rotated"  # the version it was about is not in use any more
    CLOSED = "closed"  # it does not hold any more, or a person has seen to it


STANDING = frozenset({State.OPEN, State.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at. `at`: since or from when, UTC. `command` mends it or shows more.

    `subject` is what a person calls it (a key's name, a person's id, a path); `detail` tells it from others
    of the same kind and subject and is not shown. `version` is the key version it is about, "" for none.
    """

    kind: Kind
    level: Level
    subject: str
    text: str
    at: datetime
    command: str
    origin: Origin = Origin.DECLARED
    detail: str = ""
    version: str = ""

    @property
    def id(self) -> str:
        """`fi_` and twelve hex digits of what it is about."""
        text = "\0".join(("keyguard watch 1", self.kind.value, self.subject, self.detail))
        return "fi_" + hashlib.sha256(text.encode()).hexdigest()[:12]

    def order(self) -> tuple[int, datetime, str]:
        """The worst first, then by time."""
        return (list(Level).index(self.level), self.at, self.subject)


@dataclass(frozen=True, slots=True)
class Finding:
    """An item with its life. `since`: open since; `changed_at`: when its state became what it is.

    `reason` and `by` are a person's word for accepting or closing it; `until`: the end of accepting.
    """

    id: str
    item: Item
    state: State
    since: datetime
    changed_at: datetime
    reason: str = ""
    by: str = ""
    until: datetime | None = None

    def accepted(self, now: datetime) -> bool:
        """Whether it is accepted, and that has not ended."""
        return self.state is State.ACCEPTED and (self.until is None or now < self.until)


def seen(before: Finding | None, item: Item, now: datetime) -> Finding:
    """What becomes of a finding when its item is seen (again).

    One that was accepted stays so until its end, unless it has become worse; one that was over opens anew.
    """
    if before is not None:
        order = list(Level)
        worse = order.index(item.level) < order.index(before.item.level)
        if before.state is State.OPEN or (before.accepted(now) and not worse):
            return replace(before, item=item)
    return Finding(item.id, item, State.OPEN, now, now)


def is_news(before: Finding | None, after: Finding) -> bool:
    """Whether people do not know of it yet: it opened, or became another level."""
    return before is None or (before.state, before.item.level) != (after.state, after.item.level)


def ended(before: Finding, state: State, now: datetime, *, by: str = "", reason: str = "") -> Finding:
    """The finding, over."""
    return replace(before, state=state, changed_at=now, by=by, reason=reason, until=None)


def accepted(before: Finding, now: datetime, *, by: str, reason: str, until: datetime) -> Finding:
    """The finding, accepted by a person until a day."""
    return replace(before, state=State.ACCEPTED, changed_at=now, by=by, reason=reason, until=until)
