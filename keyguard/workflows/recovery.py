"""Take up journalled workflows again: resume, cancel, list."""

from __future__ import annotations

from dataclasses import replace

from keyguard.core.errors import UsageError
from keyguard.core.keys import VersionStatus
from keyguard.core.rotation import Action, Event
from keyguard.ports.all import Ports
from keyguard.ports.journal import Workflow
from keyguard.workflows import managers
from keyguard.workflows.abort import can_clean_up
from keyguard.workflows.identity import Actor
from keyguard.workflows.migrate import MIGRATE
from keyguard.workflows.plan import decode
from keyguard.workflows.rotation_runner import drive
from keyguard.workflows.run import ProcessAlive, Run
from keyguard.workflows.sign_in_journal import SIGN_IN


def resume(
    ports: Ports, workflow_id: str, *, actor: Actor, process_alive: ProcessAlive, manager: str = ""
) -> Workflow:
    """Continue a workflow where its journal stands; a finished one is returned as it is.

    `manager` names a key that manages the account from here on, because the planned one no longer does
    (expired, revoked, bound to another machine). UsageError `manager.blind` where it does not see the keys.
    """
    key_id = _key_id(ports, workflow_id)
    with ports.journal.alone(key_id):
        workflow = ports.journal.workflow(workflow_id)  # as it stands now that nobody else moves it
        if workflow.finished:
            return workflow
        if manager:
            workflow = _with_manager(ports, workflow, manager)
        return drive(_take_up(ports, workflow, actor, process_alive))


def cancel(ports: Ports, workflow_id: str, *, actor: Actor, process_alive: ProcessAlive) -> Workflow:
    """Undo a workflow that has not touched the old key; UsageError `workflow.too_late` after that."""
    key_id = _key_id(ports, workflow_id)
    with ports.journal.alone(key_id):
        workflow = ports.journal.workflow(workflow_id)
        run = _take_up(ports, workflow, actor, process_alive)
        if workflow.finished or not can_clean_up(run):
            raise UsageError(
                f"it is too late to cancel: the workflow is {workflow.state}",
                code="workflow.too_late",
                hint="" if workflow.finished else f"keyguard workflow resume {workflow.id}",
            )
        action = run.advance(Event.ABORT)
        return run.workflow if action is Action.NOTHING else drive(run, action)


def workflows(ports: Ports, *, unfinished: bool = False) -> tuple[Workflow, ...]:
    """All journalled workflows, oldest first."""
    return ports.journal.workflows(unfinished=unfinished)


def _key_id(ports: Ports, workflow_id: str) -> str:
    workflow = ports.journal.workflow(workflow_id)
    if workflow.kind == MIGRATE:
        raise UsageError(
            "this workflow moves the store, it is about no key",
            code="workflow.store",
            hint="keyguard store migrate --to the store it was moving to; --to the other one gives it up",
        )
    if workflow.kind == SIGN_IN:
        raise UsageError(
            "this workflow is a sign-in, it is about no key yet",
            code="workflow.sign_in",
            hint=f"keyguard workflow resume {workflow.id}",
        )
    return workflow.key_id


def _with_manager(ports: Ports, workflow: Workflow, named: str) -> Workflow:
    plan = decode(workflow.data["plan"])
    if not plan.manager:
        raise UsageError("a person does this workflow by hand, so no key can manage it", code="manager.none")
    key = ports.inventory.find_key(workflow.key_id)
    ours = {plan.old, workflow.data.get("new", {}).get("id")}
    # Towards the end the venue lists only the new one.
    alive = [
        v
        for v in ports.inventory.versions(key.id)
        if v.id in ours and v.status in (VersionStatus.LIVE, VersionStatus.STAGED)
    ]
    version = alive[-1] if alive else next(v for v in ports.inventory.versions(key.id) if v.id == plan.old)
    chosen = managers.choose(ports, key, version, plan.account, named=named, itself=False)
    changed = replace(plan, manager=chosen).encode()
    workflow = replace(workflow, data={**workflow.data, "plan": changed}, updated_at=ports.clock.now())
    ports.journal.advance(workflow)
    return workflow


def _take_up(ports: Ports, workflow: Workflow, actor: Actor, process_alive: ProcessAlive) -> Run:
    key = ports.inventory.find_key(workflow.key_id)
    return Run(ports, workflow, key, actor, process_alive, resumed=True)
