"""Workflows that stand still: what keeps them, when they are tried again, who paused them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from keyguard.core.errors import IntegrityError, KeyguardError, NotStored, UsageError
from keyguard.ports.all import Ports
from keyguard.ports.journal import EVERYTHING, Pause, Workflow
from keyguard.workflows.identity import Actor, names

_DATA = "parked"
_FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=1)
_PATIENCE = 3
"""After so many tries in vain people are told, although it is tried on."""
_FIRM = "firm"


@dataclass(frozen=True, slots=True)
class Parked:
    """Why a workflow stands still, in the words of its error. `again_at`: when it is tried again without a
    person, None: never; then, and after some tries in vain, `person` says that people are to be told."""

    at: datetime
    code: str
    message: str
    hint: str
    tries: int
    again_at: datetime | None

    @property
    def person(self) -> bool:
        """Whether it is for a person to look at."""
        return self.again_at is None or self.tries >= _PATIENCE


def needs_person(error: KeyguardError) -> bool:
    """Whether trying again helps nobody; a locked store, a full disk, a venue that is away come back."""
    return isinstance(error, UsageError | IntegrityError | NotStored)


def parked(error: KeyguardError, now: datetime, before: Parked | None) -> Parked:
    """What becomes of a workflow, or of one that could not begin, that failed by this error."""
    tries = 1 if before is None else before.tries + 1
    wait = min(LONGEST, _FIRST * 2 ** min(tries - 1, 10))
    again = None if needs_person(error) else now + wait
    return Parked(now, error.code, error.message, error.hint, tries, again)


def park(ports: Ports, workflow: Workflow, error: KeyguardError) -> Parked:
    """Note in the journal why it stands still; for whoever holds the lock of its key."""
    found = parked(error, ports.clock.now(), why(workflow))
    told = asdict(found) | {
        "at": found.at.isoformat(),
        "again_at": found.again_at.isoformat() if found.again_at else None,
    }
    ports.journal.advance(replace(workflow, data={**workflow.data, _DATA: told}))
    return found


def why(workflow: Workflow) -> Parked | None:
    """Why an unfinished workflow stands still; None where it was only interrupted, or goes on."""
    told = workflow.data.get(_DATA)
    if told is None or workflow.finished:
        return None
    again = told["again_at"]
    return Parked(
        **told
        | {
            "at": datetime.fromisoformat(told["at"]),
            "again_at": datetime.fromisoformat(again) if again else None,
        }
    )


def without(data: Mapping[str, Any]) -> dict[str, Any]:
    """A workflow's data once it goes on."""
    return {name: value for name, value in data.items() if name != _DATA}


def paused(workflow_id: str, pause: Pause) -> UsageError:
    """The refusal to drive what a person has paused."""
    return UsageError(
        f"paused by {pause.by} since {pause.since:%Y-%m-%d %H:%M} UTC: {pause.reason}",
        code="workflow.paused",
        hint=f"keyguard workflow resume {workflow_id}",
    )


def pause(ports: Ports, workflow_id: str, *, actor: Actor, reason: str) -> Workflow:
    """Have nobody drive a workflow until a person resumes it: who does stops before the next step.

    UsageError `workflow.finished` for one that is over, `workflow.reason` without a reason.
    """
    workflow = ports.journal.workflow(workflow_id)
    if workflow.finished:
        raise UsageError(
            f"the workflow is {workflow.state}: nothing is left to pause", code="workflow.finished"
        )
    if not _has_key(ports, workflow):
        raise UsageError("this workflow is about no key, it cannot be paused", code="workflow.store")
    told = Pause(ports.clock.now(), actor.user, _reason(reason))
    if workflow.id not in ports.journal.pauses():
        _record(ports, "workflow.pause", workflow, actor, reason=told.reason)
    ports.journal.pause(workflow.id, told)
    return workflow


def pause_everything(ports: Ports, *, actor: Actor, reason: str) -> tuple[Workflow, ...]:
    """Pause all that is unfinished, and have nothing begun or taken up without a person; returns the former.

    What a person begins afterwards is that person's word, and goes on.
    """
    told = Pause(ports.clock.now(), actor.user, _reason(reason))
    if EVERYTHING not in ports.journal.pauses():
        by = names(ports, _FIRM).person(actor.user)
        ports.audit.append(_FIRM, "workflow.pause", {"by": by, "reason": told.reason})
    ports.journal.pause(EVERYTHING, told)
    mine = [w for w in ports.journal.workflows(unfinished=True) if _has_key(ports, w)]
    return tuple(pause(ports, workflow.id, actor=actor, reason=reason) for workflow in mine)


def lift(ports: Ports, workflow: Workflow, *, actor: Actor) -> None:
    """End the pause of one workflow, if it has one. That of everything still holds."""
    if workflow.id in ports.journal.pauses():
        _record(ports, "workflow.resume", workflow, actor)
        ports.journal.unpause(workflow.id)


def lift_everything(ports: Ports, *, actor: Actor) -> None:
    """End the pause of everything and those of single workflows."""
    pauses = ports.journal.pauses()
    if EVERYTHING in pauses:
        ports.audit.append(_FIRM, "workflow.resume", {"by": names(ports, _FIRM).person(actor.user)})
        ports.journal.unpause(EVERYTHING)
    for workflow_id in sorted(pauses.keys() - {EVERYTHING}):
        lift(ports, ports.journal.workflow(workflow_id), actor=actor)


def _has_key(ports: Ports, workflow: Workflow) -> bool:
    keys = ports.inventory.keys()
    return any(key.id == workflow.key_id for key in keys)


def _record(ports: Ports, type_: str, workflow: Workflow, actor: Actor, **more: str) -> None:
    key = ports.inventory.find_key(workflow.key_id)
    named = names(ports, key.venue)
    version = ports.inventory.versions(key.id)[-1]
    body = {"key": version.fingerprint, "workflow": workflow.id, "by": named.person(actor.user), **more}
    ports.audit.append(key.venue, type_, body)


def _reason(text: str) -> str:
    if not text.strip():
        raise UsageError("a reason is missing", code="workflow.reason", still="nothing was paused")
    return text.strip()
