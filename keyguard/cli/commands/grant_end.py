"""`keyguard grant end`: end a grant at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.workflows import end_grant

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("grant", help="its id or the beginning of it")
    parser.add_argument("--reason", required=True, metavar="R", help=people_words.REASON_HELP)
    parser.epilog = "example: keyguard grant end gr_3f0c --reason 'project over'"


def run(args: argparse.Namespace, out: Output) -> int:
    """End it; the next hand-out is refused. Takes no second person."""
    with session.opened(args, out) as ports:
        grant = end_grant.end(ports, args.grant, actor=session.actor(), reason=args.reason)
        keys = {key.id: key for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
        now = ports.clock.now()
    if out.json:
        out.document(people_words.grant_document(grant, keys, now))
    else:
        out.data(f"{grant.id}: ended; {grant.person} keeps what a running process was given")
    return 0
