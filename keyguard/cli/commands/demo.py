"""`keyguard demo`: the main job on simulated venues."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.core.errors import UsageError
from keyguard.demo import story

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output

NEEDED = ("starlette", "uvicorn", "pybit")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--headless", action="store_true", help="tell the story without waiting")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="use this new folder and leave it behind")
    parser.epilog = "example: keyguard demo --headless"


def run(args: argparse.Namespace, out: Output) -> int:
    """Tell the story; it needs the `demo` extra."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the demo needs {', '.join(missing)}",
            code="demo.missing",
            hint="pip install 'keyguard[demo]', or `make demo` in a checkout",
        )
    if args.keep and args.keep.exists():
        raise UsageError(f"{args.keep} exists already", code="demo.exists", hint="name a new folder")
    headless = args.headless or not sys.stdin.isatty()

    def pause() -> None:
        if not headless:
            out.talk("")
            out.talk("Enter goes on, Ctrl-C ends the demo", style="dim")
            sys.stdin.readline()

    story.tell(out, args.keep.absolute() if args.keep else None, pause=pause)
    return 0
