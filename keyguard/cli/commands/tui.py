"""`keyguard tui`: the terminal UI."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.cli.person import speaks_korean
from keyguard.core.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output

THEMES = ("dark", "light", "contrast", "plain")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--lang", choices=("en", "ko"), help="language (else as LC_ALL, LANG say)")
    parser.add_argument("--theme", choices=THEMES, default="dark", help="colours; NO_COLOR takes all away")
    parser.add_argument(
        "--lock-after",
        type=int,
        default=10,
        metavar="MINUTES",
        help="lock what is shown when nobody has touched it for so long; 0: never (default 10)",
    )
    parser.epilog = "example: keyguard tui --lang ko --theme light"


def run(args: argparse.Namespace, out: Output) -> int:
    """Show the home until the person quits."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the terminal UI needs a terminal", code="tui.terminal", hint="keyguard attention")
    from keyguard.tui import run as tui  # noqa: PLC0415 - other commands have no use for it

    language = args.lang or ("ko" if speaks_korean(os.environ) else "en")
    tui.run(session.home_of(args), language=language, theme=args.theme, lock_after_s=args.lock_after * 60)
    return 0
