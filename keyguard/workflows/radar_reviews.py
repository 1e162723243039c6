"""Reviews on the radar: due ones, those that wait for answers, keys to rotate because access was taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from keyguard.core.findings import Item, Kind
from keyguard.core.keys import Origin, VersionStatus
from keyguard.core.people import GrantState, is_external
from keyguard.core.policy import Level
from keyguard.core.reviews import EVERY, EXTERNAL_EVERY, LAST_NOTICE, Review
from keyguard.ports.all import Ports


def reviews(ports: Ports, now: datetime, soon: timedelta) -> Iterator[Item]:
    """All of them."""
    every = ports.people.reviews()
    yield from _due(ports, now, soon)
    for review in every:
        if review.is_open():
            yield from _waiting(review, now)
    yield from _to_rotate(ports, every)


def due(ports: Ports, now: datetime) -> list[tuple[str, bool, datetime]]:
    """(desk, of other companies' people alone, when) of each review that is not open and has to be, whenever
    that is; before a first review counts the oldest grant. A desk's whole review stands before the other."""
    desks = {key.id: key.desk for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    people = {person.id: person for person in ports.people.persons()}
    every = ports.people.reviews()
    oldest: dict[tuple[str, bool], datetime] = {}
    for grant in ports.people.grants():
        desk = desks.get(grant.key_id, grant.desk)
        if grant.state is not GrantState.GIVEN or grant.span.gone(now) or not desk:
            continue
        for place in {(desk, False), (desk, is_external(people[grant.person]))}:
            oldest[place] = min(oldest.get(place, grant.span.since), grant.span.since)
    found = []
    for (desk, external), since in sorted(oldest.items()):
        done = [one for one in every if one.desk == desk and (external or not one.external)]
        if not any(one.is_open() for one in done):
            last = max((one.span.since for one in done), default=since)
            found.append((desk, external, last + (EXTERNAL_EVERY if external else EVERY)))
    return found


def _due(ports: Ports, now: datetime, soon: timedelta) -> Iterator[Item]:
    """Desks whose grants nobody has looked at for long."""
    for desk, external, at in due(ports, now):
        if at <= now + (soon if not external else timedelta(days=7)):
            who = "of other companies' people " if external else ""
            text = f"a review of the grants {who}is {'overdue' if at <= now else 'due soon'}"
            level = Level.MEDIUM if at <= now else Level.LOW
            command = f"keyguard review open {desk}" + (" --external" if external else "")
            yield Item(Kind.REVIEW, level, desk, text, at, command, detail="external" if external else "")


def _waiting(review: Review, now: datetime) -> Iterator[Item]:
    command, detail = f"keyguard review list {review.id}", review.id
    if not review.undecided:
        text, level, at = "every item is decided; it waits to be closed", Level.LOW, review.due
        command = f"keyguard review close {review.id}"
    elif review.suspends_at <= now:
        text = f"{len(review.undecided)} grants are suspended: nobody answered"
        level, at = Level.HIGH, review.suspends_at
    else:
        late = review.due <= now
        text = (
            f"{len(review.undecided)} items wait; they are suspended {review.suspends_at:%Y-%m-%d %H:%M} UTC"
        )
        level, at = (Level.MEDIUM if late else Level.LOW), review.due
        if notice := review.notice(now):
            # A finding of its own: it is told although the one before was told, and acknowledged.
            text, at, detail = f"in less than {notice}: {text}", review.suspends_at, f"{review.id} {notice}"
            level = Level.HIGH if notice == LAST_NOTICE else Level.MEDIUM
    yield Item(Kind.REVIEW, level, review.desk, text, at, command, detail=detail)


def _to_rotate(ports: Ports, every: tuple[Review, ...]) -> Iterator[Item]:
    """Versions that somebody was handed whose grant a review ended, and that still work."""
    taken = {
        version: item
        for review in every
        for item in review.items
        if item.result == "ended"
        for version in item.versions
    }
    names = {key.id: key.name for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    for version in ports.inventory.versions_by_id(sorted(taken)).values():
        item = taken[version.id]
        if version.status is not VersionStatus.DEAD and version.key_id in names and item.at is not None:
            name = names[version.key_id]
            text = f"{item.person}, whose grant a review has ended, was handed it: rotate it"
            command = f"keyguard key rotate {name} --reason leaver"
            yield Item(
                Kind.REVIEW, Level.HIGH, name, text, item.at, command, Origin.INFERRED, item.grant, version.id
            )
