"""`keyguard key remove`: forget a key that is dead at its venue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.processes import process_alive
from keyguard.workflows.remove_key import remove

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("key", help="id, venue/desk/label or any unambiguous part")
    parser.add_argument("--reason", default="removed", metavar="R", help="goes into the audit record")
    parser.add_argument(
        "--living", action="store_true", help="it lives on at the venue, and its secret here is deleted"
    )
    parser.epilog = (
        "Its secrets, observations and grants go; the audit log stays.\n\n"
        "example: keyguard key remove bybit/mm/bot --reason 'desk closed'"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Remove it; UsageError where it lives, is in use or is being worked on."""
    with session.opened(args, out) as ports:
        key = remove(
            ports,
            args.key,
            reason=args.reason,
            actor=session.actor(),
            process_alive=process_alive,
            living=args.living,
        )
    if out.json:
        out.document({"removed": key.name, "id": key.id})
    else:
        out.data(f"{key.name} was removed; the audit log tells that it was here")
    return 0
