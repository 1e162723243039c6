"""The desk's own rules on use: what is unusual about a hand-out, and what is to be done then.

Pure: a use, the key's history and the rules in, the rules that hit out. What is configured how stands in
`use_config.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import Protocol

from keyguard.core.use_history import History, Seen, Use, knows, others


class Action(IntEnum):
    """What a rule that hits does; of several the greatest counts."""

    ALERT = 1
    APPROVE = 2
    BLOCK = 3


class Check(Protocol):
    """What one kind of rule looks at."""

    def finds(self, use: Use, history: History) -> str:
        """What is unusual, in words that follow "hana uses the key"; "" if nothing is."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `keys`: patterns (`*`, `?`, `[…]`) of `venue/desk/label`, any of which has to fit."""

    name: str
    kind: str
    action: Action
    keys: tuple[str, ...]
    check: Check

    def includes(self, key: str) -> bool:
        """Whether it is about the key of this name."""
        return any(fnmatchcase(key, pattern) for pattern in self.keys)


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that found something, and what, in words for people."""

    rule: Rule
    words: str


def judge(use: Use, history: History, rules: Iterable[Rule]) -> tuple[Hit, ...]:
    """The rules that this use hits, in the order of the rules."""
    asked = ((rule, rule.check.finds(use, history)) for rule in rules if rule.includes(use.key))
    return tuple(Hit(rule, words) for rule, words in asked if words)


def action_of(hits: Iterable[Hit]) -> Action | None:
    """What is to be done; None where nothing was hit."""
    return max((hit.rule.action for hit in hits), default=None)


@dataclass(frozen=True, slots=True)
class OffHours:
    """Outside `begin`–`end` by the clock of `zone` on these days (Monday is 0). An end before the begin lies
    on the day after; the two alike mean the whole day."""

    begin: time
    end: time
    days: frozenset[int]
    zone: tzinfo

    def finds(self, use: Use, history: History) -> str:
        """See Check."""
        local = use.at.astimezone(self.zone)
        at, day = local.time(), local.weekday()
        if self.begin < self.end:
            inside = day in self.days and self.begin <= at < self.end
        else:
            inside = (day in self.days and at >= self.begin) or ((day - 1) % 7 in self.days and at < self.end)
        if inside:
            return ""
        return f"outside the desk's hours, {local:%a %H:%M} {local.tzname() or ''}".rstrip()


@dataclass(frozen=True, slots=True)
class New:
    """What both rules on something new know. `known` never is; in the time `learn` after a key's first
    hand-out nothing is; what was not seen for longer than `remember` is new again (None: never)."""

    known: tuple[str, ...] = ()
    learn: timedelta = timedelta()
    remember: timedelta | None = None

    def learning(self, use: Use, history: History) -> bool:
        """Whether there is nothing to compare with yet."""
        return history.first is None or use.at - history.first < self.learn


@dataclass(frozen=True, slots=True)
class NewExecutable:
    """By a program that did not use the key before; with `content`, also by one whose bytes are others."""

    new: New = New()
    content: bool = False

    def finds(self, use: Use, history: History) -> str:
        """See Check."""
        if self.new.learning(use, history) or use.executable in self.new.known:
            return ""
        program = use.executable or "a program nobody could name"
        if not knows(history.executables, use.executable, use.at, self.new.remember):
            return f"by {program}, for the first time{_again(self.new.remember)}"
        if self.content and not knows(history.contents, use.sha256, use.at, self.new.remember):
            return f"by {program}, whose content has changed"
        return ""


@dataclass(frozen=True, slots=True)
class NewHost:
    """From a host that did not use the key before."""

    new: New = New()

    def finds(self, use: Use, history: History) -> str:
        """See Check."""
        if self.new.learning(use, history) or use.where in self.new.known:
            return ""
        if knows(history.hosts, use.host, use.at, self.new.remember):
            return ""
        return f"from the host {use.where}, for the first time{_again(self.new.remember)}"


@dataclass(frozen=True, slots=True)
class NewAddress:
    """From a host that calls venues from an address from which the key was not used before, or from one that
    nobody declared. The first declared address of a key is not new: there is nothing to compare with."""

    new: New = New()

    def finds(self, use: Use, history: History) -> str:
        """See Check."""
        if self.new.learning(use, history):
            return ""
        if not use.addresses:
            return f"from the host {use.where}, whose address nobody has declared"
        fresh = [address for address in use.addresses if self._is_new(address, use, history)]
        if not fresh or not history.addresses:
            return ""
        return f"from the address {fresh[0]} of {use.where}, for the first time{_again(self.new.remember)}"

    def _is_new(self, address: str, use: Use, history: History) -> bool:
        if address in self.new.known:
            return False
        return not knows(history.addresses, address, use.at, self.new.remember)


@dataclass(frozen=True, slots=True)
class Dormant:
    """After a time without any hand-out."""

    after: timedelta

    def finds(self, use: Use, history: History) -> str:
        """See Check."""
        if history.last is None or use.at - history.last <= self.after:
            return ""
        return f"after {span_words(use.at - history.last)} in which nobody did"


@dataclass(frozen=True, slots=True)
class Rate:
    """More than `most` hand-outs of a key `within` a time, this one counted."""

    most: int
    within: timedelta

    def finds(self, use: Use, history: History) -> str:
        """See Check."""
        if history.since(use.at - self.within) < self.most:
            return ""
        return f"more than {self.most} times within {span_words(self.within)}"


@dataclass(frozen=True, slots=True)
class TwoPersons:
    """Though another person used it `within` a time."""

    within: timedelta

    def finds(self, use: Use, history: History) -> str:
        """See Check."""
        return _another(others(history.persons, use.person, use.at - self.within), use.at)


@dataclass(frozen=True, slots=True)
class TwoParties:
    """Though people of another company used it `within` a time; who belongs nowhere known counts for none."""

    within: timedelta

    def finds(self, use: Use, history: History) -> str:
        """See Check."""
        if use.party is None:
            return ""
        return _another(others(history.parties, use.party, use.at - self.within), use.at)


@dataclass(frozen=True, slots=True)
class TwoOrganisations:
    """Though it was used from another organisation's addresses `within` a time; what nobody declared counts
    for none."""

    within: timedelta

    def finds(self, use: Use, history: History) -> str:
        """See Check."""
        if use.organisation is None:
            return ""
        found = others(history.organisations, use.organisation, use.at - self.within)
        if not found:
            return ""
        ago = span_words(max(use.at - found[0].at, timedelta()))
        return f"from {use.organisation}'s addresses, though it was used from {found[0].shown}'s {ago} ago"


@dataclass(frozen=True, slots=True)
class ContractEnd:
    """When the contract by which the person works here has ended, or ends within `ahead`."""

    ahead: timedelta = timedelta()

    def finds(self, use: Use, history: History) -> str:
        """See Check."""
        if use.contract_end is None or use.at + self.ahead < use.contract_end:
            return ""
        ends = "ended" if use.contract_end <= use.at else "ends"
        return f"though the contract with {use.party or 'their company'} {ends} {use.contract_end:%Y-%m-%d}"


def span_words(span: timedelta) -> str:
    """A time in its largest unit, rounded down: `36 h` is `1 d`."""
    seconds = int(span.total_seconds())
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _again(remember: timedelta | None) -> str:
    return f" in {span_words(remember)}" if remember else ""


def _another(found: list[Seen], at: datetime) -> str:
    if not found:
        return ""
    return f"though {found[0].shown} used it {span_words(max(at - found[0].at, timedelta()))} ago"
