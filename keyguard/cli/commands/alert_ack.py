"""`keyguard alert ack`: somebody knows; the alert is not said again unless it gets worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.workflows import alerting

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("id", help="the finding's id, as in the alert, or its beginning")
    parser.epilog = "The finding stays open.\n\nexample: keyguard alert ack fi_5c1f"


def run(args: argparse.Namespace, out: Output) -> int:
    """Note it."""
    with session.opened(args, out) as ports:
        said = alerting.acknowledge(ports, args.id)
    if out.json:
        out.document({"finding": said.alert.subject, "acknowledged": True})
    else:
        out.data(f"{said.alert.subject}: known; it is not said again unless it gets worse")
    return 0
