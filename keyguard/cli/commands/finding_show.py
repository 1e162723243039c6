"""`keyguard finding show`: one finding with its life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import finding_words, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("finding", help="its id or the beginning of it")
    parser.epilog = "example: keyguard finding show fi_5c1f"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print it."""
    with session.opened(args, out) as ports:
        finding = ports.findings.find(args.finding)
    if out.json:
        out.document(finding_words.document(finding))
        return 0
    finding_words.tell(out, finding)
    out.data(f"  {finding.state.value} since {finding.changed_at:%Y-%m-%d %H:%M} UTC")
    if finding.reason:
        out.data(f"  by {finding.by}: {finding.reason}")
    if finding.until is not None:
        out.data(f"  until {finding.until:%Y-%m-%d %H:%M} UTC")
    return 0
