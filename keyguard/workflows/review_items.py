"""What a reviewer looks at: the grants for a desk's keys, how they were used, and what is too much."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from keyguard.core.keys import Key, Scope, VersionStatus
from keyguard.core.people import Grant, GrantState, is_external
from keyguard.core.reviews import USE_WINDOW, ReviewItem
from keyguard.ports.all import Ports
from keyguard.workflows import offboard
from keyguard.workflows.rights import key_scopes


def seen(ports: Ports, desk: str, *, external: bool) -> tuple[ReviewItem, ...]:
    """The items, with what the log tells of the use of each grant's keys by its person."""
    now = ports.clock.now()
    keys = [key for key in ports.inventory.keys() if key.desk == desk]  # noqa: SIM118 - a method of the port
    people = {person.id: person for person in ports.people.persons()}
    items: list[ReviewItem] = []
    plans: dict[str, offboard.Plan] = {}
    for grant in ports.people.grants():
        mine = [key for key in keys if grant.includes(key)]
        of_desk = bool(mine) or (not grant.key_id and grant.desk == desk)
        if grant.state is not GrantState.GIVEN or grant.span.gone(now) or not of_desk:
            continue
        if external and not is_external(people[grant.person]):
            continue
        if grant.person not in plans:
            plans[grant.person] = offboard.plan(ports, grant.person)
        plan, held = plans[grant.person], {key.id for key in mine}
        touched = [one for one in plan.keys if one.key.id in held]
        used = _used(ports, plan, mine)
        items.append(
            ReviewItem(
                grant=grant.id,
                person=grant.person,
                keys=tuple(key.id for key in mine),
                handouts=sum(at >= now - USE_WINDOW for at in used),
                last=max(used, default=None),
                versions=tuple(
                    version for one in touched if one.must_rotate for version in _working(ports, one.key)
                ),
                excess=_excess(ports, grant, mine),
            )
        )
    return tuple(items)


def _used(ports: Ports, plan: offboard.Plan, keys: Sequence[Key]) -> list[datetime]:
    """When the person was handed any version of these keys, of those that are dead too."""
    versions = [version for key in keys for version in ports.inventory.versions(key.id)]
    return [one.at for version in versions for one in plan.past.get(version.fingerprint, ())]


def _working(ports: Ports, key: Key) -> list[str]:
    return [one.id for one in ports.inventory.versions(key.id) if one.status is not VersionStatus.DEAD]


def _excess(ports: Ports, grant: Grant, keys: Sequence[Key]) -> Scope:
    excess = Scope.NONE
    for key in keys:
        for version in ports.inventory.versions(key.id):
            if version.status is VersionStatus.LIVE and key.needs:
                excess |= (key_scopes(ports, key, version) or Scope.NONE) & grant.scopes & ~key.needs
    return excess
