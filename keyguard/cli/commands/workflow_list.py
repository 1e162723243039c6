"""`keyguard workflow list`: journalled work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.ports.journal import EVERYTHING, Pause, Workflow
from keyguard.workflows import parking

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--unfinished", action="store_true", help="only what can be resumed")
    parser.epilog = "example: keyguard workflow list --unfinished"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the workflows, oldest first."""
    with session.opened(args, out) as ports:
        workflows = ports.journal.workflows(unfinished=args.unfinished)
        pauses = ports.journal.pauses()
        names = {key.id: key.name for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    if out.json:
        out.document(
            [
                {
                    "id": w.id,
                    "kind": w.kind,
                    "key": names.get(w.key_id, w.key_id),
                    "state": w.state,
                    "finished": w.finished,
                    "opened_at": w.opened_at.isoformat(),
                    "updated_at": w.updated_at.isoformat(),
                    "paused": w.id in pauses or (EVERYTHING in pauses and not w.finished),
                    "waits_for": _waits_for(w, pauses),
                }
                for w in workflows
            ]
        )
        return 0
    rows = [
        (w.id[:8], w.kind, names.get(w.key_id, w.key_id), w.state, f"{w.updated_at:%Y-%m-%d %H:%M:%SZ}")
        for w in workflows
    ]
    out.table(("id", "kind", "key", "state", "updated"), rows)
    if EVERYTHING in pauses:
        out.data(f"everything is paused by {pauses[EVERYTHING].by}: {pauses[EVERYTHING].reason}")
    for w in workflows:
        if waits := _waits_for(w, pauses):
            out.data(f"{w.id[:8]} {waits}")
            out.data(f"  keyguard workflow resume {w.id[:8]}")
    return 0


def _waits_for(workflow: Workflow, pauses: Mapping[str, Pause]) -> str:
    """What keeps it standing still, "" where nothing is known to."""
    if pause := pauses.get(workflow.id):
        return f"is paused by {pause.by} since {pause.since:%Y-%m-%d %H:%M} UTC: {pause.reason}"
    if (kept := parking.why(workflow)) is None:
        return ""
    if kept.again_at is None:
        return f"needs a person: {kept.message}"
    return f"is tried again at {kept.again_at:%Y-%m-%d %H:%M} UTC: {kept.message}"
