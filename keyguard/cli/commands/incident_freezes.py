"""`keyguard incident freezes`: what is frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import incident_words, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--all", action="store_true", help="those that have ended too")
    parser.epilog = "example: keyguard incident freezes"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print them, oldest first."""
    with session.opened(args, out) as ports:
        found = ports.incidents.all_freezes() if args.all else ports.incidents.freezes()
        names = incident_words.names(ports)
    if out.json:
        out.document([incident_words.freeze_document(one, names) for one in found])
        return 0
    for one in found:
        out.data(incident_words.freeze_line(one, names))
    return 0
