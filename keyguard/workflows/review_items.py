"""What a reviewer looks at: the grants for a desk's keys, how they were used, and what is too much."""

from __future__ import annotations

from collections.abc import Sequence

from keyguard.core.keys import Key, Scope, VersionStatus
from keyguard.core.people import Grant, GrantState, is_external
from keyguard.core.reviews import ReviewItem
from keyguard.ports.all import Ports
from keyguard.workflows import offboard
from keyguard.workflows.rights import key_scopes


def seen(ports: Ports, desk: str, *, external: bool) -> tuple[ReviewItem, ...]:
    """The items, with what the log tells of the use of each grant's keys by its person."""
    now = ports.clock.now()
    keys = [key for key in ports.inventory.keys() if key.desk == desk]  # noqa: SIM118 - a method of the port
    people = {person.id: person for person in ports.people.persons()}
    items, plans = [], {}
    for grant in ports.people.grants():
        mine = [key for key in keys if grant.includes(key)]
        of_desk = bool(mine) or (not grant.key_id and grant.desk == desk)
        if grant.state is not GrantState.GIVEN or grant.span.gone(now) or not of_desk:
            continue
        if external and not is_external(people[grant.person]):
            continue
        if grant.person not in plans:
            plans[grant.person] = {one.key.id: one for one in offboard.plan(ports, grant.person).keys}
        touched = [plans[grant.person][key.id] for key in mine if key.id in plans[grant.person]]
        items.append(
            ReviewItem(
                grant=grant.id,
                person=grant.person,
                keys=tuple(key.id for key in mine),
                handouts=sum(one.handouts for one in touched),
                last=max((one.last for one in touched if one.last is not None), default=None),
                versions=tuple(
                    version for one in touched if one.must_rotate for version in _working(ports, one.key)
                ),
                excess=_excess(ports, grant, mine),
            )
        )
    return tuple(items)


def _working(ports: Ports, key: Key) -> list[str]:
    return [one.id for one in ports.inventory.versions(key.id) if one.status is not VersionStatus.DEAD]


def _excess(ports: Ports, grant: Grant, keys: Sequence[Key]) -> Scope:
    excess = Scope.NONE
    for key in keys:
        for version in ports.inventory.versions(key.id):
            if version.status is VersionStatus.LIVE and key.needs:
                excess |= (key_scopes(ports, key, version) or Scope.NONE) & grant.scopes & ~key.needs
    return excess
