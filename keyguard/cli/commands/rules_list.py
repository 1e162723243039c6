"""`keyguard rules list`: the scanner's rules."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from keyguard.scanner.rulebook import load

if TYPE_CHECKING:
    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments: none."""
    parser.epilog = "example:\n  keyguard rules list\n"


def run(args: argparse.Namespace, out: Output) -> int:
    """List all rules."""
    rules = load().rules
    if out.json:
        fields = [
            {
                "id": r.id,
                "venue": r.venue or None,
                "field": r.field,
                "severity": r.severity.value,
                "title": r.title,
            }
            for r in rules
        ]
        out.report(json.dumps({"rules": fields}, indent=2))
    else:
        out.table(["rule", "severity", "what"], [[r.id, r.severity.value, r.title] for r in rules])
    return 0
