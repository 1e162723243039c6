"""How a journalled workflow is shown: where its checklist stands, and who still holds the old key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyguard.workflows import checklist

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyguard.ports.all import Ports
    from keyguard.ports.inventory import Lease
    from keyguard.ports.journal import Workflow


def holders(ports: Ports, workflow: Workflow) -> Sequence[Lease]:
    """The running leases of the version that the workflow ends; none for a workflow that ends no key."""
    plan = workflow.data.get("plan")
    if workflow.finished or not isinstance(plan, dict) or "old" not in plan:
        return ()
    return ports.inventory.open_leases(plan["old"])


def holder(lease: Lease) -> dict[str, Any]:
    """A lease as JSON tells it."""
    since = lease.at.isoformat()
    return {"command": lease.command, "process": lease.process, "host": lease.host, "since": since}


def lines(workflow: Workflow, held: Sequence[Lease], *, korean: bool) -> Iterator[str]:
    """What a person is to do, with what is ticked, and for whom the workflow waits."""
    steps = checklist.of(workflow.data)
    if steps is not None:
        yield f"to {steps.task} the key, at {steps.page}"
        for number, step in enumerate((korean and steps.korean) or steps.steps, start=1):
            yield f"  [{'x' if number <= steps.done else ' '}] {number}. {step}"
    for lease in held:
        yield f"still holds the old key: {lease.command} ({lease.process}) since {lease.at:%H:%M:%SZ}"
