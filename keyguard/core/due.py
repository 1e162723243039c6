"""Which keys are due for rotation and why, what the firm's policy says of each, and what may begin now. Pure.

The configuration's `[rotation]` says it (docs/rotation.md); `core/due_config.py` reads that.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from keyguard.core.danger import rank
from keyguard.core.expiry import Deadline
from keyguard.core.findings import Kind
from keyguard.core.keys import Environment, Key, Origin, Scope
from keyguard.core.windows import Window


class Cause(enum.Enum):
    """Why a key is due, the most pressing first."""

    LEAK = "leak"
    LEAVER = "leaver"
    EXPIRY = "expiry"
    IDLE = "idle"
    FINDING = "finding"
    AGE = "age"


YOUNGEST = timedelta(days=1)
"""A younger version is not replaced by schedule without a person: a policy by which a key is due as soon as
it is new must not keep a venue busy."""

URGENT = frozenset({Cause.LEAK, Cause.LEAVER})
"""Somebody who should not may have the key: these wait for no window and no order within the account."""

_WORDS = {Cause.LEAK: "leak", Cause.LEAVER: "leaver", Cause.FINDING: "suspicion"}


class OnLeak(enum.Enum):
    """What happens by itself when a held key, secret included, is found in a watched folder."""

    ALERT = "alert"
    ROTATE = "rotate"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one key. A span of None: that makes no key due.

    `findings`: kinds of open findings that make a key due. `overlap`: how long processes with the old key may
    run on after a rotation; `leak_overlap` after one for a leak.
    """

    auto: bool = False
    max_age: timedelta | None = timedelta(days=90)
    before_expiry: timedelta | None = timedelta(days=14)
    before_idle: timedelta | None = timedelta(days=3)
    leaver: bool = True
    findings: tuple[str, ...] = (Kind.LEAK.value,)
    overlap: timedelta = timedelta(minutes=10)
    on_leak: OnLeak = OnLeak.ALERT
    leak_overlap: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which keys something holds for: by patterns with `*` and `?`, one of each kind."""

    venues: tuple[str, ...] = ("*",)
    desks: tuple[str, ...] = ("*",)
    keys: tuple[str, ...] = ("*",)

    def holds(self, key: Key) -> bool:
        """Whether this key is one of them; `keys` are compared with `venue/desk/label`."""
        wanted = ((key.venue, self.venues), (key.desk, self.desks), (key.name, self.keys))
        return all(any(fnmatchcase(value, one) for one in patterns) for value, patterns in wanted)


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """The firm's policy. Later `exceptions` win; a key that no window names may be rotated at any time.

    `at_once`: rotations that run by themselves at the same time, in all and at one venue.
    """

    rule: Rule = field(default_factory=Rule)
    exceptions: tuple[tuple[Chosen, Mapping[str, Any]], ...] = ()
    windows: tuple[tuple[Chosen, Window], ...] = ()
    at_once: int = 2
    at_once_venue: int = 1

    def of(self, key: Key) -> Rule:
        """What holds for this key."""
        rule = self.rule
        for chosen, members in self.exceptions:
            if chosen.holds(key):
                rule = replace(rule, **members)
        return rule

    def opens(self, key: Key, now: datetime) -> datetime:
        """When a scheduled rotation of this key may begin: `now` inside a window, or where there is none."""
        return min((w.opens(now) for chosen, w in self.windows if chosen.holds(key)), default=now)

    @property
    def automatic(self) -> bool:
        """Whether anything may happen by itself."""
        tables = [{"auto": self.rule.auto, "on_leak": self.rule.on_leak}, *(m for _, m in self.exceptions)]
        return any(t.get("auto") or t.get("on_leak", OnLeak.ALERT) is not OnLeak.ALERT for t in tables)


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `at`: since when, or for an end when that comes (UTC)."""

    cause: Cause
    at: datetime
    text: str
    origin: Origin = Origin.REPORTED


