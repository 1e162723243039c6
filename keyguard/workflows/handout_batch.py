"""Hand-outs in one transaction and one flush: of one process (`handout.py`), or of all that ask a daemon.

The records, the leases and the ends of earlier leases share a transaction, so a thousand hand-outs a second
cost a few hundred flushes. Nothing is released here: the caller reads a credential after `record` returned,
when its record is on disk (promise 2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.escape import escape
from keyguard.core.keys import Environment, Key, KeyVersion
from keyguard.core.people import Grant, Person
from keyguard.ports.all import Ports
from keyguard.ports.audit import Draft
from keyguard.ports.inventory import Lease
from keyguard.workflows import authority, people_records, use_checks
from keyguard.workflows.identity import Actor, Names, Process
from keyguard.workflows.use_checks import RaiseAlert, UseChecks

Namer = Callable[[str], Names]
"""Venue -> its namer; StoreError where the store is locked."""


@dataclass(frozen=True, slots=True)
class Use:
    """Who would use which key, by the kernel's word. `environment` TEST: the process is a test."""

    key: Key
    version: KeyVersion
    actor: Actor
    process: Process
    purpose: str
    environment: Environment = Environment.LIVE


@dataclass(frozen=True, slots=True)
class Permit:
    """What a use rests on. `id` names the person in records; `grant` None where rights are open."""

    id: str
    person: Person | None = None
    grant: Grant | None = None


MayUse = Callable[[Use], Permit]
"""Permits a use, or raises the KeyguardError that says who can mend it. It may read the database: it is asked
inside the transaction that records the hand-out, so its answer cannot be outdated by then."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A process asks for a key. `mode` is KGA's word; `lease_s` 0: until the process ends.

    `private` is what more is known of the process, for the part of the record that no venue gets.
    """

    key_name: str
    purpose: str
    mode: str
    lease_s: int
    actor: Actor
    process: Process
    environment: Environment = Environment.LIVE
    private: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A hand-out that is on disk and may now be given; `person` and `grant_id`: by whose right."""

    key: Key
    version: KeyVersion
    lease_id: str
    person: str = ""
    grant_id: str = ""


def record(
    ports: Ports,
    namer: Namer,
    may_use: MayUse,
    wanted: Sequence[Wanted],
    *,
    begun: Sequence[Lease] = (),
    ended: Sequence[str] = (),
    raise_alert: RaiseAlert = use_checks.log_alert,
) -> tuple[Recorded | KeyguardError, ...]:
    """Record hand-outs in one transaction: one answer for each that is wanted, in order.

    `begun` and `ended` are leases that move from one process to another, or end: no new release.

    A refusal is recorded as `handout.denied` and answered by its error, as is a key that is unknown or has
    no live version; the others stand. What the desk's rules on use found becomes findings in the same
    transaction; `raise_alert` is told once all is on disk, has to be quick and raises nothing. Raises
    StoreError or IntegrityError if nothing could be written.
    """
    keys = _keys(ports, wanted)
    named = _names(namer, keys)
    found = {key.id for key in keys.values() if isinstance(key, Key)}
    use_checks.prepare(ports)
    with ports.inventory.transaction():
        live = ports.inventory.live_versions(sorted(found))
        ask, checks = _asked_once(may_use), use_checks.begin(ports, sorted(found))
        judged = [_judge(ports, one, keys[one.key_name], named, live, ask, checks) for one in wanted]
        if any(one.permit is not None for one in judged):
            people_records.policy(ports)
        for one in judged:
            _cover(ports, named, one)
        drafts = [one.draft for one in judged if one.draft is not None]
        written = iter(ports.audit.append_all(drafts) if drafts else ())
        now = ports.clock.now()
        leases: list[Lease] = []
        answers: list[Recorded | KeyguardError] = []
        for one in judged:
            told = next(written) if one.draft is not None else None
            answer = told if isinstance(told, UsageError) and one.error is None else one.error
            if answer is None:
                assert one.key is not None and one.version is not None
                lease = _lease(ports, one, now)
                leases.append(lease)
                answers.append(Recorded(one.key, one.version, lease.id, lease.person, lease.grant_id))
            else:
                answers.append(answer)
        ports.inventory.add_leases([*leases, *begun])
        ports.inventory.end_leases(ended, now)
        hits = checks.note() if checks else ()
    for item, news in hits:
        raise_alert(item, news)
    return tuple(answers)


def withdraw(ports: Ports, namer: Namer, wanted: Wanted, given: Recorded, error: KeyguardError) -> None:
    """The record is there but the secret could not be read: say so in the log and end the lease."""
    draft = _denied(ports, wanted, given.key, given.version, namer(given.key.venue), error)
    with ports.inventory.transaction():
        ports.audit.append_all([draft])
        ports.inventory.end_leases([given.lease_id], ports.clock.now())


@dataclass(frozen=True, slots=True)
class _Judged:
    wanted: Wanted
    key: Key | None
    version: KeyVersion | None
    draft: Draft | None
    error: KeyguardError | None
    permit: Permit | None = None


def _keys(ports: Ports, wanted: Sequence[Wanted]) -> dict[str, Key | KeyguardError]:
    found: dict[str, Key | KeyguardError] = {}
    for name in {one.key_name for one in wanted}:
        try:
            found[name] = ports.inventory.find_key(name)
        except UsageError as error:
            found[name] = error
    return found


def _names(namer: Namer, keys: Mapping[str, Key | KeyguardError]) -> dict[str, Names | KeyguardError]:
    """Namers before the transaction: a keyring that takes its time must not hold up every writer."""
    found: dict[str, Names | KeyguardError] = {}
    for venue in {key.venue for key in keys.values() if isinstance(key, Key)}:
        try:
            found[venue] = namer(venue)
        except KeyguardError as error:
            found[venue] = error
    return found


def _judge(
    ports: Ports,
    wanted: Wanted,
    key: Key | KeyguardError,
    named: Mapping[str, Names | KeyguardError],
    live: Mapping[str, KeyVersion],
    may_use: MayUse,
    checks: UseChecks | None,
) -> _Judged:
    if isinstance(key, KeyguardError):
        return _Judged(wanted, None, None, None, key)
    names, version = named[key.venue], live.get(key.id)
    if isinstance(names, KeyguardError):
        return _Judged(wanted, key, version, None, names)
    try:
        if version is None:
            raise UsageError(
                f"{key.name} has no live version",
                code="key.no_live_version",
                hint="keyguard key show tells the state of its versions",
            )
        use = Use(key, version, wanted.actor, wanted.process, wanted.purpose, wanted.environment)
        permit = may_use(use)
        noted = checks.demand(use, permit, names, wanted.private) if checks else {}
    except KeyguardError as error:
        return _Judged(wanted, key, version, _denied(ports, wanted, key, version, names, error), error)
    return _Judged(wanted, key, version, _given(wanted, key, version, names, permit, noted), None, permit)


def _cover(ports: Ports, named: Mapping[str, Names | KeyguardError], one: _Judged) -> None:
    """Tell the venue of the grant a hand-out rests on, before the hand-out's own record."""
    if one.permit is None or one.permit.grant is None:
        return
    assert one.key is not None and one.version is not None and one.permit.person is not None
    names = named[one.key.venue]
    assert isinstance(names, Names)
    people_records.cover_version(ports, names, one.permit.grant, one.permit.person, one.version)


