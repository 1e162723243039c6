"""`keyguard party end`: end a party and the time of its people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.workflows import declare_party

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("party")
    parser.add_argument("--reason", required=True, metavar="R", help=people_words.REASON_HELP)
    parser.epilog = "example: keyguard party end acme --reason 'contract cancelled'"


def run(args: argparse.Namespace, out: Output) -> int:
    """End it at once: grants of its people first."""
    with session.opened(args, out) as ports:
        party, left = declare_party.end(ports, args.party, actor=session.actor(), reason=args.reason)
    if out.json:
        told = people_words.party_document(party)
        out.document(told | {"people_ended": [ended.person.id for ended in left]})
        return 0
    out.data(
        f"party {party.id}: ended, with {len(left)} people and {sum(len(e.grants) for e in left)} grants"
    )
    for ended in left:
        out.data(f"  what they may have kept: keyguard person offboard {ended.person.id}")
    return 0
