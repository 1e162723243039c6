"""`keyguard grant add`: let a person use a key, or the keys of a desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import declared, people_words, session
from keyguard.core.people import GrantState
from keyguard.workflows import give_grant

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("person")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--key", default="", metavar="K", help="id, venue/desk/label or any unambiguous part")
    what.add_argument("--desk", default="", metavar="D", help="every key of the desk, later ones too")
    parser.add_argument("--scopes", metavar="SCOPE,…", help="without it what the keys can do today")
    parser.add_argument("--purpose", default="", metavar="T", help="the only one a hand-out may state")
    for option, help_ in (
        ("--host", "only on this host"),
        ("--os-user", "only as this OS user"),
        ("--executable", "only this program, by its absolute path"),
    ):
        parser.add_argument(option, action="append", default=[], metavar="X", help=f"{help_}; repeatable")
    parser.add_argument("--from", dest="since", metavar="D", help=people_words.DATE_HELP)
    parser.add_argument("--until", metavar="D", help=people_words.DATE_HELP)
    parser.add_argument("--why", default="", metavar="T", help="for the person who approves; in evidence")
    parser.epilog = "example: keyguard grant add hana --key bybit/mm/bot --until 2026-12-31"


def run(args: argparse.Namespace, out: Output) -> int:
    """Give it, or ask for it where a second person must agree."""
    wanted = give_grant.Wanted(
        person=args.person,
        key=args.key,
        desk=args.desk,
        scopes=declared.needs(args.scopes) if args.scopes else None,
        purpose=args.purpose,
        hosts=tuple(args.host),
        users=tuple(args.os_user),
        executables=tuple(args.executable),
        since=people_words.start(args.since),
        until=people_words.end(args.until),
    )
    with session.opened(args, out) as ports:
        grant = give_grant.give(ports, wanted, actor=session.actor(), why=args.why)
        keys = {key.id: key for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
        now = ports.clock.now()
    if out.json:
        out.document(people_words.grant_document(grant, keys, now))
        return 0
    until = people_words.until_text(grant.span.end)
    out.data(f"{grant.id}: {grant.person} may use {people_words.subject_text(grant, keys)}, until {until}")
    if grant.state is GrantState.ASKED:
        out.data(f"  not yet: somebody else must agree: keyguard approve {grant.approval}", style="yellow")
    return 0
