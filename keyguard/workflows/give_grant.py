"""Give a grant: a person may use a key, or the keys of a desk. Some wait for a second person first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath

from keyguard.core.canonical import LONGEST, check_record_text
from keyguard.core.errors import UsageError
from keyguard.core.keys import Key, Scope, VersionStatus
from keyguard.core.people import Action, Approval, Decision, Grant, GrantState, Person, Span
from keyguard.core.rights import rule_for_grant
from keyguard.ports.all import Ports
from keyguard.workflows import people_records as told
from keyguard.workflows.approvals import record_decision, record_request
from keyguard.workflows.authority import demand_admin
from keyguard.workflows.declare_person import find as find_person
from keyguard.workflows.identity import Actor
from keyguard.workflows.rights import key_scopes


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be granted: a key (any unambiguous part of its name) or, with `key` "", a desk's keys.

    `scopes` None: what the keys can do today. A key that can do more later is then refused.
    """

    person: str
    key: str = ""
    desk: str = ""
    scopes: Scope | None = None
    purpose: str = ""
    hosts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def give(ports: Ports, wanted: Wanted, *, actor: Actor, why: str = "") -> Grant:
    """Give it, or ask for it where the policy wants a second person: then its state is ASKED.

    Raises UsageError for an unknown person, key or desk, someone who has left, a span that is empty, scopes
    that nobody knows. A grant to another company's people ends with their contract at the latest.
    """
    who = demand_admin(ports, actor)
    named = told.namers(ports)
    with ports.inventory.transaction():
        now = ports.clock.now()
        person = find_person(ports, wanted.person)
        keys = _keys(ports, wanted)
        span = _span(ports, person, wanted, now)
        scopes = wanted.scopes if wanted.scopes is not None else _today(ports, keys)
        _check(wanted)
        rule = rule_for_grant(ports.people.policy, person, scopes)
        id_ = f"gr_{ports.clock.token(8).hex()}"
        approval = Approval(
            id=f"ap_{ports.clock.token(8).hex()}",
            action=Action.GRANT,
            rule=rule,
            subject={"grant": id_, "person": person.id},
            asked_by=who.id,
            asked_at=now,
            why=why,
            decision=None if rule else Decision.APPROVE,
            decided_by="" if rule else who.id,
            decided_at=None if rule else now,
            used_at=None if rule else now,
        )
        grant = Grant(
            id=id_,
            person=person.id,
            span=span,
            scopes=scopes,
            key_id=keys[0].id if wanted.key else "",
            desk=wanted.desk,
            purpose=wanted.purpose,
            hosts=wanted.hosts,
            users=wanted.users,
            executables=wanted.executables,
            given_by=who.id,
            approval=approval.id,
            state=GrantState.ASKED if rule else GrantState.GIVEN,
        )
        told.policy(ports)
        record_request(ports, named, approval, keys)
        change = "asked" if rule else "declared"
        told.change(ports, named, "grant", id_, change, told.private_grant(grant))
        ports.people.put_approval(approval)
        ports.people.put_grant(grant)
        if not rule:
            record_decision(ports, named, approval)
            told.cover(ports, named, [grant], keys)
    return grant


def _keys(ports: Ports, wanted: Wanted) -> list[Key]:
    if bool(wanted.key) == bool(wanted.desk):
        raise _refused("a grant is for one key or for the keys of one desk", "grant.subject")
    if wanted.key:
        return [ports.inventory.find_key(wanted.key)]
    keys = [key for key in ports.inventory.keys() if key.desk == wanted.desk]  # noqa: SIM118 - of the port
    desk = next((desk for desk in ports.people.desks() if desk.name == wanted.desk), None)
    if desk is not None and desk.span.ended_at is not None:
        raise _refused(f"the desk {wanted.desk} has ended", "desk.ended")
    if not keys and desk is None:
        raise _refused(f"no key and no declaration has a desk {wanted.desk!r}", "desk.unknown")
    return keys


def _span(ports: Ports, person: Person, wanted: Wanted, now: datetime) -> Span:
    if person.span.over(now):
        raise _refused(f"{person.id} has left", "person.ended")
    until = [at for at in (wanted.until, person.span.until) if at is not None]
    if person.party:
        party = next(party for party in ports.people.parties() if party.id == person.party)
        until.append(min(at for at in (party.latest.until, party.span.end) if at is not None))
    span = Span(wanted.since or now, min(until, default=None))
    if span.until is not None and span.until <= max(span.since, now):
        raise _refused(
            "the grant would end before it begins",
            "grant.span",
            f"keyguard person show {person.id} tells the end of time and contract",
        )
    return span


def _today(ports: Ports, keys: list[Key]) -> Scope:
    scopes = Scope.NONE
    for key in keys:
        for version in ports.inventory.versions(key.id):
            if version.status is VersionStatus.LIVE:
                scopes |= key_scopes(ports, key, version) or Scope.NONE
    if not scopes:
        raise _refused("nobody knows what the key can do", "grant.scopes", "name them with --scopes")
    return scopes


def _check(wanted: Wanted) -> None:
    for path in wanted.executables:
        if not (PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()):
            raise _refused("an executable is given by its absolute path", "grant.executable")
    try:
        check_record_text(wanted.purpose, "purpose", longest=LONGEST)
    except ValueError as error:
        raise _refused(str(error), "grant.purpose") from None


def _refused(what: str, code: str, hint: str = "") -> UsageError:
    return UsageError(what, code=code, still="nothing was changed", hint=hint)
