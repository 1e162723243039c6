"""`keyguard alert remove`: take a channel away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.workflows import channels

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name")
    parser.epilog = "example: keyguard alert remove desk-chat"


def run(args: argparse.Namespace, out: Output) -> int:
    """Remove it from the secret store."""
    with session.opened(args, out) as ports:
        channels.remove(ports.secrets, args.name)
    out.talk(f"keyguard: the channel {args.name} is gone; its token still works at the service until revoked")
    return 0
