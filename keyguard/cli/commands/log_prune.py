"""`keyguard log prune`: forget records whose retention is over, keeping every proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.workflows import forget_person
from keyguard.workflows.log_prune import CHOICES, plan, prune

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--years", type=int, choices=CHOICES, default=7, help="how long to keep records (7)")
    parser.add_argument("--yes", action="store_true", help="do it; without it only say what would go")
    parser.epilog = (
        "Records of a key are kept that long after the key's end. Leaf hashes, seals and checkpoints stay:\n"
        "the log verifies as before. What is gone cannot be brought back.\n\n"
        "example: keyguard log prune --years 10"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Say what would go; with --yes delete it."""
    with session.opened(args, out) as ports:
        planned = plan(ports, args.years)
        gone = prune(ports, planned) if args.yes else 0
        people = [one.id for one in forget_person.due(ports, args.years)]
    counts = {stream: len(numbers) for stream, numbers in planned.numbers.items()}
    if out.json:
        told = {"before": planned.before.isoformat(), "records": counts, "deleted": gone}
        out.document(told | {"people": people})
        return 0
    for stream, count in counts.items():
        out.data(f"{stream}: {count} records from before {planned.before:%Y-%m-%d}")
    if args.yes:
        out.data(f"{gone} records deleted; the log verifies as before")
    else:
        out.data(f"{planned.count} records may go; nothing was deleted" + (": --yes" if counts else ""))
    for person in people:
        out.talk(f"keyguard: {person} left before that: keyguard person forget {person} --years {args.years}")
    return 0
