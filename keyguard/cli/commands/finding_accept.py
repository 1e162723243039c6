"""`keyguard finding accept`: live with a finding until a day, for a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import finding_words, people_words, session
from keyguard.workflows import findings

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("finding", help="its id or the beginning of it")
    parser.add_argument("--reason", required=True, metavar="T", help="why it may stay so")
    parser.add_argument("--until", required=True, metavar="D", help=people_words.DATE_HELP)
    parser.epilog = (
        "It opens again after that day, and before if it gets worse.\n\n"
        "example: keyguard finding accept fi_5c1f --reason 'moves on Monday' --until 2026-12-01"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Accept it."""
    until = people_words.needed_end(args.until)
    with session.opened(args, out) as ports:
        finding = findings.accept(ports, args.finding, actor=session.actor(), reason=args.reason, until=until)
    if out.json:
        out.document(finding_words.document(finding))
    else:
        out.data(f"{finding.id} {finding.item.subject}: accepted until {until:%Y-%m-%d %H:%M} UTC")
    return 0
