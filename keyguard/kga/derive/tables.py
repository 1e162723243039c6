"""The other tables: people, parties, grants, approvals, reviews, lifecycle, incidents, exceptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from keyguard.core.slots import FIRM
from keyguard.kga.derive.lines import Line, Period, days, seconds
from keyguard.kga.derive.state import Entity, State
from keyguard.kga.derive.use import Uses, grant_end

Row = dict[str, Any]

LEAVER = "leaver"
"""The reason of an `access.revoke` that tells of somebody who left."""


def people(state: State, uses: Uses, grants: Iterable[Entity]) -> list[Row]:
    """One row per person who could use a key in the period, or did."""
    mine: dict[str, list[Entity]] = {}
    for grant in grants:
        mine.setdefault(grant["person"], []).append(grant)
    used: dict[str, list[str]] = {}
    for use in uses.all():
        used.setdefault(use.person, []).append(use.at)
    return [
        _person(state, uses, person, mine.get(person, []), sorted(used.get(person, [])))
        for person in sorted(mine.keys() | used.keys())
    ]


def _person(state: State, uses: Uses, person: str, grants: list[Entity], used: list[str]) -> Row:
    capacity, party = uses.capacities.get(person, (None, None))
    desks = {key["desk"] for one in grants if (key := state.get("key", one["key"])) is not None}
    ends = [grant_end(grant) for grant in grants]
    left = [one["ended"] for one in grants if one["ended"] and one["ended"]["reason"] == LEAVER]
    gone = min((one["at"] for one in left), default=None)
    told = max((one["told_at"] for one in left), default=None)
    return {
        "person": person,
        "capacity": capacity,
        "party": party,
        "desks": sorted(desks),
        "keys": sorted({grant["key"] for grant in grants}),
        "granted_from": min((grant["from"] for grant in grants), default=None),
        "granted_until": None if None in ends else max((end for end in ends if end), default=None),
        "handouts": len(used),
        "first": used[0] if used else None,
        "last": used[-1] if used else None,
        "offboarded_at": gone,
        "days_to_revoke": None if gone is None or told is None else days(gone, told),
    }


def parties(state: State, period: Period, uses: Uses, grants: Iterable[Entity]) -> list[Row]:
    """One row per company that an external person with access belongs to."""
    handouts = Counter(use.person for use in uses.all())
    by_party: dict[str, list[Entity]] = {}
    for grant in grants:
        by_party.setdefault(grant["party"], []).append(grant)
    rows = []
    for party in state.all("party"):
        mine = by_party.get(party["party"], [])
        persons = {grant["person"] for grant in mine}
        row = {name: value for name, value in party.items() if name != "contracts"}
        rows.append(
            row
            | {
                "persons": len(persons),
                "keys": len({grant["key"] for grant in mine}),
                "handouts": sum(handouts[person] for person in persons),
                "contract_valid_in_period": uncovered(party, period.since, period.until) is None,
            }
        )
    return rows


def uncovered(party: Entity, start: str, end: str) -> str | None:
    """The first instant of the half-open span that no contract of the party covers; None where all is."""
    at = start
    for span in sorted(party["contracts"].values(), key=lambda one: (one["from"], one["until"])):
        if span["from"] <= at < span["until"]:
            at = span["until"]
    return None if at >= end else at


def grant_rows(grants: Iterable[Entity]) -> list[Row]:
    """The grants of the period, one row for each key they reach."""
    return sorted(grants, key=lambda one: (one["grant"], one["key"]))


def approvals(state: State, period: Period, grants: Iterable[Entity]) -> list[Row]:
    """Approvals asked for or decided in the period, and those on which a grant of the period rests."""
    needed = {grant["approval"] for grant in grants}
    names = (
        "approval",
        "action",
        "subject",
        "requested_by",
        "decided_by",
        "decision",
        "requested_at",
        "decided_at",
    )
    return [
        {name: one[name] for name in names} | {"self_approved": self_approved(one)}
        for one in state.all("approval")
        if one["approval"] in needed or one["requested_at"] in period or (one["decided_at"] or "") in period
    ]


def self_approved(approval: Entity) -> bool:
    """Whether who decided is who asked, or who gains."""
    gains = approval["subject"].get("person")
    return approval["decided_by"] is not None and approval["decided_by"] in (approval["requested_by"], gains)


def reviews(state: State, period: Period) -> list[Row]:
    """Campaigns that were open at any instant of the period."""
    return [
        _review(one, period)
        for one in state.all("review")
        if period.meets(one["opened_at"], one["closed"] and one["closed"]["at"])
    ]


def _review(review: Entity, period: Period) -> Row:
    decided = [one["decision"] for one in review["decisions"]]
    closed = review["closed"] and review["closed"]["at"]
    return {
        "review": review["review"],
        "opened": review["opened_at"],
        "due": review["due"],
        "closed": closed,
        "items": len(review["items"]),
        "keep": decided.count("keep"),
        "reduce": decided.count("reduce"),
        "remove": decided.count("remove"),
        "undecided": len(review["items"]) - len([one for one in decided if one != "unknown"]),
        "late": review["due"] < (closed or period.until),
    }


def lifecycle(lines: Iterable[Line], state: State, period: Period) -> list[Row]:
    """One row for each key made, replaced or revoked in the period, with the time to its confirmation."""
    rows = [
        _EVENTS[line.record.type](line, line.record.body, state)
        for line in lines
        if line.record.type in _EVENTS and line.record.stream != FIRM and line.at in period
    ]
    rows.extend(
        _event(key["created_at"], "created", key["key"])
        for key in state.all("key")
        if key["created_at"] is not None and key["created_at"] in period
    )
    return sorted(rows, key=lambda row: (row["at"], row["event"], row["key"]))


def _event(at: str, event: str, key: str, **more: Any) -> Row:
    empty = {"other": None, "reason": None, "by": None, "confirmed_at": None, "lag_s": None}
    return {"at": at, "event": event, "key": key} | empty | more


def _rotated(line: Line, body: Any, state: State) -> Row:
    return _event(line.at, "rotated", body["old"], other=body["new"], reason=body["reason"])


def _revoked(line: Line, body: Any, state: State) -> Row:
    key = state.get("key", body["key"])
    seen = key["confirmed"]["at"] if key is not None and key["confirmed"] is not None else None
    lag = None if seen is None else seconds(line.at, seen)
    told = {"reason": body["reason"], "by": body["by"], "confirmed_at": seen, "lag_s": lag}
    return _event(line.at, "revoked", body["key"], **told)


def _died(line: Line, body: Any, state: State) -> Row:
    return _event(line.at, "invalidated_by_venue", body["key"], reason=body["stage"])


def _forgotten(line: Line, body: Any, state: State) -> Row:
    return _event(line.at, "forgotten", body["key"], reason=body["reason"], by=body["by"])


_EVENTS = {
    "key.rotate": _rotated,
    "key.revoke": _revoked,
    "key.invalidated_by_venue": _died,
    "key.remove": _forgotten,
}


def incidents(state: State, period: Period) -> list[Row]:
    """Incidents that were open at any instant of the period."""
    return [
        one
        for one in state.all("incident")
        if period.meets(one["opened_at"], one["closed"] and one["closed"]["at"])
    ]


def exceptions(state: State, period: Period) -> list[Row]:
    """Exceptions that were open at any instant of the period."""
    return [
        one
        for one in state.all("exception")
        if period.meets(one["opened_at"], one["closed"] and one["closed"]["at"])
    ]
