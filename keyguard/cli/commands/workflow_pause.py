"""`keyguard workflow pause`: nobody goes on with it until a person resumes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.core.errors import UsageError
from keyguard.workflows import parking

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("workflow", nargs="?", help="its id or the beginning of it")
    parser.add_argument("--all", action="store_true", help="all of them, and nothing begins by itself")
    parser.add_argument("--reason", default="paused by hand", metavar="R", help="for whoever finds it paused")
    parser.epilog = (
        "Whoever drives it, the daemon or a command, stops before the next step; the call to the venue that\n"
        "is under way is finished.\n\nexample: keyguard workflow pause 7f3a --reason 'venue maintenance'\n"
        "         keyguard workflow pause --all"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Pause and say what stands still now."""
    if args.all == (args.workflow is not None):
        raise UsageError(
            "name a workflow, or --all", code="usage", hint="keyguard workflow list --unfinished"
        )
    with session.opened(args, out) as ports:
        who = session.actor()
        if args.all:
            paused = parking.pause_everything(ports, actor=who, reason=args.reason)
        else:
            paused = (parking.pause(ports, args.workflow, actor=who, reason=args.reason),)
    if out.json:
        out.document({"all": args.all, "paused": [workflow.id for workflow in paused]})
        return 0
    if args.all:
        out.data("paused: everything; nothing begins by itself")
    for workflow in paused:
        out.data(f"paused: {workflow.kind} {workflow.id[:8]}, {workflow.state}")
    out.talk(f"keyguard: hint: keyguard workflow resume {'--all' if args.all else paused[0].id[:8]}")
    return 0
