"""`keyguard workflow resume`: go on where the journal stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import declared, rotation_words, sealing, session
from keyguard.core.errors import UsageError
from keyguard.processes import process_alive
from keyguard.workflows import parking, sign_in
from keyguard.workflows.recovery import resume
from keyguard.workflows.sign_in_journal import SIGN_IN

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.ports.all import Ports
    from keyguard.ports.journal import Workflow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("workflow", nargs="?", help="its id or the beginning of it")
    parser.add_argument(
        "--all", action="store_true", help="end the pause of everything; drives nothing itself"
    )
    parser.add_argument(
        "--manager", default="", metavar="K", help="the key that manages the account, if the planned one died"
    )
    parser.epilog = (
        "It asks the venue what happened before it does anything. A pause of it ends.\n\n"
        "example: keyguard workflow resume 7f3a\n         keyguard workflow resume --all"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Resume, which ends a pause; a finished workflow is shown as it is."""
    if args.all == (args.workflow is not None):
        raise UsageError(
            "name a workflow, or --all", code="usage", hint="keyguard workflow list --unfinished"
        )
    with session.opened(args, out) as ports:
        if args.all:
            parking.lift_everything(ports, actor=session.actor())
            return _lifted(out, ports.journal.workflows(unfinished=True))
        workflow = ports.journal.workflow(args.workflow)
        if workflow.kind == SIGN_IN and not workflow.finished:
            return _signed_in(out, ports, workflow)
        parking.lift(ports, ports.journal.workflow(args.workflow), actor=session.actor())
        workflow = resume(
            ports,
            args.workflow,
            actor=session.actor(),
            process_alive=process_alive,
            manager=args.manager,
        )
        sealing.seal_soon(ports, out)
        key = ports.inventory.find_key(workflow.key_id)
    rotation_words.tell(out, workflow, key.name)
    return 0


def _signed_in(out: Output, ports: Ports, workflow: Workflow) -> int:
    """Register what a sign-in that died had brought."""
    secret = session.prompt("the app's secret: ") if sign_in.wants_secret(ports, workflow.id) else None
    enrolled = sign_in.take_up(ports, workflow.id, secret)
    if out.json:
        out.document(declared.document(enrolled))
    else:
        declared.tell(out, enrolled)
    return 0


def _lifted(out: Output, unfinished: tuple[Workflow, ...]) -> int:
    if out.json:
        out.document({"all": True, "unfinished": [workflow.id for workflow in unfinished]})
        return 0
    out.data("nothing is paused any more")
    for workflow in unfinished:
        out.data(f"  keyguard workflow resume {workflow.id[:8]}")
    return 0
