"""`keyguard workflow cancel`: give up what has not touched the old key yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import rotation_words, session
from keyguard.processes import process_alive
from keyguard.workflows import parking, sign_in
from keyguard.workflows.recovery import cancel
from keyguard.workflows.sign_in_journal import SIGN_IN

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("workflow", help="its id or the beginning of it")
    parser.epilog = (
        "The new key, if there is one, is ended and proven dead; the old one stays in use. Once hand-outs\n"
        "give the new key it is too late: resume then.\n\nexample: keyguard workflow cancel 7f3a"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Clean up and say how it ended."""
    with session.opened(args, out) as ports:
        begun = ports.journal.workflow(args.workflow)
        if begun.kind == SIGN_IN:
            return _given_up(out, begun.id, sign_in.give_up(ports, begun.id))
        parking.lift(ports, ports.journal.workflow(args.workflow), actor=session.actor())
        workflow = cancel(ports, args.workflow, actor=session.actor(), process_alive=process_alive)
        key = ports.inventory.find_key(workflow.key_id)
    rotation_words.tell(out, workflow, key.name)
    return 0


def _given_up(out: Output, workflow_id: str, page: str) -> int:
    if out.json:
        out.document({"id": workflow_id, "state": "given_up", "revoked": not page, "page": page or None})
    else:
        out.data("revoked at the venue" if not page else f"closed; that it was ended at {page} is your word")
    return 0
