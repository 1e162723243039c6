"""Declare and end a desk. Keys name their desk; declaring it says who heads it and until when it is one."""

from __future__ import annotations

from dataclasses import replace

from keyguard.core.errors import UsageError
from keyguard.core.lookalikes import alike
from keyguard.core.people import Desk, Grant, GrantState, Span
from keyguard.core.spelling import check_name
from keyguard.ports.all import Ports
from keyguard.workflows import people_records as told
from keyguard.workflows.authority import acting, demand_admin
from keyguard.workflows.declare_person import find as find_person
from keyguard.workflows.end_grant import end_one
from keyguard.workflows.identity import Actor


def declare(ports: Ports, name: str, *, actor: Actor, purpose: str = "", head: str = "") -> Desk:
    """Add a desk. Raises UsageError for a name that is taken, malformed or looks like another's."""
    demand_admin(ports, actor)
    made = Desk(name, Span(ports.clock.now()), purpose, head)
    named = told.namers(ports)
    with ports.inventory.transaction():
        _check(ports, made)
        told.change(ports, named, "desk", name, "declared", {"purpose": purpose, "head": head})
        ports.people.put_desk(made)
    return made


def end(ports: Ports, name: str, *, actor: Actor, reason: str) -> tuple[Desk, tuple[Grant, ...]]:
    """End a desk: the grants for it and for its keys first. UsageError `desk.unknown`, `people.ended`."""
    named = told.namers(ports)
    with ports.inventory.transaction():
        desk, by = find(ports, name), acting(ports, actor).id
        if desk.span.ended_at is not None:
            raise UsageError(
                f"the desk {name} has ended already", code="people.ended", still="nothing was changed"
            )
        keys = [key for key in ports.inventory.keys() if key.desk == name]  # noqa: SIM118 - of the port
        grants = tuple(
            end_one(ports, named, grant, by=by, reason=reason)
            for grant in ports.people.grants()
            if grant.span.ended_at is None
            and grant.state is not GrantState.REJECTED
            and (grant.desk == name or any(grant.includes(key) for key in keys))
        )
        ended = replace(desk, span=replace(desk.span, ended_at=ports.clock.now()))
        told.change(ports, named, "desk", name, "ended", {"by": by, "reason": reason})
        ports.people.put_desk(ended)
    return ended, grants


def find(ports: Ports, name: str) -> Desk:
    """The declared desk of this name; UsageError `desk.unknown`."""
    for desk in ports.people.desks():
        if desk.name == name:
            return desk
    raise UsageError(
        f"no desk {name!r} is declared", code="desk.unknown", hint="keyguard desk list shows all"
    )


def _check(ports: Ports, made: Desk) -> None:
    try:
        check_name(made.name)
        check_name(made.purpose)
    except ValueError as error:
        raise _refused(str(error), "desk.spelling") from None
    if not made.name or "/" in made.name:
        raise _refused("a desk is a word without a slash", "desk.spelling")
    if other := alike(made.name, (desk.name for desk in ports.people.desks())):
        raise _refused(f"there is or was a desk {other}", "desk.taken")
    used = {key.desk for key in ports.inventory.keys()} - {made.name}  # noqa: SIM118 - of the port
    if other := alike(made.name, sorted(used)):
        raise _refused(f"keys name a desk {other}, which looks like it", "desk.alike")
    if made.head:
        find_person(ports, made.head)


def _refused(what: str, code: str) -> UsageError:
    return UsageError(what, code=code, still="nothing was changed")
