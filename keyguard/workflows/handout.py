"""Hand a key to a process: recorded on disk first, then released, leased until the process ends."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Environment, Key, KeyVersion
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Lease
from keyguard.workflows import credentials, rights, use_checks
from keyguard.workflows.handout_batch import MayUse, Wanted, record, withdraw
from keyguard.workflows.identity import Actor, Process, names
from keyguard.workflows.use_checks import RaiseAlert

_TRIES = 3
_UNTIL_IT_ENDS = 0


@dataclass(frozen=True, slots=True)
class HandOut:
    """A released credential; end `lease_id` when the process has ended.

    `person` and `grant_id`: whose use this is and by which grant, "" where nothing was granted. `host`: where
    its process runs.
    """

    key: Key
    version: KeyVersion
    credential: Credential
    lease_id: str
    person: str = ""
    grant_id: str = ""
    host: str = ""


def hand_out(
    ports: Ports,
    key_name: str,
    *,
    purpose: str,
    mode: str,
    actor: Actor,
    process: Process,
    environment: Environment = Environment.LIVE,
    raise_alert: RaiseAlert = use_checks.log_alert,
    may_use: MayUse | None = None,
    private: Mapping[str, str] | None = None,
) -> HandOut:
    """Release a key's live version to a process. `mode` is KGA's word: env, stdin, socket, file.

    Without the right to it (`rights.demand`) and its audit record on disk the secret is not even read
    (promise 2). A refusal is recorded as `handout.denied`. `environment` TEST: the process is a test and
    gets no live key. `raise_alert` is told what the desk's rules on use found. `may_use` asks more than the
    rights that `rights.permits` asks for; `private` is more for the record's private part.

    Raises UsageError where it is not allowed (`rights.…`), a rule on use keeps it (`use.…`) or there is no
    live version, StoreError for a store or log that cannot be used.
    """
    wanted = Wanted(key_name, purpose, mode, _UNTIL_IT_ENDS, actor, process, environment, private or {})
    namer, may_use = partial(names, ports), may_use or rights.permits(ports)
    for _ in range(_TRIES):
        (answer,) = record(ports, namer, may_use, [wanted], raise_alert=raise_alert)
        if isinstance(answer, KeyguardError):
            raise answer
        try:
            credential = credentials.load(ports, answer.version)
        except KeyguardError as error:
            with suppress(KeyguardError):
                withdraw(ports, namer, wanted, answer, error)
            raise
        if ports.inventory.live_version(answer.key.id).id == answer.version.id:
            return HandOut(
                answer.key,
                answer.version,
                credential,
                answer.lease_id,
                answer.person,
                answer.grant_id,
                actor.host,
            )
        # A rotation switched in between: nobody would wait for this lease, so give the new version.
        end(ports, answer.lease_id)
    raise UsageError(f"{key_name} is being switched again and again", code="handout.busy", hint="try again")


def attach(ports: Ports, given: HandOut, process: Process) -> HandOut:
    """Move the lease to the process that was started for it: it ends with that one, not with ours."""
    now = ports.clock.now()
    lease = Lease(
        id=ports.clock.token(8).hex(),
        version_id=given.version.id,
        pid=process.pid,
        started=process.started,
        command=process.command,
        at=now,
        person=given.person,
        grant_id=given.grant_id,
        host=given.host,
    )
    with ports.inventory.transaction():
        ports.inventory.add_lease(lease)
        ports.inventory.end_lease(given.lease_id, now)
    return replace(given, lease_id=lease.id)


def end(ports: Ports, lease_id: str) -> None:
    """Note that the process ended."""
    ports.inventory.end_lease(lease_id, ports.clock.now())
