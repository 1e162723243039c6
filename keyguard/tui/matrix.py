"""Who may use which key, as a matrix: a cell says since when, until when, and how it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from keyguard.core.people import GrantState, is_external

if TYPE_CHECKING:
    from keyguard.core.people import Grant, Person
    from keyguard.tui.picture import Picture


@dataclass(frozen=True, slots=True)
class Matrix:
    """`persons` who are still here, those of other companies first; `grants` by (key id, person id), those of
    a whole desk included, the one that counts longest first."""

    persons: tuple[Person, ...]
    grants: Mapping[tuple[str, str], tuple[Grant, ...]]

    def held(self, person_id: str) -> int:
        """How many keys the person has a grant for."""
        return sum(who == person_id for _, who in self.grants)


def matrix(picture: Picture) -> Matrix:
    """Made of the grants that are not over and were not rejected."""
    persons = [person for person in picture.persons if not person.span.gone(picture.at)]
    here = {person.id for person in persons}
    by_desk = defaultdict(list)
    for view in picture.keys:
        by_desk[view.key.desk].append(view.key.id)
    found: defaultdict[tuple[str, str], list[Grant]] = defaultdict(list)
    for grant in picture.grants:
        over = grant.span.gone(picture.at) or grant.state is GrantState.REJECTED
        if over or grant.person not in here:
            continue
        for key_id in (grant.key_id,) if grant.key_id else by_desk[grant.desk]:
            found[key_id, grant.person].append(grant)
    ordered = sorted(persons, key=lambda person: (not is_external(person), person.id))
    return Matrix(tuple(ordered), {pair: tuple(sorted(some, key=_lasting)) for pair, some in found.items()})


def _lasting(grant: Grant) -> tuple[bool, bool, float]:
    until = grant.span.until
    given = grant.state is GrantState.GIVEN
    return (not given, until is not None, -until.timestamp() if until is not None else 0.0)


def cell(grants: tuple[Grant, ...], now: datetime) -> str:
    """Since when, in cells enough for a date: ? it waits for a second person, > it begins then, ! it ends
    within 30 days."""
    if not grants:
        return "·"
    grant = grants[0]
    if grant.state is GrantState.ASKED:
        sign = "?"
    elif not grant.span.begun(now):
        sign = ">"
    else:
        end = grant.span.end
        sign = "!" if end is not None and (end - now).days < 30 else " "
    return f"{sign}{grant.span.since:%y-%m-%d}"