@dataclass(frozen=True, slots=True)
class Due:
    """A key that is due. `reasons` are sorted, the most pressing first; `scopes` None: nobody knows what it
    can do, so it is taken for the worst. `since`: the version in use came then. `workflow`: one of the key
    that is under way, "" for none."""

    key: Key
    version: str
    reasons: tuple[Reason, ...]
    rule: Rule
    scopes: Scope | None
    since: datetime
    workflow: str = ""

    @property
    def urgent(self) -> bool:
        """Whether it waits for nothing."""
        return self.reasons[0].cause in URGENT

    @property
    def managing(self) -> bool:
        """Whether other keys may depend on it."""
        return self.scopes is None or Scope.MANAGE_KEYS in self.scopes

    @property
    def why(self) -> str:
        """The reason in the words of KGA/1 §5.3."""
        return _WORDS.get(self.reasons[0].cause, "schedule")

    @property
    def overlap_s(self) -> int:
        """How long processes with the old key may run on."""
        leaked = self.reasons[0].cause is Cause.LEAK
        return int((self.rule.leak_overlap if leaked else self.rule.overlap).total_seconds())


@dataclass(frozen=True, slots=True)
class Busy:
    """A key with a workflow that is driven now. `managing` as of `Due`."""

    key: Key
    managing: bool


def scheduled(rule: Rule, born: datetime, deadlines: Iterable[Deadline], now: datetime) -> tuple[Reason, ...]:
    """What of age and ends makes a key due that is in use since `born`."""
    found = []
    if rule.max_age is not None and now - born >= rule.max_age:
        text = f"{(now - born).days} days old; {rule.max_age.days} are allowed"
        found.append(Reason(Cause.AGE, born + rule.max_age, text))
    for end in deadlines:
        before = rule.before_idle if end.idle else rule.before_expiry
        if before is not None and end.at - before <= now:
            cause = Cause.IDLE if end.idle else Cause.EXPIRY
            text = f"{'expired' if end.at <= now else 'expires'} {end.at:%Y-%m-%d %H:%M} UTC: {end.rule}"
            found.append(Reason(cause, end.at, text, end.origin))
    return tuple(found)


def in_order(due: Iterable[Due]) -> tuple[Due, ...]:
    """Worst first: real money, what presses, what a thief could do, since when. A key that manages others
    comes after the other keys of its venue, unless it is urgent: their rotations are signed by it."""
    worst_first = sorted(due, key=_order)
    managers = [one for one in worst_first if one.managing and not one.urgent]
    rest = [one for one in worst_first if one not in managers]
    for manager in managers:
        last = max((n for n, one in enumerate(rest) if one.key.venue == manager.key.venue), default=-1)
        rest.insert(last + 1 if last >= 0 else _place(rest, manager), manager)
    return tuple(rest)


def may_begin(
    due: Sequence[Due], under_way: Sequence[Busy], policy: RotationPolicy, now: datetime
) -> tuple[Due, ...]:
    """Those of the due keys (as `in_order` has them) whose rotation may begin by itself now.

    A managing key is rotated alone at its venue, after those that are due there. A scheduled rotation waits
    for its window, unless the key would end before that opens.
    """
    busy = list(under_way)
    chosen: list[Due] = []
    waiting: set[str] = set()  # venues where a key that is due has not begun
    for one in due:
        venue = one.key.venue
        there = [other for other in busy if other.key.venue == venue]
        alone = one.managing and (there or (venue in waiting and not one.urgent))
        kept_waiting = any(other.managing for other in there)
        young = not one.urgent and now - one.since < YOUNGEST
        if not one.rule.auto or one.workflow or young or not _in_time(one, policy, now):
            continue
        if len(busy) >= policy.at_once or len(there) >= policy.at_once_venue or alone or kept_waiting:
            waiting.add(venue)
            continue
        chosen.append(one)
        busy.append(Busy(one.key, one.managing))
    return tuple(chosen)


def _in_time(one: Due, policy: RotationPolicy, now: datetime) -> bool:
    opens = policy.opens(one.key, now)
    ends = [r.at for r in one.reasons if r.cause in (Cause.EXPIRY, Cause.IDLE)]
    return one.urgent or opens <= now or any(end <= opens for end in ends)


def _order(one: Due) -> tuple[object, ...]:
    first = one.reasons[0]
    play = one.key.environment is not Environment.LIVE
    return (play, list(Cause).index(first.cause), rank(one.scopes), first.at, one.key.name)


def _place(rest: Sequence[Due], one: Due) -> int:
    return next((n for n, other in enumerate(rest) if _order(other) > _order(one)), len(rest))
