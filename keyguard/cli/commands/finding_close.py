"""`keyguard finding close`: a person has seen to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import finding_words, session
from keyguard.workflows import findings

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("finding", help="its id or the beginning of it")
    parser.add_argument("--reason", required=True, metavar="T", help="what was done")
    parser.epilog = (
        "For drift and leaks; other findings end when what they say does not hold any more.\n\n"
        "example: keyguard finding close fi_5c1f --reason 'the file is deleted, the key rotated'"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Close it."""
    with session.opened(args, out) as ports:
        finding = findings.close(ports, args.finding, actor=session.actor(), reason=args.reason)
    if out.json:
        out.document(finding_words.document(finding))
    else:
        out.data(f"{finding.id} {finding.item.subject}: closed")
    return 0
