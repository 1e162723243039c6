"""Freeze hand-outs and thaw them: of a key, a desk, a venue, a person, or all."""

from __future__ import annotations

from dataclasses import replace

from keyguard.core.errors import UsageError
from keyguard.core.incidents import Freeze, Scope
from keyguard.core.keys import Key
from keyguard.ports.all import Ports
from keyguard.workflows import incident_records as told
from keyguard.workflows.authority import acting, demand_admin
from keyguard.workflows.identity import Actor

AUTOMATIC = "keyguard"
"""Who acts where no person does."""


def demand_thawed(ports: Ports, key: Key, person: str) -> None:
    """UsageError `handout.frozen` where a freeze keeps this key from this person.

    Inside the transaction that records the hand-out, no freeze can slip in between.
    """
    for freeze in ports.incidents.freezes():
        if freeze.covers(key, person):
            first = f"keyguard incident show {freeze.incident}; " if freeze.incident else ""
            raise UsageError(
                f"hand-outs of {key.name} are frozen: {freeze.reason}",
                code="handout.frozen",
                still="nothing was handed out; the refusal is in the audit log",
                hint=f"{first}a key administrator can end it: keyguard incident thaw {freeze.id}",
            )


def freeze(
    ports: Ports, scope: Scope, subject: str, *, reason: str, actor: Actor | None, incident: str = ""
) -> Freeze:
    """Stop hand-outs; from the return of this call none of what it names begins, in a running daemon neither.

    `subject`: a key's name, a desk, a venue, a person; "" of ALL. `actor` None: keyguard by itself. The same
    again, for the same incident, is the freeze that stands. Anybody may: to take away is always allowed.
    Raises UsageError `freeze.unknown` and others for a subject that does not exist or a missing reason.
    """
    told.demand_writable(reason)
    subject = _subject(ports, scope, subject)
    named = told.namers(ports, [subject] if scope is Scope.VENUE else [])
    with ports.inventory.transaction():
        return freeze_within(
            ports, named, scope, subject, reason=reason, by=who(ports, actor), incident=incident
        )


def freeze_within(
    ports: Ports, named: told.Namers, scope: Scope, subject: str, *, reason: str, by: str, incident: str
) -> Freeze:
    """As `freeze`, within a transaction of the caller and with a subject that is known to exist."""
    if not reason.strip():
        raise UsageError("a reason is missing", code="freeze.reason", still="nothing was frozen")
    for one in ports.incidents.freezes():
        if (one.scope, one.subject, one.incident) == (scope, subject, incident):
            return one
    made = Freeze(
        id=f"fz_{ports.clock.token(8).hex()}",
        scope=scope,
        subject=subject,
        since=ports.clock.now(),
        by=by,
        reason=reason.strip(),
        incident=incident,
    )
    told.frozen(ports, named, made, reached(ports, made))
    ports.incidents.put_freeze(made)
    return made


def thaw(ports: Ports, wanted: str, *, actor: Actor, reason: str) -> Freeze:
    """End a freeze, by its id or the beginning of it. For key administrators, where there are any.

    Raises UsageError `freeze.unknown`, `rights.not_admin`, `freeze.reason`.
    """
    told.demand_writable(reason)
    demand_admin(ports, actor)
    found = find(ports, wanted)
    named = told.namers(ports, [found.subject] if found.scope is Scope.VENUE else [])
    with ports.inventory.transaction():
        standing = find(ports, found.id)
        return thaw_within(ports, named, standing, reason=reason, by=who(ports, actor))


def thaw_within(ports: Ports, named: told.Namers, standing: Freeze, *, reason: str, by: str) -> Freeze:
    """As `thaw`, within a transaction of the caller."""
    if not reason.strip():
        raise UsageError("a reason is missing", code="freeze.reason", still="the freeze stands")
    ended = replace(standing, ended_at=ports.clock.now(), ended_by=by, ended_why=reason.strip())
    told.frozen(ports, named, ended, reached(ports, standing))
    ports.incidents.put_freeze(ended)
    return ended


def find(ports: Ports, wanted: str) -> Freeze:
    """A freeze that stands, by id or the beginning of it; UsageError `freeze.unknown`."""
    ids = (wanted, f"fz_{wanted}")
    found = [one for one in ports.incidents.freezes() if wanted and one.id.startswith(ids)]
    if len(found) != 1:
        what = "no freeze that stands is" if not found else f"{len(found)} freezes begin with"
        raise UsageError(
            f"{what} {wanted!r}", code="freeze.unknown", hint="keyguard incident freezes lists them"
        )
    return found[0]


def reached(ports: Ports, one: Freeze) -> tuple[Key, ...]:
    """The keys that it keeps from somebody."""
    return tuple(key for key in ports.inventory.keys() if one.reaches(key))  # noqa: SIM118 - of the port


def who(ports: Ports, actor: Actor | None) -> str:
    """What records call who acts."""
    return AUTOMATIC if actor is None else acting(ports, actor).id


def _subject(ports: Ports, scope: Scope, wanted: str) -> str:
    if scope is Scope.KEY:
        return ports.inventory.find_key(wanted).id
    if scope is Scope.VENUE:
        return ports.gateway.adapter(wanted).facts.id
    if scope is Scope.ALL:
        return ""
    known: set[str]
    if scope is Scope.DESK:
        known = {desk.name for desk in ports.people.desks()}
        known |= {key.desk for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    else:
        known = {person.id for person in ports.people.persons()}
        if not ports.people.declared():  # then records name people by their OS users, whom nobody listed
            known.add(wanted)
    if not wanted or wanted not in known:
        raise UsageError(
            f"no {scope.value} {wanted!r}",
            code="freeze.unknown",
            still="nothing was frozen",
            hint=f"keyguard {scope.value} list",
        )
    return wanted
