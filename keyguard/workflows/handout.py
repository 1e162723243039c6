"""Hand a key to a process: recorded on disk first, then released, leased until the process ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Environment, Key, KeyVersion
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Lease
from keyguard.workflows import authority, credentials, people_records, rights
from keyguard.workflows.identity import Actor, Names, Process, names

_TRIES = 3


@dataclass(frozen=True, slots=True)
class HandOut:
    """A released credential; end `lease_id` when the process has ended.

    `person` and `grant_id`: whose use this is and by which grant, "" where nothing was granted.
    """

    key: Key
    version: KeyVersion
    credential: Credential
    lease_id: str
    person: str = ""
    grant_id: str = ""


def hand_out(
    ports: Ports,
    key_name: str,
    *,
    purpose: str,
    mode: str,
    actor: Actor,
    process: Process,
    environment: Environment = Environment.LIVE,
) -> HandOut:
    """Release a key's live version to a process. `mode` is KGA's word: env, stdin, socket, file.

    Without the right to it (`rights.demand`) and its audit record on disk the secret is not even read
    (promise 2). A refusal is recorded as `handout.denied`. `environment` TEST: the process is a test and
    gets no live key. Raises UsageError where it is not allowed (`rights.…`) or there is no live version,
    StoreError for a store or log that cannot be used.
    """
    key = ports.inventory.find_key(key_name)
    named = names(ports, key.venue)
    try:
        for _ in range(_TRIES):
            given = _give(ports, named, key, purpose, mode, actor, process, environment)
            if ports.inventory.live_version(key.id).id == given.version.id:
                return given
            # A rotation switched in between: nobody would wait for this lease, so give the new version.
            end(ports, given.lease_id)
    except KeyguardError as error:
        _deny(ports, named, key, actor, process, error)
        raise
    raise UsageError(f"{key.name} is being switched again and again", code="handout.busy", hint="try again")


def attach(ports: Ports, given: HandOut, process: Process) -> HandOut:
    """Move the lease to the process that was started for it: it ends with that one, not with ours."""
    now = ports.clock.now()
    lease = _lease(ports, given.version, process, given.person, given.grant_id)
    with ports.inventory.transaction():
        ports.inventory.add_lease(lease)
        ports.inventory.end_lease(given.lease_id, now)
    return replace(given, lease_id=lease.id)


def end(ports: Ports, lease_id: str) -> None:
    """Note that the process ended."""
    ports.inventory.end_lease(lease_id, ports.clock.now())


def _give(
    ports: Ports,
    named: Names,
    key: Key,
    purpose: str,
    mode: str,
    actor: Actor,
    process: Process,
    environment: Environment,
) -> HandOut:
    # One transaction: a grant ends either before this check or after this record, never in between.
    with ports.inventory.transaction():
        version = ports.inventory.live_version(key.id)
        right = rights.demand(
            ports,
            key,
            version,
            actor=actor,
            process=process,
            purpose=purpose,
            environment=environment,
        )
        people_records.policy(ports)
        body = {
            "key": version.fingerprint,
            "person": named.person(right.id),
            "host": named.host(actor.host),
            "process": process.command,
            "mode": mode,
            "lease_s": 0,  # until the process ends
        }
        if (grant := right.grant) is not None:
            assert right.person is not None
            people_records.cover_version(ports, named, grant, right.person, version)
            body["grant"] = named.record_id(grant.id)
            purpose = purpose or grant.purpose
        if purpose:
            body["purpose"] = purpose
        private = {"user": actor.user, "host": actor.host, "pid": process.pid, "started": process.started}
        ports.audit.append(key.venue, "handout", body, private=private)
    credential = credentials.load(ports, version)
    person, grant_id = right.id, grant.id if grant else ""
    lease = _lease(ports, version, process, person, grant_id)
    ports.inventory.add_lease(lease)
    return HandOut(key, version, credential, lease.id, person, grant_id)


def _lease(ports: Ports, version: KeyVersion, process: Process, person: str, grant_id: str) -> Lease:
    return Lease(
        id=ports.clock.token(8).hex(),
        version_id=version.id,
        pid=process.pid,
        started=process.started,
        command=process.command,
        at=ports.clock.now(),
        person=person,
        grant_id=grant_id,
    )


def _deny(ports: Ports, named: Names, key: Key, actor: Actor, process: Process, error: KeyguardError) -> None:
    body = {
        "host": named.host(actor.host),
        "process": process.command,
        "reason": error.code,
    }
    versions = ports.inventory.versions(key.id)
    if versions:
        body["key"] = versions[-1].fingerprint
    private = {"user": actor.user, "host": actor.host, "pid": process.pid, "started": process.started}
    try:
        body["person"] = named.person(authority.acting(ports, actor).id)
        ports.audit.append(key.venue, "handout.denied", body, private=private)
    except KeyguardError:
        return  # the log itself is what fails; the caller gets the first error
