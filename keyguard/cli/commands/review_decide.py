"""`keyguard review decide`: say whether a grant is to stay, to be narrower, or to go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import declared, people_words, review_words, session
from keyguard.core.reviews import Verdict
from keyguard.workflows import reviews

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("review", help="its id or the beginning of it")
    parser.add_argument("grant", help="the item: the grant's id or the beginning of it")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--keep", action="store_true")
    what.add_argument("--reduce", metavar="SCOPE,…", help="what is left of it")
    what.add_argument("--remove", action="store_true", help="ends the grant now")
    parser.add_argument("--reason", default="", metavar="R", help=people_words.REASON_HELP)
    parser.epilog = (
        "Keeping what is not used, or can do more than needed, takes a reason; taking away always does.\n\n"
        "example: keyguard review decide rv_5c1f gr_77a0 --keep\n"
        "         keyguard review decide rv_5c1f gr_19b2 --reduce read --reason 'only watches'"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Decide it; what it means holds when this returns."""
    with session.opened(args, out) as ports:
        item = reviews.decide(ports, args.review, args.grant, _answer(args), actor=session.actor())
    if out.json:
        out.document(review_words.item_document(item))
    else:
        out.data(f"{item.grant} of {item.person}: {item.result}")
        if item.result == "ended" and item.versions:
            out.talk(f"keyguard: {item.person} was handed a key that still works: keyguard attention")
    return 0


def _answer(args: argparse.Namespace) -> reviews.Answer:
    if args.reduce:
        return reviews.Answer(Verdict.REDUCE, args.reason, declared.needs(args.reduce))
    return reviews.Answer(Verdict.KEEP if args.keep else Verdict.REMOVE, args.reason)
