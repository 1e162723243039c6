"""The table `[rotation]` of a home's configuration (docs/rotation.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from keyguard.core.due import Chosen, OnLeak, RotationPolicy, Rule
from keyguard.core.findings import Kind
from keyguard.core.members import Members, ZoneOf
from keyguard.core.windows import Window

FINDINGS = tuple(kind.value for kind in (Kind.LEAK, Kind.USE, Kind.LEASE, Kind.DRIFT, Kind.SCOPES))
"""Findings that a rotation mends or answers."""


def policy(table: Mapping[str, Any], zone_of: ZoneOf) -> RotationPolicy:
    """The policy of this table; ValueError says what is wrong."""
    members = Members(table)
    usual = RotationPolicy()
    return _ended(
        members,
        RotationPolicy(
            at_once=members.count("at_once", usual.at_once),
            at_once_venue=members.count("at_once_venue", usual.at_once_venue),
            exceptions=_each(members, "for", lambda one: (_chosen(one), _rule(one))),
            windows=_each(members, "window", lambda one: (_chosen(one), _window(one, zone_of))),
            rule=replace(usual.rule, **_rule(members)),
        ),
    )


def _ended(members: Members, made: RotationPolicy) -> RotationPolicy:
    members.end()
    return made


def _each(members: Members, name: str, made: Callable[[Members], Any]) -> tuple[Any, ...]:
    tables = members.take(name, ())
    if not isinstance(tables, list | tuple) or not all(isinstance(one, dict) for one in tables):
        raise ValueError(f"these are tables: [[rotation.{name}]]")
    found = []
    for number, table in enumerate(tables, 1):
        one = Members(table)
        try:
            found.append(made(one))
            one.end()
        except ValueError as error:
            raise ValueError(f"{name} {number}: {error}") from None
    return tuple(found)


def _chosen(members: Members) -> Chosen:
    texts = {name: members.texts(name, ("*",)) for name in ("venues", "desks", "keys")}
    if not all(texts.values()):
        raise ValueError("venues, desks and keys name at least one each, or are left out")
    return Chosen(**texts)


def _window(members: Members, zone_of: ZoneOf) -> Window:
    zone, days = members.zone(zone_of), members.days()
    return Window(members.at("from"), members.at("until"), days, zone)


def _rule(members: Members) -> dict[str, Any]:
    """What the table says of a rule; the rest is left as it was."""
    usual = Rule()
    found: dict[str, Any] = {}
    for name in ("auto", "leaver"):
        if name in members:
            found[name] = members.yes(name, False)
    for name in ("max_age", "before_expiry", "before_idle"):
        if name in members:
            found[name] = _span(members, name)
    for name in ("overlap", "leak_overlap"):
        if name in members:
            found[name] = members.span(name)
    if "findings" in members:
        found["findings"] = members.texts("findings", ())
        if unknown := set(found["findings"]) - set(FINDINGS):
            raise ValueError(f"findings are of {', '.join(FINDINGS)}, not {sorted(unknown)[0]!r}")
    if "on_leak" in members:
        words = [one.value for one in OnLeak]
        found["on_leak"] = OnLeak(members.word("on_leak", words, usual.on_leak.value))
    return found


def _span(members: Members, name: str) -> timedelta | None:
    """A time, or "never"."""
    value = members.take(name)
    if value == "never":
        return None
    return Members({name: value}).span(name)
