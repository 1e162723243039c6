"""`keyguard alert list`: the channels, without their URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.workflows import channels

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "example: keyguard alert list"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print them."""
    with session.opened(args, out) as ports:
        found = channels.channels(ports.secrets)
    if out.json:
        out.document(
            [{"name": c.name, "floor": c.floor.name.lower(), "escalation": c.escalation} for c in found]
        )
    else:
        rows = [(c.name, c.floor.name.lower(), "escalation" if c.escalation else "") for c in found]
        out.table(("channel", "from", ""), rows)
    return 0
