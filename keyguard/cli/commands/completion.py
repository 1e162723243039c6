"""`keyguard completion`: a script that teaches a shell our commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import whole

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("shell", choices=SHELLS)
    parser.epilog = 'example: eval "$(keyguard completion bash)"'


def run(args: argparse.Namespace, out: Output) -> int:
    """Print the script."""
    import shtab

    out.block(shtab.complete(whole.parser(shtab.FILE, shtab.DIRECTORY), shell=args.shell).rstrip())
    return 0
