"""`keyguard person forget`: take the name of somebody who left long ago out of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.workflows import forget_person
from keyguard.workflows.log_prune import CHOICES

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("person")
    parser.add_argument("--years", type=int, choices=CHOICES, default=7, help="how long to keep names (7)")
    parser.add_argument("--yes", action="store_true", help="do it; without it only say what would go")
    parser.epilog = (
        "Their id, name and OS users go, and the private parts of records that name them; pseudonyms,\n"
        "grants and dates stay, and the log verifies as before. What is gone cannot be brought back.\n\n"
        "example: keyguard person forget hana --years 7"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Say what would go; with --yes forget them."""
    with session.opened(args, out) as ports:
        planned = forget_person.plan(ports, args.person, args.years)
        instead = forget_person.forget(ports, planned, actor=session.actor()) if args.yes else ""
    count = len(planned.numbers)
    if out.json:
        out.document({"records": count, "instead": instead or None})
    elif instead:
        out.data(f"forgotten, with the private parts of {count} records; their place has {instead}")
        out.talk("keyguard: backups, preserved incidents and attestations made before still hold the name")
    else:
        out.data(f"{args.person} may be forgotten, with the private parts of {count} records: --yes")
    return 0
