"""Take up journalled workflows again: resume, cancel, list."""

from __future__ import annotations

from keyguard.core.errors import UsageError
from keyguard.core.rotation import Action, Event
from keyguard.ports.all import Ports
from keyguard.ports.journal import Workflow
from keyguard.workflows.abort import can_clean_up
from keyguard.workflows.identity import Actor
from keyguard.workflows.rotation_runner import drive
from keyguard.workflows.run import ProcessAlive, Run


def resume(ports: Ports, workflow_id: str, *, actor: Actor, process_alive: ProcessAlive) -> Workflow:
    """Continue a workflow where its journal stands; a finished one is returned as it is."""
    key_id = ports.journal.workflow(workflow_id).key_id
    with ports.journal.alone(key_id):
        workflow = ports.journal.workflow(workflow_id)  # as it stands now that nobody else moves it
        if workflow.finished:
            return workflow
        return drive(_take_up(ports, workflow, actor, process_alive))


def cancel(ports: Ports, workflow_id: str, *, actor: Actor, process_alive: ProcessAlive) -> Workflow:
    """Undo a workflow that has not touched the old key; UsageError `workflow.too_late` after that."""
    key_id = ports.journal.workflow(workflow_id).key_id
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


def _take_up(ports: Ports, workflow: Workflow, actor: Actor, process_alive: ProcessAlive) -> Run:
    key = ports.inventory.find_key(workflow.key_id)
    return Run(ports, workflow, key, actor, process_alive, resumed=True)
