"""Declare a person: who they are to the firm, and which OS users are them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from keyguard.core.errors import UsageError
from keyguard.core.forgetting import PREFIX
from keyguard.core.keys import Environment
from keyguard.core.lookalikes import alike
from keyguard.core.people import EXTERNAL, Capacity, OsUser, Person, Role, Span
from keyguard.core.slots import FIRM
from keyguard.core.spelling import check_id, check_name
from keyguard.ports.all import Ports
from keyguard.workflows import people_records as told
from keyguard.workflows.authority import demand_admin, keep_last_holders
from keyguard.workflows.identity import Actor, Names


def declare(
    ports: Ports,
    id_: str,
    capacity: Capacity,
    *,
    actor: Actor,
    name: str = "",
    party: str = "",
    users: Iterable[tuple[str, str]] = (),
    roles: frozenset[Role] = frozenset(),
    environment: Environment = Environment.LIVE,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Person:
    """Add a person. `users` are (OS user, host), host "" for every host.

    Raises UsageError: an id that is taken or malformed, a name that looks like another's, an OS user that is
    somebody else, a contractor without a party, an end before the beginning.
    """
    demand_admin(ports, actor)
    now = ports.clock.now()
    span = Span(since or now, until)
    made = Person(
        id_,
        capacity,
        span,
        name,
        party,
        tuple(OsUser(user, Span(now), host) for user, host in users),
        roles,
        environment,
    )
    named = told.namers(ports)
    with ports.inventory.transaction():
        if any(person.id == id_ for person in ports.people.persons()):
            raise _refused(f"there is or was a person {id_} already", "person.taken", "an id is never reused")
        if id_.startswith(PREFIX) or ports.people.notes(forgotten_note(named[FIRM], id_)):
            raise _refused(
                f"nobody can be declared as {id_} any more", "person.taken", "an id is never reused"
            )
        _check(ports, made)
        if other := alike(id_, (person.id for person in ports.people.persons())):
            raise _refused(f"the id looks like that of another person: {other}", "person.alike")
        _record(ports, named, made, "declared", made.roles, frozenset())
        ports.people.put_person(made)
        told.policy(ports)
    return made


def change(
    ports: Ports,
    id_: str,
    *,
    actor: Actor,
    add_users: Iterable[tuple[str, str]] = (),
    drop_users: Iterable[tuple[str, str]] = (),
    add_roles: frozenset[Role] = frozenset(),
    drop_roles: frozenset[Role] = frozenset(),
    party: str | None = None,
    until: datetime | None = None,
) -> Person:
    """Change OS users, roles, party or planned end; UsageError as `declare`. Past ones are kept."""
    demand_admin(ports, actor)
    named = told.namers(ports)
    with ports.inventory.transaction():
        now = ports.clock.now()
        before = find(ports, id_)
        if before.span.ended_at is not None:
            raise _refused(f"{id_} has left", "people.ended", "declare them anew under another id")
        dropped = set(drop_users)
        kept = tuple(
            replace(one, span=replace(one.span, ended_at=now))
            if (one.user, one.host) in dropped and one.span.ended_at is None
            else one
            for one in before.users
        )
        new = tuple(OsUser(user, Span(now), host) for user, host in add_users)
        after = replace(
            before,
            users=kept + new,
            roles=(before.roles | add_roles) - drop_roles,
            party=before.party if party is None else party,
            span=before.span if until is None else replace(before.span, until=until),
        )
        _check(ports, after)
        keep_last_holders(ports, before, before.roles - after.roles)
        _record(ports, named, after, "changed", after.roles - before.roles, before.roles - after.roles)
        ports.people.put_person(after)
        told.policy(ports)
    return after


def forgotten_note(firm: Names, id_: str) -> str:
    """The note that somebody of this id was forgotten, which does not tell the id."""
    return f"forgotten/{firm.person(id_)}"


def find(ports: Ports, id_: str) -> Person:
    """The person with this id; UsageError `person.unknown`."""
    for person in ports.people.persons():
        if person.id == id_:
            return person
    raise UsageError(f"no person {id_!r}", code="person.unknown", hint="keyguard person list shows all")


def record_roles(
    ports: Ports, named: told.Namers, person: Person, gained: frozenset[Role], lost: frozenset[Role]
) -> None:
    """Append `role.assign` and `role.remove` to the firm stream."""
    for type_, roles in (("role.assign", gained), ("role.remove", lost)):
        for role in sorted(roles, key=lambda role: role.value):
            body = {"person_f": named[FIRM].person(person.id), "role": role.value}
            ports.audit.append(FIRM, type_, body, private={"person": person.id})


def private(person: Person) -> dict[str, object]:
    """What only the auditor sees of a person."""
    return {
        "name": person.name,
        "capacity": person.capacity.value,
        "party": person.party,
        "users": [str(user) for user in person.users if user.span.ended_at is None],
        "environment": person.environment.value,
    }


def _record(
    ports: Ports,
    named: told.Namers,
    person: Person,
    what: str,
    gained: frozenset[Role],
    lost: frozenset[Role],
) -> None:
    told.change(ports, named, "person", person.id, what, private(person))
    record_roles(ports, named, person, gained, lost)


def _check(ports: Ports, made: Person) -> None:
    try:
        check_id(made.id)
        check_name(made.name)
    except ValueError as error:
        raise _refused(str(error), "person.spelling") from None
    others = [p for p in ports.people.persons() if p.id != made.id and p.span.ended_at is None]
    if made.name and (other := alike(made.name, (p.name for p in others if p.name))):
        raise _refused(f"the name reads like that of another person: {other}", "person.alike")
    if made.span.until is not None and made.span.until <= made.span.since:
        raise _refused("the end is not after the beginning", "person.span")
    if made.capacity in EXTERNAL and not made.party:
        raise _refused(
            f"a person of the capacity {made.capacity.value} belongs to a party",
            "person.party",
            "keyguard party add declares it; then --party ID",
        )
    if made.party and all(party.id != made.party for party in ports.people.parties()):
        raise _refused(f"no party {made.party!r}", "party.unknown", "keyguard party add declares it")
    _check_users(made, others)


def _check_users(made: Person, others: list[Person]) -> None:
    """One OS user is one person: what two share proves nothing of either."""
    for mine in made.users:
        for person in others if mine.span.ended_at is None else ():
            for theirs in person.users:
                overlap = mine.host == theirs.host or "" in (mine.host, theirs.host)
                if theirs.user == mine.user and overlap and theirs.span.ended_at is None:
                    raise _refused(f"the OS user {mine} is {person.id} already", "person.user_taken")


def _refused(what: str, code: str, hint: str = "") -> UsageError:
    return UsageError(what, code=code, still="nothing was changed", hint=hint)
