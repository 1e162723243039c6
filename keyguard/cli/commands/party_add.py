"""`keyguard party add`: declare another company whose people work here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.core.errors import UsageError
from keyguard.core.people import Contract, PartyKind
from keyguard.workflows import declare_party

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("party", help="a short word, such as acme; never used again for another")
    people_words.choices(parser, "--kind", PartyKind, required=True)
    parser.add_argument("--relation", required=True, metavar="T", help="what they do for the firm")
    parser.add_argument("--name", default="", metavar="N", help="goes into evidence, if given")
    parser.add_argument("--country", default="", metavar="C")
    parser.add_argument("--contract", required=True, metavar="REF", help="evidence holds its digest alone")
    parser.add_argument("--from", dest="since", required=True, metavar="D", help=people_words.DATE_HELP)
    parser.add_argument("--until", required=True, metavar="D", help=people_words.DATE_HELP)
    parser.add_argument("--diligence-at", metavar="D", help="last due diligence")
    parser.add_argument("--diligence-until", metavar="D", help="the next one is due then")
    parser.epilog = (
        "example: keyguard party add acme --kind contractor --relation 'builds the hedger' \\\n"
        "           --contract MSA-2026-7 --from 2026-01-01 --until 2026-12-31"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Add the party with its contract."""
    since = people_words.start(args.since)
    if since is None:
        raise UsageError("a date is missing", code="usage.date", hint=people_words.DATE_HELP)
    with session.opened(args, out) as ports:
        party = declare_party.declare(
            ports,
            args.party,
            PartyKind(args.kind),
            Contract(args.contract, since, people_words.needed_end(args.until)),
            actor=session.actor(),
            relation=args.relation,
            name=args.name,
            country=args.country,
            diligence_at=people_words.start(args.diligence_at),
            diligence_until=people_words.end(args.diligence_until),
        )
    if out.json:
        out.document(people_words.party_document(party))
    else:
        out.data(f"party {party.id}: contract until {people_words.until_text(party.latest.until)}")
    return 0
