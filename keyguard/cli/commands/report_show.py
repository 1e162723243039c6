"""`keyguard report show`: a report as it was kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from keyguard.cli import offboarding_words, session

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("report", help="its id or the beginning of it")
    parser.epilog = (
        "As it was when it was last made; `keyguard person offboard P` makes it anew.\n\n"
        "example: keyguard report show rp_5c1f"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Print it."""
    with session.opened(args, out) as ports:
        report = ports.incidents.find_report(args.report)
    document = json.loads(report.document)
    if out.json:
        out.document({"id": report.id} | document)
    else:
        offboarding_words.tell(out, document)
    return 0
