"""`keyguard person end`: end a person's time, grants first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.workflows import end_person

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("person")
    parser.add_argument("--reason", required=True, metavar="R", help=people_words.REASON_HELP)
    parser.epilog = "example: keyguard person end hana --reason 'moved to research'"


def run(args: argparse.Namespace, out: Output) -> int:
    """End it at once; the next hand-out is refused."""
    with session.opened(args, out) as ports:
        ended = end_person.end(ports, args.person, actor=session.actor(), reason=args.reason)
    if out.json:
        told = people_words.person_document(ended.person)
        out.document(told | {"grants_ended": [grant.id for grant in ended.grants]})
        return 0
    out.data(f"person {ended.person.id}: ended, with {len(ended.grants)} grants")
    out.talk(f"keyguard: what they may have kept: keyguard person offboard {ended.person.id}")
    return 0
