"""`keyguard workflow resume`: go on where the journal stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import rotation_words, sealing, session
from keyguard.processes import process_alive
from keyguard.workflows.recovery import resume

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("workflow", help="its id or the beginning of it")
    parser.add_argument(
        "--manager", default="", metavar="K", help="the key that manages the account, if the planned one died"
    )
    parser.epilog = (
        "It asks the venue what happened before it does anything.\n\nexample: keyguard workflow resume 7f3a"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Resume; a finished workflow is shown as it is."""
    with session.opened(args, out) as ports:
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
