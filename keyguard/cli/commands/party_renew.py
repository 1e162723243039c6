"""`keyguard party renew`: a new contract or due diligence of a party."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.core.errors import UsageError
from keyguard.core.people import Contract
from keyguard.workflows import declare_party

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("party")
    parser.add_argument("--contract", metavar="REF")
    parser.add_argument("--from", dest="since", metavar="D", help="without it the end of the last contract")
    parser.add_argument("--until", metavar="D", help=people_words.DATE_HELP)
    parser.add_argument("--diligence-at", metavar="D", help="last due diligence")
    parser.add_argument("--diligence-until", metavar="D", help="the next one is due then")
    parser.epilog = "example: keyguard party renew acme --contract MSA-2027-1 --until 2027-12-31"


def run(args: argparse.Namespace, out: Output) -> int:
    """Add the contract; grants that ended with the old one stay ended."""
    if bool(args.contract) != bool(args.until):
        raise UsageError("a contract needs its end, and an end its contract", code="usage", hint="give both")
    with session.opened(args, out) as ports:
        before = declare_party.find(ports, args.party)
        contract = None
        if args.contract:
            since = people_words.start(args.since) or before.latest.until
            contract = Contract(args.contract, since, people_words.needed_end(args.until))
        party = declare_party.renew(
            ports,
            args.party,
            actor=session.actor(),
            contract=contract,
            diligence_at=people_words.start(args.diligence_at),
            diligence_until=people_words.end(args.diligence_until),
        )
    if out.json:
        out.document(people_words.party_document(party))
    else:
        out.data(f"party {party.id}: contract until {people_words.until_text(party.latest.until)}")
    return 0
