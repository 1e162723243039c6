"""`keyguard person show`: one person and what they may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.workflows import declare_person

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("person")
    parser.epilog = "example: keyguard person show hana"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the person with all grants, past ones too."""
    with session.opened(args, out) as ports:
        now = ports.clock.now()
        person = declare_person.find(ports, args.person)
        grants = ports.people.grants(person=person.id)
        party = next((party for party in ports.people.parties() if party.id == person.party), None)
        keys = {key.id: key for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    if out.json:
        told = people_words.person_document(person)
        out.document(told | {"grants": [people_words.grant_document(g, keys, now) for g in grants]})
        return 0
    out.data(f"{person.id}  {person.name}".rstrip(), style="bold")
    out.data(f"  {person.capacity.value}, {people_words.state_text(person.span, now)}", style="")
    out.data(f"  until    {people_words.until_text(person.span.end)}")
    if party is not None:
        contract = party.contract(now)
        held = f"contract until {people_words.until_text(contract.until)}" if contract else "no contract"
        out.data(f"  party    {party.id}, {held}")
    for user in person.users:
        out.data(f"  OS user  {user}, {people_words.state_text(user.span, now)}")
    for role in sorted(role.value for role in person.roles):
        out.data(f"  role     {role}")
    for grant in grants:
        state = people_words.grant_state(grant, now)
        out.data(f"  grant    {grant.id}  {people_words.subject_text(grant, keys)}  {state}")
    return 0
