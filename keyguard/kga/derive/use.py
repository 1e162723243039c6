"""Hand-outs of the period, by key and by person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from keyguard.core.slots import FIRM
from keyguard.kga.derive.lines import Line, Period
from keyguard.kga.derive.state import Entity, State


@dataclass(frozen=True, slots=True)
class Use:
    """One hand-out: when, of what, to whom, on the ground of which grant (None: none was named)."""

    at: str
    key: str
    person: str
    host: str
    grant: str | None


@dataclass
class Uses:
    """Those of the period: `given` by key in order of time, `denied` as counts by key ("" for none told)."""

    given: dict[str, list[Use]] = field(default_factory=dict)
    denied: dict[str, int] = field(default_factory=dict)
    capacities: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)

    def all(self) -> list[Use]:
        """All hand-outs, by key, then time."""
        return [use for _, uses in sorted(self.given.items()) for use in uses]

    def by_person(self, key: str) -> list[dict[str, Any]]:
        """`did_use` of one key."""
        persons: dict[str, list[Use]] = {}
        for use in self.given.get(key, []):
            persons.setdefault(use.person, []).append(use)
        return [self._share(person, uses) for person, uses in sorted(persons.items())]

    def _share(self, person: str, uses: list[Use]) -> dict[str, Any]:
        capacity, party = self.capacities.get(person, (None, None))
        return {
            "person": person,
            "capacity": capacity,
            "party": party,
            "handouts": len(uses),
            "first": uses[0].at,
            "last": uses[-1].at,
            "hosts": sorted({use.host for use in uses}),
        }


def collect(lines: Iterable[Line], period: Period, state: State) -> Uses:
    """Gather hand-outs and refusals of the period; the capacity of a person is what their grants say."""
    uses = Uses()
    for line in lines:
        if line.record.stream == FIRM:
            continue
        body, kind = line.record.body, line.record.type
        if kind == "handout" and line.at in period:
            use = Use(line.at, body["key"], body["person"], body["host"], body.get("grant"))
            uses.given.setdefault(use.key, []).append(use)
        elif kind == "handout.denied" and line.at in period:
            key = body.get("key", "")
            uses.denied[key] = uses.denied.get(key, 0) + 1
    for grant in state.all("grant"):
        uses.capacities[grant["person"]] = (grant["capacity"], grant["party"])
    return uses


def grants_of(state: State, period: Period) -> list[Entity]:
    """Grants that were in force at any instant of the period."""
    return [grant for grant in state.all("grant") if period.meets(grant["from"], grant_end(grant))]


def grant_end(grant: Entity) -> str | None:
    """When it ended or is to end; None for one without end."""
    ends = [end for end in (grant["until"], grant["ended"] and grant["ended"]["at"]) if end]
    return min(ends, default=None)
