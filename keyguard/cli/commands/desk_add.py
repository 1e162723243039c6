"""`keyguard desk add`: declare a desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.workflows import declare_desk

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("desk", help="as its keys name it")
    parser.add_argument("--purpose", default="", metavar="T", help="what it trades, and why")
    parser.add_argument("--head", default="", metavar="P", help="the person who answers for it")
    parser.epilog = "example: keyguard desk add mm --purpose 'quoting on three venues' --head hana"


def run(args: argparse.Namespace, out: Output) -> int:
    """Add the desk; recorded first."""
    with session.opened(args, out) as ports:
        desk = declare_desk.declare(
            ports, args.desk, actor=session.actor(), purpose=args.purpose, head=args.head
        )
        keys = list(ports.inventory.keys())
    if out.json:
        out.document(people_words.desk_document(desk, keys))
    else:
        out.data(f"desk {desk.name}: declared")
    return 0
