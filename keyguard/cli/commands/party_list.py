"""`keyguard party list`: all parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--all", action="store_true", help="those that ended too")
    parser.epilog = "example: keyguard party list"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the parties with their contracts."""
    with session.opened(args, out) as ports:
        now = ports.clock.now()
        parties = [party for party in ports.people.parties() if args.all or not party.span.over(now)]
        persons = ports.people.persons()
    if out.json:
        out.document([people_words.party_document(party) for party in parties])
        return 0
    rows = [
        (
            party.id,
            party.kind.value,
            people_words.until_text(party.latest.until) + ("" if party.contract(now) else " not in force"),
            people_words.until_text(party.diligence_until),
            str(sum(p.party == party.id and p.span.covers(now) for p in persons)),
            party.relation,
        )
        for party in parties
    ]
    out.table(("party", "kind", "contract until", "diligence until", "people", "relation"), rows)
    return 0
