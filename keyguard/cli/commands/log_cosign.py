"""`keyguard log cosign`: take in what a witness signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import evidence, session
from keyguard.cli.views import instant
from keyguard.workflows import anchors

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", help="the witness's answer, a note or its bare lines; - for standard input")
    parser.epilog = "example: keyguard log cosign answer.txt"


def run(args: argparse.Namespace, out: Output) -> int:
    """Keep every line that a declared witness signed over a checkpoint of this log."""
    text = evidence.text(args.file)
    with session.opened(args, out) as ports:
        taken = anchors.cosign(ports, text)
    if out.json:
        out.document([{"witness": name, "size": size, "at": instant(at)} for name, size, at in taken])
    else:
        for name, size, at in taken:
            out.data(f"{name}: saw checkpoint {size} at {at:%Y-%m-%d %H:%M:%S} UTC")
    return 0
