"""`keyguard key danger`: what a thief of each key could do now, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import excess_words, session
from keyguard.workflows.blast import dangers

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("key", nargs="*", help="id, venue/desk/label or any unambiguous part; all without")
    parser.add_argument("--desk", default="", metavar="D", help="the keys of a desk only")
    parser.epilog = (
        "By what the venues said last; none is asked. What is not told is taken for the worst. The balance\n"
        "behind a key, and whether its account has a list of withdrawal addresses, no key tells.\n"
        "\nexample: keyguard key danger"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the keys in the order of their danger."""
    with session.opened(args, out) as ports:
        keys = [ports.inventory.find_key(one) for one in args.key] or ports.inventory.keys()
        found = dangers(ports, [key for key in keys if args.desk in ("", key.desk)])
    if out.json:
        out.document([{"key": one.key.name} | excess_words.danger_document(one) for one in found])
        return 0
    for number, one in enumerate(found, 1):
        out.data(f"{number:>3}. {one.key.name}", style="bold")
        out.data(f"     {one.words}")
    if found:
        out.talk("balances are not known", style="dim")
    return 0
