"""Who acts: the declared person behind an OS user, and whether they may declare, give and approve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from keyguard.core.errors import UsageError
from keyguard.core.people import Person, Role
from keyguard.core.rights import Mode
from keyguard.ports.all import Ports
from keyguard.workflows.identity import Actor


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts. `id` goes into records and rows: a person's, else the OS user as a record names it."""

    id: str
    person: Person | None


def enforced(ports: Ports) -> bool:
    """Whether a hand-out needs a grant here (see `core.rights.Mode`)."""
    mode = ports.people.policy.mode
    return mode is Mode.ENFORCED or (mode is Mode.AUTO and ports.people.declared())


def acting(ports: Ports, actor: Actor) -> Acting:
    """Who this OS user of this host is, now."""
    persons = ports.people.persons()
    person = person_of(persons, actor, ports.clock.now())
    if person is not None:
        return Acting(person.id, person)
    # An OS user that happens to be called like a declared person must not be taken for that person.
    taken = any(one.id == actor.user for one in persons)
    return Acting(f"os-user/{actor.user}" if taken else actor.user, None)


def person_of(persons: tuple[Person, ...], actor: Actor, now: datetime) -> Person | None:
    """The person with this OS user; one whose time is over only where nobody else has it now."""
    having = [
        person
        for person in persons
        if any(user.is_user(actor.user, actor.host, now) for user in person.users)
    ]
    having.sort(key=lambda person: (person.span.covers(now), person.span.since))
    return having[-1] if having else None


def demand_admin(ports: Ports, actor: Actor) -> Acting:
    """Return who acts; UsageError `rights.not_admin` where others hold the role of a key administrator.

    For what gives or widens. To end or narrow something nobody needs a role.
    """
    who, now = acting(ports, actor), ports.clock.now()
    admins = [p for p in ports.people.persons() if Role.KEY_ADMIN in p.roles and p.span.covers(now)]
    if admins and who.id not in {admin.id for admin in admins}:
        raise UsageError(
            f"{who.id} may not give rights here",
            code="rights.not_admin",
            still="nothing was changed",
            hint="ask a key administrator: " + ", ".join(admin.id for admin in admins),
        )
    return who