def _lease(ports: Ports, one: _Judged, now: datetime) -> Lease:
    assert one.version is not None and one.permit is not None
    process, grant = one.wanted.process, one.permit.grant
    return Lease(
        id=ports.clock.token(8).hex(),
        version_id=one.version.id,
        pid=process.pid,
        started=process.started,
        command=process.command,
        at=now,
        person=one.permit.id,
        grant_id=grant.id if grant else "",
        host=one.wanted.actor.host,
    )


def _asked_once(may_use: MayUse) -> MayUse:
    """Many hand-outs to one process in a batch are one question: within a transaction it has one answer."""
    known: dict[tuple[str, Actor, Process, str, Environment], Permit | KeyguardError] = {}

    def ask(use: Use) -> Permit:
        same = use.key.id, use.actor, use.process, use.purpose, use.environment
        if same not in known:
            try:
                known[same] = may_use(use)
            except KeyguardError as error:
                known[same] = error
        answer = known[same]
        if isinstance(answer, KeyguardError):
            raise answer
        return answer

    return ask


def _given(
    wanted: Wanted, key: Key, version: KeyVersion, names: Names, permit: Permit, noted: Mapping[str, Any]
) -> Draft:
    body = {
        "key": version.fingerprint,
        "person": names.person(permit.id),
        "host": names.host(wanted.actor.host),
        "process": wanted.process.command,
        "mode": wanted.mode,
        "lease_s": wanted.lease_s,
    }
    purpose = wanted.purpose
    if permit.grant is not None:
        body["grant"] = names.record_id(permit.grant.id)
        purpose = purpose or permit.grant.purpose
    if purpose:
        body["purpose"] = purpose
    private = _private(wanted)
    if permit.person is not None:
        private |= {"person": permit.person.id, "party": permit.person.party}
    return Draft(key.venue, "handout", body, {**private, **noted})


def _denied(
    ports: Ports, wanted: Wanted, key: Key, version: KeyVersion | None, names: Names, error: KeyguardError
) -> Draft:
    body = {
        "person": names.person(authority.acting(ports, wanted.actor).id),
        "host": names.host(wanted.actor.host),
        "process": wanted.process.command,
        "reason": error.code,
    }
    if version is not None:
        body["key"] = version.fingerprint
    return Draft(key.venue, "handout.denied", body, _private(wanted))


def _private(wanted: Wanted) -> dict[str, Any]:
    actor, process = wanted.actor, wanted.process
    known = {"user": actor.user, "host": actor.host, "pid": process.pid, "started": process.started}
    if process.executable:
        known["executable"] = escape(process.executable)  # a path may hold bytes that are no text
    return {**known, **wanted.private}
