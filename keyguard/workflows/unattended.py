"""Rotations and revocations without a person: what may be done now, and one of them done.

Two things are taken up: workflows that were interrupted or whose time to be tried again has come, and keys
that are due and may begin by the firm's policy. What only a person can do is noted and left to one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from keyguard.core import due
from keyguard.core.due import Busy, Due, OnLeak, RotationPolicy
from keyguard.core.errors import KeyguardError, StoreError, UsageError
from keyguard.core.findings import Item, Kind
from keyguard.core.keys import Key, Scope
from keyguard.core.policy import Level
from keyguard.core.rotation import ROTATION, State
from keyguard.ports.all import Ports
from keyguard.ports.journal import EVERYTHING, Workflow
from keyguard.workflows import findings, parking
from keyguard.workflows.due import due_keys
from keyguard.workflows.identity import Actor
from keyguard.workflows.plan import decode
from keyguard.workflows.recovery import resume
from keyguard.workflows.revoke import revoke
from keyguard.workflows.rights import key_scopes
from keyguard.workflows.rotate import Options, rotate
from keyguard.workflows.run import MACHINES, ProcessAlive

QUIET = timedelta(minutes=1)
"""A workflow that moved more lately may be a person's who is about to go on with it."""
_OWN = frozenset({"daemon.stopping", "workflow.paused", "workflow.busy", "workflow.open", "store.locked"})
"""Errors that say nothing of the workflow: it goes on when they are over."""

