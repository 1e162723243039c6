"""`keyguard incident list`: incidents and how they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import incident_words, session
from keyguard.workflows.incident_document import document

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--all", action="store_true", help="closed ones too")
    parser.epilog = "example: keyguard incident list --all"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print them, oldest first."""
    with session.opened(args, out) as ports:
        found = ports.incidents.all() if args.all else ports.incidents.open()
    if out.json:
        out.document([document(incident) for incident in found])
        return 0
    rows = [
        (
            incident.id,
            incident.kind.value,
            incident_words.state(incident),
            f"{incident.detected_at:%Y-%m-%d %H:%M}",
            f"{incident.deadline:%Y-%m-%d %H:%M}" if incident.deadline else "-",
            ", ".join(incident.names or incident.venues) or "-",
        )
        for incident in found
    ]
    out.table(("incident", "class", "state", "detected (UTC)", "deadline", "about"), rows)
    return 0
