"""`keyguard incident thaw`: hand-outs go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import incident_words, session
from keyguard.workflows import freezes

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("freeze", help="its id or the beginning of it")
    parser.add_argument("--reason", required=True, metavar="T")
    parser.epilog = "example: keyguard incident thaw fz_5c1f --reason 'the laptop was found'"


def run(args: argparse.Namespace, out: Output) -> int:
    """End a freeze."""
    with session.opened(args, out) as ports:
        ended = freezes.thaw(ports, args.freeze, actor=session.actor(), reason=args.reason)
        names = incident_words.names(ports)
    if out.json:
        out.document(incident_words.freeze_document(ended, names))
    else:
        out.data(f"thawed: {incident_words.freeze_line(ended, names)}", style="green")
    return 0
