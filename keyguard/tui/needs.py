"""What needs somebody now, and the one key that starts its fix."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from keyguard.core.findings import Finding
from keyguard.core.keys import Origin
from keyguard.core.policy import Level
from keyguard.ports.journal import Workflow
from keyguard.tui.picture import Picture


@dataclass(frozen=True, slots=True)
class Fix:
    """What mends it: `key` starts it, `needs.fix_<name>` names it, `place` is where it is done."""

    key: str
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Need:
    """One line of Home. `kind` is named by `facts.kind_<kind>`; `target` is what the fix is about.

    `command` does the same on the command line. `at`: since or from when, UTC.
    """

    id: str
    level: Level
    kind: str
    subject: str
    text: str
    at: datetime
    origin: Origin
    command: str
    fix: Fix | None
    target: str


ROTATE = Fix("r", "rotate", "rotations")
RESUME = Fix("c", "resume", "rotations")
FIXES = {
    "keyguard key rotate": ROTATE,
    "keyguard workflow resume": RESUME,
    "keyguard key minimise": Fix("m", "minimise", "keys"),
    "keyguard review": Fix("v", "review", "reviews"),
    "keyguard incident": Fix("x", "incident", "incidents"),
    "keyguard key refresh": Fix("e", "refresh", "rotations"),
    "keyguard key inspect": Fix("i", "inspect", "keys"),
    "keyguard key show": Fix("s", "show", "keys"),
    "keyguard key add": Fix("d", "adopt", "findings"),
    "keyguard person offboard": Fix("o", "offboard", "people"),
    "keyguard party renew": Fix("n", "renew", "people"),
    "keyguard grant show": Fix("u", "grant", "people"),
    "keyguard approve": Fix("a", "approve", "reviews"),
}
"""How the command of a finding begins -> the fix."""
KEYS = tuple(dict.fromkeys((*(fix.key for fix in FIXES.values()), RESUME.key)))


def needs(picture: Picture) -> tuple[Need, ...]:
    """Everything, the worst first, then by time."""
    found = [
        *(_finding(finding) for finding in picture.findings),
        *(_workflow(picture, workflow) for workflow in picture.workflows if not workflow.finished),
        *(_unsaid(picture, subject) for subject in picture.unsaid),
    ]
    order = {level: place for place, level in enumerate(Level)}
    return tuple(sorted(found, key=lambda need: (order[need.level], need.at, need.subject)))


def _finding(finding: Finding) -> Need:
    item = finding.item
    words = item.command.split()
    fix = FIXES.get(" ".join(words[:3])) or FIXES.get(" ".join(words[:2]))
    target = words[3] if fix and len(words) > 3 else item.subject
    return Need(
        finding.id,
        item.level,
        item.kind.value,
        item.subject,
        item.text,
        item.at,
        item.origin,
        item.command,
        fix,
        finding.id if fix is not None and fix.place == "findings" else target,
    )


def _workflow(picture: Picture, workflow: Workflow) -> Need:
    view = picture.by_id.get(workflow.key_id)
    return Need(
        f"workflow {workflow.id}",
        Level.MEDIUM,
        "workflow",
        view.key.name if view else workflow.key_id,
        f"{workflow.kind} {workflow.id}: {workflow.state}",
        workflow.updated_at,
        Origin.REPORTED,
        f"keyguard workflow resume {workflow.id}",
        RESUME,
        workflow.id,
    )


def _unsaid(picture: Picture, subject: str) -> Need:
    return Need(
        f"unsaid {subject}",
        Level.MEDIUM,
        "unsaid",
        subject,
        "",
        picture.at,
        Origin.REPORTED,
        "keyguard alert test",
        None,
        subject,
    )