Do = Callable[[Ports, Actor, ProcessAlive], Workflow]


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do for one key. `what`: resume, rotate or revoke; for people."""

    key: Key
    managing: bool
    what: str
    version: str
    do: Do


def tasks(ports: Ports, policy: RotationPolicy, busy: Sequence[Busy], skip: frozenset[str]) -> list[Task]:
    """What to begin now beside what is `busy`, within the policy's limits: interrupted work first.

    A key whose hand-outs are frozen gets no new version by schedule: an incident is being looked into. What
    ends it because somebody has it who should not goes on, and so does what has switched already.
    `skip`: versions of keys that could not begin and whose time has not come again.
    """
    pauses = ports.journal.pauses()
    if EVERYTHING in pauses:
        return []
    keys = {key.id: key for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    under_way, chosen = list(busy), []
    for workflow in ports.journal.workflows(unfinished=True):
        key = keys.get(workflow.key_id)
        if key is None or workflow.id in pauses or not _may_resume(ports, workflow, policy.of(key)):
            continue
        if _frozen(ports, key) and _waits_for_thaw(workflow):
            continue
        there = sum(1 for other in under_way if other.key.venue == key.venue)
        known = any(other.key.id == key.id for other in under_way)
        if known or len(under_way) >= policy.at_once or there >= policy.at_once_venue:
            continue
        chosen.append(resumption(key, workflow, managing=_managing(ports, key)))
        under_way.append(Busy(key, chosen[-1].managing))
    wanted = [
        one
        for one in due_keys(ports, policy)
        if one.version not in skip and (one.urgent or not _frozen(ports, one.key))
    ]
    begin = due.may_begin(wanted, under_way, policy, ports.clock.now())
    return chosen + [rotation(one) for one in begin]


def resumption(key: Key, workflow: Workflow, *, managing: bool) -> Task:
    """Take a workflow up again."""

    def do(ports: Ports, actor: Actor, process_alive: ProcessAlive) -> Workflow:
        return resume(ports, workflow.id, actor=actor, process_alive=process_alive)

    return Task(key, managing, "resume", decode(workflow.data["plan"]).old, do)


def rotation(one: Due) -> Task:
    """Rotate a key that is due."""
    options = Options(overlap_s=one.overlap_s, reason=one.why, attended=False)

    def do(ports: Ports, actor: Actor, process_alive: ProcessAlive) -> Workflow:
        return rotate(ports, one.key.id, options, actor=actor, process_alive=process_alive)

    return Task(one.key, one.managing, "rotate", one.version, do)


def answer_to_leak(ports: Ports, policy: RotationPolicy, version_id: str) -> Task | None:
    """What the policy has done at once about a version in use whose secret was found; None: people decide.

    A workflow of the key that is open is taken up instead: it ends that version.
    """
    version = ports.inventory.versions_by_id([version_id])[version_id]
    key = ports.inventory.find_key(version.key_id)
    rule, pauses = policy.of(key), ports.journal.pauses()
    if rule.on_leak is OnLeak.ALERT or EVERYTHING in pauses:
        return None
    for workflow in ports.journal.workflows(unfinished=True):
        if workflow.key_id == key.id:
            managing = _managing(ports, key)
            return None if workflow.id in pauses else resumption(key, workflow, managing=managing)
    overlap_s = int(rule.leak_overlap.total_seconds())
    options = Options(overlap_s=overlap_s, reason="leak", attended=False)

    def do(ports: Ports, actor: Actor, process_alive: ProcessAlive) -> Workflow:
        if rule.on_leak is OnLeak.REVOKE:
            return revoke(ports, key.id, reason="leak", manager="", actor=actor, process_alive=process_alive)
        return rotate(ports, key.id, options, actor=actor, process_alive=process_alive)

    return Task(key, _managing(ports, key), rule.on_leak.value, version.id, do)


def perform(
    ports: Ports, task: Task, *, actor: Actor, process_alive: ProcessAlive
) -> Workflow | KeyguardError:
    """Do it; what keeps it from its end is noted where people see it, and returned."""
    try:
        return task.do(ports, actor, process_alive)
    except KeyguardError as error:
        if error.code not in _OWN:
            with contextlib.suppress(KeyguardError):  # a disk that is full takes no note either
                _note(ports, task, error)
        return error


def _note(ports: Ports, task: Task, error: KeyguardError) -> None:
    with ports.journal.alone(task.key.id):
        for workflow in ports.journal.workflows(unfinished=True):
            if workflow.key_id == task.key.id:
                parking.park(ports, workflow, error)
                return
    if parking.needs_person(error):
        item = Item(
            Kind.DUE,
            Level.HIGH if task.what != "rotate" else Level.MEDIUM,
            task.key.name,
            f"is to be replaced and a person must do it: {error.message}",
            ports.clock.now(),
            _command(error, task.key),
            version=task.version,
        )
        with ports.inventory.transaction():
            findings.note(ports, [item])


def _command(error: KeyguardError, key: Key) -> str:
    return error.hint if error.hint.startswith("keyguard ") else f"keyguard key rotate {key.name}"


def _may_resume(ports: Ports, workflow: Workflow, rule: due.Rule) -> bool:
    if workflow.kind not in MACHINES:
        return False
    for_leak = decode(workflow.data["plan"]).reason == "leak" and rule.on_leak is not OnLeak.ALERT
    now, kept = ports.clock.now(), parking.why(workflow)
    if kept is None:
        ready = now - workflow.updated_at >= QUIET
    else:
        ready = kept.again_at is not None and kept.again_at <= now
    return (rule.auto or for_leak) and ready


def _frozen(ports: Ports, key: Key) -> bool:
    """Whether a freeze keeps the key from everybody, not from one person alone."""
    return any(one.covers(key, "") for one in ports.incidents.freezes())


def _waits_for_thaw(workflow: Workflow) -> bool:
    scheduled = workflow.kind == "rotate" and decode(workflow.data["plan"]).reason == "schedule"
    return scheduled and ROTATION.can_abort(State(workflow.state))


def _managing(ports: Ports, key: Key) -> bool:
    try:
        version = ports.inventory.live_version(key.id)
    except UsageError:
        return False
    scopes = key_scopes(ports, key, version)
    return scopes is None or Scope.MANAGE_KEYS in scopes


def comes_back(error: KeyguardError) -> bool:
    """Whether a start that failed by this error is tried again soon: a store that was locked, say."""
    return error.code in _OWN or (isinstance(error, StoreError) and not parking.needs_person(error))
