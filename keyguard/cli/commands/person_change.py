"""`keyguard person change`: OS users, roles, party and end of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.core.people import Role
from keyguard.workflows import declare_person

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("person")
    for option in ("--os-user", "--no-os-user"):
        parser.add_argument(option, action="append", default=[], metavar="U[@HOST]")
    for option in ("--role", "--no-role"):
        people_words.choices(parser, option, Role, action="append", default=[])
    parser.add_argument("--party", metavar="O", help="the company they belong to")
    parser.add_argument("--until", metavar="D", help=people_words.DATE_HELP)
    parser.epilog = "example: keyguard person change hana --os-user hana@host-2 --role approver"


def run(args: argparse.Namespace, out: Output) -> int:
    """Change what is named; everything else stays."""
    with session.opened(args, out) as ports:
        person = declare_person.change(
            ports,
            args.person,
            actor=session.actor(),
            add_users=people_words.os_users(args.os_user),
            drop_users=people_words.os_users(args.no_os_user),
            add_roles=frozenset(Role(role) for role in args.role),
            drop_roles=frozenset(Role(role) for role in args.no_role),
            party=args.party,
            until=people_words.end(args.until),
        )
    if out.json:
        out.document(people_words.person_document(person))
    else:
        users = ", ".join(str(user) for user in person.users if user.span.ended_at is None)
        roles = ", ".join(sorted(role.value for role in person.roles))
        out.data(f"person {person.id}: {users or 'no OS user'}; {roles or 'no role'}")
    return 0
