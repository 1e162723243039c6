"""`keyguard workflow show`: one workflow and its calls."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyguard.cli import session, workflow_words
from keyguard.cli.person import speaks_korean

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("workflow", help="its id or the beginning of it")
    parser.epilog = "example: keyguard workflow show 7f3a"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print state and data of one workflow, the steps at its page, and who holds the old key."""
    with session.opened(args, out) as ports:
        workflow = ports.journal.workflow(args.workflow)
        held = workflow_words.holders(ports, workflow)
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
        out.document({**told, "holders": [workflow_words.holder(lease) for lease in held]})
        return 0
    told["data"] = {name: value for name, value in workflow.data.items() if name != "checklist"}
    for name, value in told.items():
        out.data(f"{name:<11} {value}")
    for line in workflow_words.lines(workflow, held, korean=speaks_korean(os.environ)):
        out.data(line)
    if not workflow.finished:
        out.talk(f"keyguard: hint: keyguard workflow resume {workflow.id[:8]}")
    return 0
