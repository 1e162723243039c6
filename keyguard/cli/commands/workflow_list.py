"""`keyguard workflow list`: journalled work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--unfinished", action="store_true", help="only what can be resumed")
    parser.epilog = "example: keyguard workflow list --unfinished"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the workflows, oldest first."""
    with session.opened(args, out) as ports:
        workflows = ports.journal.workflows(unfinished=args.unfinished)
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
    return 0
