"""`keyguard attester list`: whose keys sign for the firm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.workflows import attesters

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--all", action="store_true", help="those that sign no more, too")
    parser.epilog = "example: keyguard attester list"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print attesters, witnesses and the log's own key, oldest first."""
    with session.opened(args, out) as ports:
        found = attesters.attesters(ports, past=args.all)
    if out.json:
        names = ("role", "public_key", "label", "since", "until")
        out.document([{name: getattr(one, name) for name in names} for one in found])
    else:
        rows = [(one.label, one.role, one.public_key, one.since, one.until) for one in found]
        out.table(("label", "role", "public key", "since (UTC)", "until (UTC)"), rows)
    return 0
