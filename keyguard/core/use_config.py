"""The tables `[[use_rule]]` and `[[egress]]` of a home's configuration (docs/use-rules.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from keyguard.core.members import Members, ZoneOf
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


def rules(tables: Sequence[Mapping[str, Any]], zone_of: ZoneOf) -> tuple[Rule, ...]:
    """The rules of these tables; ValueError says which table is wrong and why."""
    made: list[Rule] = []
    for number, table in enumerate(tables, 1):
        try:
            rule = _rule(Members(table), zone_of)
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
        members = Members(table)
        try:
            host = members.text("host")
            if host in made:
                raise ValueError(f"there are two of the host {host!r}")
            made[host] = Egress(members.addresses("addresses"), members.optional("organisation"))
            members.end()
        except ValueError as error:
            raise ValueError(f"egress {number}: {error}") from None
    return made


def _new(members: Members) -> New:
    remember = members.span("remember", "0s")
    return New(members.texts("known", ()), members.span("learn", "0s"), remember or None)


def _rule(members: Members, zone_of: ZoneOf) -> Rule:
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


def _off_hours(members: Members, zone_of: ZoneOf) -> Check:
    zone, days = members.zone(zone_of), members.days()
    return OffHours(members.at("from"), members.at("until"), days, zone)


def _new_executable(members: Members, zone_of: ZoneOf) -> Check:
    content = members.take("content", False)
    if not isinstance(content, bool):
        raise ValueError("content is true or false")
    return NewExecutable(_new(members), content)


def _new_address(members: Members, zone_of: ZoneOf) -> Check:
    known = members.addresses("known", ())
    return NewAddress(replace(_new(members), known=known))


def _rate(members: Members, zone_of: ZoneOf) -> Check:
    most = members.take("most")
    if type(most) is not int or not 0 < most <= RECENT:
        raise ValueError(f"most is a whole number from 1 to {RECENT}")
    return Rate(most, members.within())


_ACTIONS = {action.name.lower(): action for action in Action}
_CHECKS: dict[str, Callable[[Members, ZoneOf], Check]] = {
    "off_hours": _off_hours,
    "new_executable": _new_executable,
    "new_host": lambda members, _: NewHost(_new(members)),
    "new_address": _new_address,
    "dormant": lambda members, _: Dormant(members.span("after")),
    "rate": _rate,
    "two_persons": lambda members, _: TwoPersons(members.within()),
    "two_parties": lambda members, _: TwoParties(members.within()),
    "two_organisations": lambda members, _: TwoOrganisations(members.within()),
    "contract_end": lambda members, _: ContractEnd(members.span("ahead", "0s")),
}
