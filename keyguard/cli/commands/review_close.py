"""`keyguard review close`: close a review; what nobody answered in time ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import review_words, session
from keyguard.workflows import reviews

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("review", help="its id or the beginning of it")
    parser.epilog = (
        "For somebody who decided nothing in it. Before every item is decided it closes only once silence\n"
        "has suspended the rest, and their grants then end.\n\nexample: keyguard review close rv_5c1f"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Close it."""
    with session.opened(args, out) as ports:
        review = reviews.close(ports, args.review, actor=session.actor())
    if out.json:
        out.document(review_words.document(review))
    else:
        changed = sum(item.result in ("ended", "reduced") for item in review.items)
        out.data(f"{review.id} is closed: {len(review.items)} items, {changed} changed")
    return 0
