"""`keyguard party show`: one party."""

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
    parser.epilog = "example: keyguard party show acme"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the party, its contracts and its people."""
    with session.opened(args, out) as ports:
        now = ports.clock.now()
        party = declare_party.find(ports, args.party)
        people = [person for person in ports.people.persons() if person.party == party.id]
    if out.json:
        out.document(people_words.party_document(party) | {"people": [person.id for person in people]})
        return 0
    out.data(f"{party.id}  {party.name}".rstrip(), style="bold")
    out.data(f"  {party.kind.value}, {people_words.state_text(party.span, now)}: {party.relation}")
    for one in party.contracts:
        held = "in force" if one.covers(now) else "not in force"
        until = people_words.until_text(one.until)
        out.data(f"  contract {one.reference}, {one.since:%Y-%m-%d} to {until}, {held}")
    out.data(f"  diligence until {people_words.until_text(party.diligence_until)}")
    for person in people:
        out.data(f"  person   {person.id}, {people_words.state_text(person.span, now)}")
    return 0
