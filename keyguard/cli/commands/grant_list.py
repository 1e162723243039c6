"""`keyguard grant list`: who may use what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.core.keys import scope_names

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--person", metavar="P", help="of this person alone")
    parser.add_argument("--all", action="store_true", help="those that ended or were rejected too")
    parser.epilog = "example: keyguard grant list --person hana"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the grants, oldest first."""
    with session.opened(args, out) as ports:
        now = ports.clock.now()
        grants = ports.people.grants(person=args.person)
        keys = {key.id: key for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    states = {grant.id: people_words.grant_state(grant, now) for grant in grants}
    shown = [g for g in grants if args.all or states[g.id] not in ("ended", "rejected")]
    if out.json:
        out.document([people_words.grant_document(grant, keys, now) for grant in shown])
        return 0
    rows = [
        (
            grant.id,
            grant.person,
            people_words.subject_text(grant, keys),
            ",".join(scope_names(grant.scopes)),
            states[grant.id],
            people_words.until_text(grant.span.end),
            people_words.bounds_text(grant),
        )
        for grant in shown
    ]
    out.table(("grant", "person", "may use", "up to", "state", "until", "only"), rows)
    return 0
