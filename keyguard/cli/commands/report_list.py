"""`keyguard report list`: reports that were kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.cli.views import instant

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "example: keyguard report list"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print them, oldest first."""
    with session.opened(args, out) as ports:
        found = ports.incidents.reports()
    if out.json:
        out.document([{"id": r.id, "kind": r.kind, "subject": r.subject, "at": instant(r.at)} for r in found])
    else:
        rows = [(r.id, r.kind, r.subject, f"{r.at:%Y-%m-%d %H:%M}") for r in found]
        out.table(("report", "off-boarded", "who", "begun (UTC)"), rows)
    return 0
