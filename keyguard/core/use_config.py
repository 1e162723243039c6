"""The tables `[[use_rule]]` and `[[egress]]` of a home's configuration (docs/use-rules.md)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import time, timedelta, tzinfo
from ipaddress import ip_address
from typing import Any

from keyguard.core.use_history import RECENT, Egress
from keyguard.core.use_rules import (
    Action,
    Check,
    ContractEnd,
    Dormant,
    New,
    NewAddress,
    NewExecutable,
    NewHost,
    OffHours,
    Rate,
    Rule,
    TwoOrganisations,
    TwoParties,
    TwoPersons,
)

ZoneOf = Callable[[str], tzinfo]
"""A time zone by its IANA name; raises LookupError or ValueError for one that is not known."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"([0-9]{1,9})([smhd])")
_LONGEST = timedelta(days=36_500)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def rules(tables: Sequence[Mapping[str, Any]], zone_of: ZoneOf) -> tuple[Rule, ...]:
    """The rules of these tables; ValueError says which table is wrong and why."""
    made: list[Rule] = []
    for number, table in enumerate(tables, 1):
        try:
            rule = _rule(_Members(table), zone_of)
            if any(rule.name == other.name for other in made):
                raise ValueError(f"there are two of the name {rule.name!r}: give them names")
        except ValueError as error:
            raise ValueError(f"use_rule {number}: {error}") from None
        made.append(rule)
    return tuple(made)


def egress(tables: Sequence[Mapping[str, Any]]) -> dict[str, Egress]:
    """Host -> its egress; ValueError says which table is wrong and why."""
    made: dict[str, Egress] = {}
    for number, table in enumerate(tables, 1):
        members = _Members(table)
        try:
            host = members.text("host")
            if host in made:
                raise ValueError(f"there are two of the host {host!r}")
            made[host] = Egress(members.addresses("addresses"), members.optional("organisation"))
            members.end()
        except ValueError as error:
            raise ValueError(f"egress {number}: {error}") from None
    return made


class _Members:
    """A table from which each member is taken once; what is left over nobody knows."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._left = dict(table)

    def take(self, name: str, default: Any = None) -> Any:
        value = self._left.pop(name, default)
        if value is None:
            raise ValueError(f"{name} is missing")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        value = self.take(name, default)
        if not isinstance(value, str) or not value:
            raise ValueError(f"{name} is a text")
        return value

    def texts(self, name: str, default: Sequence[str] | None) -> tuple[str, ...]:
        """One text or a list of them."""
        value = self.take(name, default)
        values = (value,) if isinstance(value, str) else value
        if not isinstance(values, list | tuple) or not all(isinstance(v, str) and v for v in values):
            raise ValueError(f"{name} is a text or a list of texts")
        return tuple(values)

    def span(self, name: str, default: str | None = None) -> timedelta:
        found = _SPAN.fullmatch(self.text(name, default))
        span = timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else None
        if span is None or span > _LONGEST:
            raise ValueError(f'{name} is a time such as "90s", "15m", "12h" or "30d"')
        return span

    def within(self) -> timedelta:
        span = self.span("within")
        if not span:
            raise ValueError("within is longer than nothing")
        return span

    def at(self, name: str) -> time:
        found = _CLOCK.fullmatch(self.text(name))
        if found is None:
            raise ValueError(f'{name} is a time of day such as "08:30"')
        return time(int(found[1]), int(found[2]))

    def optional(self, name: str) -> str | None:
        """A text, None where it is left out."""
        return self.text(name) if name in self._left else None

    def addresses(self, name: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """One IP address or a list of them, each in its usual form; none only where `default` says so."""
        texts = self.texts(name, default)
        try:
            found = tuple(str(ip_address(text)) for text in texts)
        except ValueError:
            raise ValueError(f'{name} is an address such as "203.0.113.7", or a list of them') from None
        if not found and default is None:
            raise ValueError(f"{name} names none")
        return found

    def new(self) -> New:
        remember = self.span("remember", "0s")
        return New(self.texts("known", ()), self.span("learn", "0s"), remember or None)

    def end(self) -> None:
        if self._left:
            raise ValueError(f"nothing is known of {sorted(self._left)[0]!r}")


def _rule(members: _Members, zone_of: ZoneOf) -> Rule:
    kind = members.text("kind")
    if kind not in _CHECKS:
        raise ValueError(f"kind is one of {', '.join(_CHECKS)}")
    action = members.text("action")
    if action not in _ACTIONS:
        raise ValueError(f"action is one of {', '.join(_ACTIONS)}")
    keys, name = members.texts("keys", ("*",)), members.text("name", kind)
    if not keys:
        raise ValueError("keys names none")
    check = _CHECKS[kind](members, zone_of)
    members.end()
    return Rule(name, kind, _ACTIONS[action], keys, check)


def _off_hours(members: _Members, zone_of: ZoneOf) -> Check:
    name = members.text("zone", "UTC")
    try:
        zone = zone_of(name)
    except (LookupError, ValueError):
        raise ValueError(f'zone is a name such as "Asia/Seoul", and this system knows no {name!r}') from None
    days = members.texts("days", DAYS)
    if not days or not set(days) <= set(DAYS):
        raise ValueError(f"days are of {', '.join(DAYS)}")
    return OffHours(members.at("from"), members.at("until"), frozenset(map(DAYS.index, days)), zone)


def _new_executable(members: _Members, zone_of: ZoneOf) -> Check:
    content = members.take("content", False)
    if not isinstance(content, bool):
        raise ValueError("content is true or false")
    return NewExecutable(members.new(), content)


def _new_address(members: _Members, zone_of: ZoneOf) -> Check:
    known = members.addresses("known", ())
    return NewAddress(replace(members.new(), known=known))


def _rate(members: _Members, zone_of: ZoneOf) -> Check:
    most = members.take("most")
    if type(most) is not int or not 0 < most <= RECENT:
        raise ValueError(f"most is a whole number from 1 to {RECENT}")
    return Rate(most, members.within())


_ACTIONS = {action.name.lower(): action for action in Action}
_CHECKS: dict[str, Callable[[_Members, ZoneOf], Check]] = {
    "off_hours": _off_hours,
    "new_executable": _new_executable,
    "new_host": lambda members, _: NewHost(members.new()),
    "new_address": _new_address,
    "dormant": lambda members, _: Dormant(members.span("after")),
    "rate": _rate,
    "two_persons": lambda members, _: TwoPersons(members.within()),
    "two_parties": lambda members, _: TwoParties(members.within()),
    "two_organisations": lambda members, _: TwoOrganisations(members.within()),
    "contract_end": lambda members, _: ContractEnd(members.span("ahead", "0s")),
}
