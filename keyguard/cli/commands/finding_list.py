"""`keyguard finding list`: findings with their state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import finding_words, session
from keyguard.workflows import findings

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--all", action="store_true", help="those that are over too")
    parser.epilog = "example: keyguard finding list --all"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print them, oldest first."""
    with session.opened(args, out) as ports:
        findings.refresh(ports)
        found = ports.findings.all() if args.all else ports.findings.standing()
    if out.json:
        out.document([finding_words.document(finding) for finding in found])
        return 0
    rows = [
        (
            finding.id,
            finding.state.value,
            finding.item.level.value,
            f"{finding.since:%Y-%m-%d %H:%M}",
            finding.item.subject,
            finding.item.text,
        )
        for finding in found
    ]
    out.table(("finding", "state", "level", "since (UTC)", "about", "what"), rows)
    return 0
