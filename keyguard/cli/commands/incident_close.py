"""`keyguard incident close`: its cause and what was done; its freezes end."""

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
    parser.add_argument("--cause", required=True, metavar="T", help=incident_words.IN_EVIDENCE)
    parser.add_argument(
        "--outcome",
        action="append",
        required=True,
        metavar="T",
        help="what was done; repeatable; in evidence",
    )
    parser.epilog = (
        "example: keyguard incident close in_5c1f --cause 'a config file was pushed' \\\n"
        "             --outcome 'key replaced' --outcome 'hook installed'"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Close it for good."""
    with session.opened(args, out) as ports:
        incident = incidents.close(
            ports, args.incident, actor=session.actor(), cause=args.cause, outcome=args.outcome
        )
    return incident_words.tell(out, incident)
