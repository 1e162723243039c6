"""`keyguard review open`: have the grants for a desk's keys looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, review_words, session
from keyguard.workflows import reviews

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("desk")
    parser.add_argument("--external", action="store_true", help="only those of other companies' people")
    parser.add_argument("--due", metavar="D", help=f"{people_words.DATE_HELP}; default: in two weeks")
    parser.add_argument("--reviewer", action="append", default=[], metavar="P", help="may be repeated")
    parser.epilog = (
        "Every quarter for a desk, every month for other companies' people; `keyguard attention` reminds.\n\n"
        "example: keyguard review open mm --reviewer hana"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Open it and list its items."""
    with session.opened(args, out) as ports:
        review = reviews.open_review(
            ports,
            args.desk,
            actor=session.actor(),
            external=args.external,
            due=people_words.end(args.due),
            reviewers=args.reviewer,
        )
        names = {key.id: key.name for key in ports.inventory.keys()}  # noqa: SIM118 - of the port
    if out.json:
        out.document(review_words.document(review))
    else:
        out.data(f"{review.id}: {len(review.items)} items, due {review.due:%Y-%m-%d %H:%M} UTC")
        out.table(review_words.HEADINGS, [review_words.item_row(item, names) for item in review.items])
    return 0
