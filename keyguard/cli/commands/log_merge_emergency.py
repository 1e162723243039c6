"""`keyguard log merge-emergency`: bring in what a panic wrote beside the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.core.errors import UsageError
from keyguard.stores.emergency import merge

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", nargs="?", type=Path, help="where it was written elsewhere than in the home")
    parser.epilog = (
        "Commands that open the home do it by themselves; this one is for a file that stands elsewhere.\n"
        "Each record says in `late` when it was written.\n\n"
        "example: keyguard log merge-emergency /mnt/usb/panic.jsonl"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Merge and put the file aside."""
    with session.opened(args, out) as ports:
        if args.file is None:
            return 0  # opening the home has merged its own, or said why it could not
        if not args.file.exists():
            raise UsageError(f"there is no {args.file}", code="log.emergency", hint="name the file")
        count = merge(ports, args.file)
    out.data(f"{count} records were merged")
    return 0
