"""What the rotation cockpit does, each as one piece of work: what the commands of the same names do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from keyguard.core.errors import UsageError
from keyguard.workflows import parking, recovery
from keyguard.workflows.rotate import Options, rotate

if TYPE_CHECKING:
    from keyguard.ports.journal import Workflow
    from keyguard.tui.work import Doing, Job

Do = Callable[["Doing"], "Workflow"]


def start(key_id: str, reason: str, overlap_s: int) -> Do:
    """Rotate a key."""

    def do(doing: Doing) -> Workflow:
        options = Options(overlap_s=overlap_s, reason=reason)
        return rotate(doing.ports, key_id, options, actor=doing.actor, process_alive=doing.process_alive)

    return do


def resume(workflow_id: str) -> Do:
    """Go on where the journal stands; a pause of it ends."""

    def do(doing: Doing) -> Workflow:
        ports = doing.ports
        parking.lift(ports, ports.journal.workflow(workflow_id), actor=doing.actor)
        return recovery.resume(ports, workflow_id, actor=doing.actor, process_alive=doing.process_alive)

    return do


def pause(workflow_id: str, reason: str) -> Do:
    """Have nobody drive it until somebody goes on with it."""
    return lambda doing: parking.pause(doing.ports, workflow_id, actor=doing.actor, reason=reason)


def abort(workflow_id: str, driving: Job | None) -> Do:
    """Give it up. `driving`: the job of this app that still moves it, which is stopped first."""

    def do(doing: Doing) -> Workflow:
        ports = doing.ports
        if driving is not None and not driving.view.over:
            parking.pause(ports, workflow_id, actor=doing.actor, reason="to be given up")
            driving.stop()
            if not driving.wait():
                raise UsageError(
                    "a call to the venue is still under way",
                    code="workflow.busy",
                    still="it is paused and stops after that call",
                    hint="try again in a moment",
                )
        parking.lift(ports, ports.journal.workflow(workflow_id), actor=doing.actor)
        return recovery.cancel(ports, workflow_id, actor=doing.actor, process_alive=doing.process_alive)

    return do
