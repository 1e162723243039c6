"""`keyguard person add`: declare a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session
from keyguard.core.keys import Environment
from keyguard.core.people import Capacity, Role
from keyguard.core.rights import Mode
from keyguard.workflows import declare_person

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("person", help="a short word, such as hana; never used again for another")
    people_words.choices(parser, "--capacity", Capacity, default=Capacity.EMPLOYEE.value)
    parser.add_argument("--name", default="", metavar="N", help="stays out of records")
    parser.add_argument("--party", default="", metavar="O", help="the company they belong to, if another")
    parser.add_argument(
        "--os-user",
        action="append",
        default=[],
        metavar="U[@HOST]",
        help="an OS user that is this person; repeat for more",
    )
    people_words.choices(parser, "--role", Role, action="append", default=[])
    parser.add_argument("--test", action="store_true", help="a test account: never gets a live key")
    parser.add_argument("--from", dest="since", metavar="D", help=people_words.DATE_HELP)
    parser.add_argument("--until", metavar="D", help=people_words.DATE_HELP)
    parser.epilog = (
        "example: keyguard person add hana --name 'Hana Kim' --os-user hana\n"
        "         keyguard person add quoter --capacity service --os-user bot@host-1"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Add the person; say so where that makes grants needed from now on."""
    with session.opened(args, out) as ports:
        first = not ports.people.declared() and ports.people.policy.mode is Mode.AUTO
        person = declare_person.declare(
            ports,
            args.person,
            Capacity(args.capacity),
            actor=session.actor(),
            name=args.name,
            party=args.party,
            users=people_words.os_users(args.os_user),
            roles=frozenset(Role(role) for role in args.role),
            environment=Environment.TEST if args.test else Environment.LIVE,
            since=people_words.start(args.since),
            until=people_words.end(args.until),
        )
    if first:
        out.talk("keyguard: from now on a hand-out needs a grant: keyguard grant add PERSON --desk DESK")
    if out.json:
        out.document(people_words.person_document(person))
    else:
        users = ", ".join(str(user) for user in person.users) or "no OS user yet"
        out.data(f"person {person.id}: {person.capacity.value}, {users}")
    return 0
