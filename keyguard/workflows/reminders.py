"""What a person has begun at a venue's page and not ended: said until the old key is dead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from keyguard.core.errors import ExchangeError, NotStored
from keyguard.core.escape import escape
from keyguard.core.findings import Item, Kind
from keyguard.core.keys import KeyVersion, Origin
from keyguard.core.policy import Level
from keyguard.core.rotation import State
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Observation
from keyguard.ports.journal import Workflow
from keyguard.workflows import checklist, credentials
from keyguard.workflows.operations import ask
from keyguard.workflows.plan import Plan, decode
from keyguard.workflows.run import MACHINES

OPEN_LONG = timedelta(hours=4)
"""A guided workflow that stands open for longer has been forgotten, or is in somebody's way."""
OPEN_VERY_LONG = timedelta(hours=24)
_TOLD = frozenset({State.REVOKED.value, State.ABORTING.value})


def waiting(ports: Ports, now: datetime) -> Iterator[Item]:
    """Every workflow in which a person's word is not proven yet, or whose steps at the page are open for
    long. Reads only what is stored."""
    names = {key.id: key.name for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    for workflow, plan in _guided(ports):
        name = names.get(workflow.key_id, workflow.key_id)
        if (told := _told_done(workflow)) is not None:
            yield _unproven(ports, workflow, plan, name, told)
        elif now - workflow.opened_at >= OPEN_LONG:
            yield _open_long(workflow, name, now)


def ask_again(ports: Ports, going_on: Callable[[], bool] = lambda: True) -> None:
    """Ask the venues whether the keys that a person said were deleted still answer, and keep what they say.

    A venue that refuses or cannot be reached says nothing here: to prove a death is the workflow's.
    """
    for workflow, plan in _guided(ports):
        if _told_done(workflow) is None or not going_on():
            continue
        version = _version(ports, workflow, plan)
        key = ports.inventory.find_key(workflow.key_id)
        try:
            who = credentials.load(ports, version)
            report = ask(ports, key.venue, ports.gateway.adapter(key.venue).whoami(who.key), who)
        except (ExchangeError, NotStored):
            continue
        ports.inventory.observe(Observation(version.id, ports.clock.now(), report))


def _guided(ports: Ports) -> Iterator[tuple[Workflow, Plan]]:
    for workflow in ports.journal.workflows(unfinished=True):
        if workflow.kind in MACHINES and "plan" in workflow.data:
            plan = decode(workflow.data["plan"])
            if not plan.manager:
                yield workflow, plan


def _told_done(workflow: Workflow) -> datetime | None:
    """When the person said that the key is deleted, while that is not proven."""
    told = workflow.data.get("told_done_at")
    return datetime.fromisoformat(told) if told and workflow.state in _TOLD else None


def _version(ports: Ports, workflow: Workflow, plan: Plan) -> KeyVersion:
    """The version the person was to delete: of a rotation given up it is the new one."""
    id_ = workflow.data["new"]["id"] if workflow.state == State.ABORTING.value else plan.old
    return ports.inventory.versions_by_id([id_])[id_]


def _unproven(ports: Ports, workflow: Workflow, plan: Plan, name: str, told: datetime) -> Item:
    version = _version(ports, workflow, plan)
    seen = ports.inventory.last_observation(version.id)
    answers = seen is not None and seen.at > told
    text = f"the key that was said to be deleted at {told:%Y-%m-%d %H:%M} UTC "
    text += "still answers at the venue" if answers else "is not proven dead"
    origin = Origin.REPORTED if answers else Origin.DECLARED
    return _item(workflow, name, Level.HIGH, text, told, origin)


def _open_long(workflow: Workflow, name: str, now: datetime) -> Item:
    since = workflow.opened_at
    text = f"the guided {workflow.kind} is open since {since:%Y-%m-%d %H:%M} UTC ({workflow.state})"
    steps = checklist.of(workflow.data)
    if steps is not None and steps.done < len(steps.steps):
        text += f"; step {steps.done + 1} of {len(steps.steps)}: {escape(steps.steps[steps.done])}"
    level = Level.HIGH if now - since >= OPEN_VERY_LONG else Level.MEDIUM
    return _item(workflow, name, level, text, since, Origin.DECLARED)


def _item(workflow: Workflow, name: str, level: Level, text: str, at: datetime, origin: Origin) -> Item:
    command = f"keyguard workflow resume {workflow.id}"
    return Item(Kind.WORKFLOW, level, name, text, at, command, origin, workflow.id)
