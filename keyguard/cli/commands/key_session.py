"""`keyguard key session`: a token of the venue in a key's place, for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import declared, session
from keyguard.workflows.open_session import open_session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("key")
    parser.add_argument("--label", required=True, metavar="L", help="of the session, at the key's desk")
    parser.add_argument(
        "--scopes", default="", metavar="S,…", help="fewer than the key's, in the venue's words"
    )
    parser.epilog = (
        "The session is a key of its own: hand it out, refresh it, sign it out. The daemon opens the next\n"
        "one in time, with the key, which the program never sees.\n\n"
        "example: keyguard key session deribit/mm/bot --label reader --scopes account:read,trade:read"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Open the session and register it."""
    grants = tuple(filter(None, args.scopes.split(",")))
    with session.opened(args, out) as ports:
        enrolled = open_session(ports, args.key, args.label, grants=grants)
    if out.json:
        out.document(declared.document(enrolled))
    else:
        declared.tell(out, enrolled)
    return 0
