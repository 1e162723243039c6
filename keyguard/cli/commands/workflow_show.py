"""`keyguard workflow show`: one workflow and its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("workflow", help="its id or the beginning of it")
    parser.epilog = "example: keyguard workflow show 7f3a"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print state and data of one workflow."""
    with session.opened(args, out) as ports:
        workflow = ports.journal.workflow(args.workflow)
    told = {
        "id": workflow.id,
        "kind": workflow.kind,
        "key_id": workflow.key_id,
        "state": workflow.state,
        "finished": workflow.finished,
        "opened_at": workflow.opened_at.isoformat(),
        "updated_at": workflow.updated_at.isoformat(),
        "data": workflow.data,
    }
    if out.json:
        out.document(told)
        return 0
    for name, value in told.items():
        out.data(f"{name:<11} {value}")
    if not workflow.finished:
        out.talk(f"keyguard: hint: keyguard workflow resume {workflow.id[:8]}")
    return 0
