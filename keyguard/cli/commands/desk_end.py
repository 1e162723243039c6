"""`keyguard desk end`: end a desk and the grants for its keys."""

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
    parser.add_argument("--reason", required=True, metavar="R", help=people_words.REASON_HELP)
    parser.epilog = "example: keyguard desk end mm --reason 'strategy closed'"


def run(args: argparse.Namespace, out: Output) -> int:
    """End it; its keys stay, and are handed out no more."""
    with session.opened(args, out) as ports:
        desk, grants = declare_desk.end(ports, args.desk, actor=session.actor(), reason=args.reason)
        keys = [key for key in ports.inventory.keys() if key.desk == desk.name]  # noqa: SIM118 - of the port
    if out.json:
        told = people_words.desk_document(desk, keys)
        out.document(told | {"grants_ended": [grant.id for grant in grants]})
        return 0
    out.data(f"desk {desk.name}: ended, with {len(grants)} grants")
    for key in keys:
        out.data(f"  still at its venue: keyguard key revoke {key.name} --reason other")
    return 0
