"""Everything that ends at a known time, of whatever kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from keyguard.core.keys import Origin
from keyguard.core.people import GrantState

if TYPE_CHECKING:
    from keyguard.tui.picture import Picture


@dataclass(frozen=True, slots=True)
class End:
    """One end, UTC. `kind` is named by `radar.kind_<kind>`; `rule`: why then, "" where the kind says it.
    `place` and `target`: the screen where it is seen to, and what to move to there."""

    at: datetime
    kind: str
    subject: str
    rule: str
    origin: Origin
    place: str
    target: str

    @property
    def id(self) -> str:
        """Tells it from all others."""
        return f"{self.kind} {self.target} {self.at.isoformat()}"


def ends(picture: Picture) -> tuple[End, ...]:
    """All that is still to come or is over and not seen to, the first one first."""
    found = [*_keys(picture), *_people(picture), *_grants(picture), *_promises(picture)]
    return tuple(sorted(found, key=lambda end: (end.at, end.kind, end.subject)))


def _keys(picture: Picture) -> Iterator[End]:
    for view in picture.keys:
        if view.end is not None:
            end = view.end
            yield End(end.at, "key", view.key.name, end.rule, end.origin, "keys", view.key.id)


def _people(picture: Picture) -> Iterator[End]:
    for person in picture.persons:
        if person.span.ended_at is None and person.span.until is not None:
            yield End(person.span.until, "person", person.id, "", Origin.DECLARED, "people", person.id)
    for party in picture.parties:
        if party.span.ended_at is not None:
            continue
        paper = party.latest
        yield End(paper.until, "contract", party.id, paper.reference, Origin.DECLARED, "people", party.id)
        if party.diligence_until is not None:
            at = party.diligence_until
            yield End(at, "diligence", party.id, "", Origin.DECLARED, "people", party.id)


def _grants(picture: Picture) -> Iterator[End]:
    for grant in picture.grants:
        if grant.state is GrantState.GIVEN and grant.span.ended_at is None and grant.span.until is not None:
            view = picture.by_id.get(grant.key_id)
            what = view.key.name if view is not None else grant.desk
            at = grant.span.until
            yield End(at, "grant", grant.person, what, Origin.DECLARED, "people", grant.person)


def _promises(picture: Picture) -> Iterator[End]:
    for approval in picture.approvals:
        if (instead := approval.compensation) is not None:
            control = instead.control
            yield End(
                instead.until, "exception", approval.id, control, Origin.DECLARED, "reviews", approval.id
            )
    for finding in picture.accepted:
        if finding.until is not None:
            item = finding.item
            yield End(
                finding.until, "accepted", item.subject, finding.reason, item.origin, "findings", finding.id
            )
