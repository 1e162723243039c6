"""Who acts: the declared person behind an OS user, and whether they may declare, give and approve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from keyguard.core.errors import UsageError
from keyguard.core.people import Person, Role
from keyguard.core.rights import Mode
from keyguard.ports.all import Ports
from keyguard.workflows.identity import Actor

GUARDING = frozenset({Role.KEY_ADMIN, Role.APPROVER})
"""Roles that keep others from doing something, as long as anybody holds them."""


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
        if any(user.is_user(actor.user, actor.host, now) and not user.span.gone(now) for user in person.users)
    ]
    having.sort(key=lambda person: (person.span.covers(now), person.span.since))
    return having[-1] if having else None


def demand_admin(ports: Ports, actor: Actor) -> Acting:
    """Return who acts; UsageError `rights.not_admin` where others hold the role of a key administrator.

    For what gives or widens. To end or narrow something nobody needs a role.
    """
    who = acting(ports, actor)
    admins = holders(ports, Role.KEY_ADMIN)
    in_force = [admin.id for admin in admins if admin.span.covers(ports.clock.now())]
    if admins and who.id not in in_force:
        raise UsageError(
            f"{who.id} may not give rights here",
            code="rights.not_admin",
            still="nothing was changed",
            hint="ask a key administrator: " + ", ".join(in_force or [admin.id for admin in admins]),
        )
    return who


def holders(ports: Ports, role: Role) -> list[Person]:
    """Who holds a role and was not ended; one whose planned time is over still keeps it from being nobody's,
    or everybody could take it up the day after."""
    return [one for one in ports.people.persons() if role in one.roles and one.span.ended_at is None]


def keep_last_holders(ports: Ports, person: Person, lost: frozenset[Role]) -> None:
    """UsageError `rights.last_holder` if a role that guards others would be left without anybody in force.

    Else whoever may end people could end the administrators first, and then give what they like.
    """
    now = ports.clock.now()
    if not person.span.covers(now):
        return
    for role in sorted(lost & GUARDING, key=lambda role: role.value):
        if all(one.id == person.id or not one.span.covers(now) for one in holders(ports, role)):
            raise UsageError(
                f"{person.id} is the last with the role {role.value}",
                code="rights.last_holder",
                still="nothing was changed",
                hint=f"give it to another first: keyguard person change ID --role {role.value}",
            )
