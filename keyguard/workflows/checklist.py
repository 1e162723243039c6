"""What a person does at a venue's page, step by step: each tick is journalled, so a restart loses none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from keyguard.core.exchange import Guide
from keyguard.workflows.run import Run

CREATE, DELETE = "create", "delete"


@dataclass(frozen=True, slots=True)
class Checklist:
    """A list as its workflow keeps it: what it is for, its page and steps, and how many are ticked."""

    task: str
    page: str
    steps: tuple[str, ...]
    korean: tuple[str, ...]
    done: int


def of(data: Mapping[str, Any]) -> Checklist | None:
    """The list a workflow stands at, by its data; None where no person is at work."""
    kept = data.get("checklist")
    if not kept:
        return None
    steps, korean = tuple(kept["steps"]), tuple(kept["korean"])
    return Checklist(kept["task"], kept["page"], steps, korean, kept["done"])


def walk(run: Run, task: str, guide: Guide) -> Guide:
    """Have the person tick what is open of the guide, and return it with all steps done.

    Raises UsageError `person.needed` where the person goes away; what was ticked is kept. A guide that has
    changed since begins anew.
    """
    kept = of(run.workflow.data)
    same = kept is not None and (kept.task, kept.steps) == (task, guide.steps)
    done = kept.done if kept is not None and same else 0
    if not same:
        _keep(run, task, guide, done)
    while done < len(guide.steps):
        done = run.ports.person.tick(run.key.venue, replace(guide, done=done))
        _keep(run, task, guide, done)
    return replace(guide, done=done)


def _keep(run: Run, task: str, guide: Guide, done: int) -> None:
    kept = {
        "task": task,
        "page": guide.page,
        "steps": list(guide.steps),
        "korean": list(guide.korean),
        "done": done,
    }
    run.remember(checklist=kept)
