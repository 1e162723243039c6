"""`keyguard review list`: reviews, or the items of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import review_words, session
from keyguard.workflows import reviews

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("review", nargs="?", help="its id or the beginning of it: lists its items")
    parser.add_argument("--all", action="store_true", help="closed ones too")
    parser.epilog = "example: keyguard review list\n         keyguard review list rv_5c1f"


def run(args: argparse.Namespace, out: Output) -> int:
    """List them, oldest first."""
    with session.opened(args, out) as ports:
        if args.review is not None:
            found = [reviews.find(ports, args.review)]
        else:
            found = [one for one in ports.people.reviews() if args.all or one.is_open()]
        names = {key.id: key.name for key in ports.inventory.keys()}  # noqa: SIM118 - of the port
    if out.json:
        out.document([review_words.document(review) for review in found])
    elif args.review is not None:
        out.table(review_words.HEADINGS, [review_words.item_row(item, names) for item in found[0].items])
    else:
        rows = [
            (
                one.id,
                one.desk + (" (external)" if one.external else ""),
                f"{one.due:%Y-%m-%d}",
                f"{len(one.undecided)} of {len(one.items)}",
                f"{one.span.ended_at:%Y-%m-%d}" if one.span.ended_at else "",
            )
            for one in found
        ]
        out.table(("review", "desk", "due", "undecided", "closed"), rows)
    return 0
