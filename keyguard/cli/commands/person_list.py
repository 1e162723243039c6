"""`keyguard person list`: all persons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--all", action="store_true", help="those who left too")
    parser.epilog = "example: keyguard person list --all --json"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the persons."""
    with session.opened(args, out) as ports:
        now = ports.clock.now()
        persons = [p for p in ports.people.persons() if args.all or not p.span.over(now)]
    if out.json:
        out.document([people_words.person_document(person) for person in persons])
        return 0
    rows = [
        (
            p.id,
            p.capacity.value + (" [test]" if p.environment.value == "test" else ""),
            p.party or "-",
            ", ".join(str(user) for user in p.users if user.span.covers(now)) or "-",
            people_words.state_text(p.span, now),
            people_words.until_text(p.span.end),
            ", ".join(sorted(role.value for role in p.roles)),
        )
        for p in persons
    ]
    out.table(("person", "capacity", "party", "OS users", "state", "until", "roles"), rows)
    return 0
