"""`keyguard desk show`: one desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.workflows import declare_desk

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("desk")
    parser.epilog = "example: keyguard desk show mm"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the desk, its keys, and the grants for all of them."""
    with session.opened(args, out) as ports:
        now, keys = ports.clock.now(), list(ports.inventory.keys())
        desk = declare_desk.find(ports, args.desk)
        grants = [grant for grant in ports.people.grants() if grant.desk == desk.name]
    by_id = {key.id: key for key in keys}
    if out.json:
        told = people_words.desk_document(desk, keys)
        out.document(told | {"grants": [people_words.grant_document(g, by_id, now) for g in grants]})
        return 0
    out.data(desk.name, style="bold")
    out.data(f"  {people_words.state_text(desk.span, now)}, head {desk.head or '-'}")
    out.data(f"  purpose  {desk.purpose or '-'}")
    for key in keys:
        if key.desk == desk.name:
            out.data(f"  key      {key.name}")
    for grant in grants:
        out.data(f"  grant    {grant.id}  {grant.person}  {people_words.grant_state(grant, now)}")
    return 0
