"""`keyguard incident clear`: a person has looked; its keys may be made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import incident_words, session
from keyguard.workflows import incidents

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    incident_words.incident_argument(parser)
    parser.add_argument(
        "--reason", required=True, metavar="T", help=f"what was found; {incident_words.IN_EVIDENCE}"
    )
    parser.add_argument("--thaw", action="store_true", help="hand-outs of its keys go on as well")
    parser.epilog = (
        "For an incident that opened by itself: look at the venue's notices to the account holder first.\n"
        "The incident stays open until it is closed.\n"
        "\nexample: keyguard incident clear in_5c1f --reason 'the venue ended all keys without an IP list'"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Note it; from now on a rotation of its keys is not refused."""
    with session.opened(args, out) as ports:
        incident = incidents.clear(
            ports, args.incident, actor=session.actor(), reason=args.reason, thaw=args.thaw
        )
    return incident_words.tell(out, incident)
