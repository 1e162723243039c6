"""`keyguard hook uninstall`: take the hooks away and restore what was there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import hooks
from keyguard.cli.commands.hook_install import tell

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", nargs="?", default=".", help="in the repository (default: this folder)")
    parser.add_argument("--only", choices=hooks.KINDS, help="one of the two")
    parser.epilog = "What keyguard did not write stays.\n\nexample: keyguard hook uninstall"


def run(args: argparse.Namespace, out: Output) -> int:
    """Remove ours; exit 2 if one of them was changed by somebody and had to stay."""
    where = hooks.folder(Path(args.folder))
    done = hooks.uninstall(where, (args.only,) if args.only else hooks.KINDS)
    tell(out, where, done)
    return 2 if any(one.state == "changed" for one in done) else 0
