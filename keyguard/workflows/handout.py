"""Hand a key to a process: recorded on disk first, then released, leased until the process ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key, KeyVersion
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Lease
from keyguard.workflows import credentials
from keyguard.workflows.identity import Actor, Names, Process, names

_TRIES = 3


@dataclass(frozen=True, slots=True)
class HandOut:
    """A released credential; end `lease_id` when the process has ended."""

    key: Key
    version: KeyVersion
    credential: Credential
    lease_id: str


def hand_out(
    ports: Ports, key_name: str, *, purpose: str, mode: str, actor: Actor, process: Process
) -> HandOut:
    """Release a key's live version to a process. `mode` is KGA's word: env, stdin, socket, file.

    Without its audit record on disk the secret is not even read (promise 2). A refusal is recorded as
    `handout.denied`. Raises UsageError for a key without live version, StoreError for a store or log that
    cannot be used.
    """
    key = ports.inventory.find_key(key_name)
    named = names(ports, key.venue)
    try:
        for _ in range(_TRIES):
            given = _give(ports, named, key, purpose, mode, actor, process)
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
    lease = Lease(
        ports.clock.token(8).hex(), given.version.id, process.pid, process.started, process.command, now
    )
    with ports.inventory.transaction():
        ports.inventory.add_lease(lease)
        ports.inventory.end_lease(given.lease_id, now)
    return replace(given, lease_id=lease.id)


def end(ports: Ports, lease_id: str) -> None:
    """Note that the process ended."""
    ports.inventory.end_lease(lease_id, ports.clock.now())


def _give(
    ports: Ports, named: Names, key: Key, purpose: str, mode: str, actor: Actor, process: Process
) -> HandOut:
    version = ports.inventory.live_version(key.id)
    body = {
        "key": version.fingerprint,
        "person": named.person(actor.user),
        "host": named.host(actor.host),
        "process": process.command,
        "mode": mode,
        "lease_s": 0,  # until the process ends
    }
    if purpose:
        body["purpose"] = purpose
    private = {"user": actor.user, "host": actor.host, "pid": process.pid, "started": process.started}
    ports.audit.append(key.venue, "handout", body, private=private)
    credential = credentials.load(ports, version)
    lease = Lease(
        id=ports.clock.token(8).hex(),
        version_id=version.id,
        pid=process.pid,
        started=process.started,
        command=process.command,
        at=ports.clock.now(),
    )
    ports.inventory.add_lease(lease)
    return HandOut(key, version, credential, lease.id)


def _deny(ports: Ports, named: Names, key: Key, actor: Actor, process: Process, error: KeyguardError) -> None:
    body = {
        "person": named.person(actor.user),
        "host": named.host(actor.host),
        "process": process.command,
        "reason": error.code,
    }
    versions = ports.inventory.versions(key.id)
    if versions:
        body["key"] = versions[-1].fingerprint
    try:
        ports.audit.append(key.venue, "handout.denied", body)
    except KeyguardError:
        return  # the log itself is what fails; the caller gets the first error
