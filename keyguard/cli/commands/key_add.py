"""`keyguard key add`: take one key into the store."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from keyguard.cli import declared, session
from keyguard.cli.person import TerminalPerson
from keyguard.core.keys import Environment
from keyguard.intake import stdin_json
from keyguard.workflows import credentials
from keyguard.workflows.enrol import Declared, enrol

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("venue")
    parser.add_argument("--label", required=True, metavar="L")
    parser.add_argument("--desk", required=True, metavar="D")
    parser.add_argument("--account", default="", metavar="A", help="account at the venue, if it must match")
    parser.add_argument("--test", action="store_true", help="a key of the venue's test environment")
    parser.add_argument("--stdin", action="store_true", help="read one JSON object instead of asking")
    declared.add_arguments(parser)
    parser.epilog = (
        "Without --stdin it asks without echo.\n\n"
        "example: keyguard key add bybit --label bot --desk mm --needs read,trade_derivatives"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Ask for the credential, ask the venue about it, store and register it."""
    needs = declared.needs(args.needs)
    with session.opened(args, out) as ports:
        example = ports.gateway.adapter(
            args.venue
        ).example  # an unknown venue is said before anybody types a secret
        if args.stdin:
            credential = stdin_json.read(sys.stdin.buffer.read(stdin_json.MAX_BYTES + 1))
        else:
            person = TerminalPerson(out, sys.stdin.buffer, interactive=True)
            credential = person.credential(f"the {args.venue} key", credentials.parts(example))
        facts = Declared(
            venue=args.venue,
            desk=args.desk,
            label=args.label,
            owner=declared.owner(ports, args),
            account=args.account,
            purpose=args.purpose,
            needs=needs,
            environment=Environment.TEST if args.test else Environment.LIVE,
        )
        enrolled = enrol(ports, facts, credential, unchecked=args.unchecked)
    if out.json:
        out.document(declared.document(enrolled))
    else:
        declared.tell(out, enrolled)
    return 0
