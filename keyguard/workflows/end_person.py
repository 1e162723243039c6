"""End a person's time: grants first, then roles and the person, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace

from keyguard.core.errors import UsageError
from keyguard.core.people import Grant, GrantState, Person
from keyguard.ports.all import Ports
from keyguard.workflows import people_records as told
from keyguard.workflows.authority import acting, keep_last_holders
from keyguard.workflows.declare_person import find, private, record_roles
from keyguard.workflows.end_grant import end_one
from keyguard.workflows.identity import Actor


@dataclass(frozen=True, slots=True)
class Ended:
    """The person as they stand now, and the grants that ended with them."""

    person: Person
    grants: tuple[Grant, ...]


def end(ports: Ports, id_: str, *, actor: Actor, reason: str) -> Ended:
    """End one person; from the return of this call no hand-out to them begins.

    Raises UsageError `person.unknown`, `people.ended`, `rights.last_holder`; StoreError where it cannot be
    recorded, and then nothing has ended.
    """
    named = told.namers(ports)
    with ports.inventory.transaction():
        person = find(ports, id_)
        if person.span.ended_at is not None:
            raise UsageError(f"{id_} has left already", code="people.ended", still="nothing was changed")
        return end_one_person(ports, named, person, by=acting(ports, actor).id, reason=reason)


def end_one_person(ports: Ports, named: told.Namers, person: Person, *, by: str, reason: str) -> Ended:
    """End a person within a transaction of the caller."""
    keep_last_holders(ports, person, person.roles)
    grants = tuple(
        end_one(ports, named, grant, by=by, reason=reason)
        for grant in ports.people.grants(person=person.id)
        if grant.span.ended_at is None and grant.state is not GrantState.REJECTED
    )
    ended = replace(person, roles=frozenset(), span=replace(person.span, ended_at=ports.clock.now()))
    about = private(person) | {"by": by, "reason": reason}
    told.change(ports, named, "person", person.id, "ended", about)
    record_roles(ports, named, person, frozenset(), person.roles)
    ports.people.put_person(ended)
    return Ended(ended, grants)
