"""`keyguard rules test`: run every rule's examples."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from keyguard.scanner.engine import Engine
from keyguard.scanner.examples import failures

if TYPE_CHECKING:
    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments: none."""
    parser.epilog = "example:\n  keyguard rules test\n"


def run(args: argparse.Namespace, out: Output) -> int:
    """Run the examples; 1 if one fails."""
    engine = Engine()
    rules = engine.rulebook.rules
    failed = [failure for rule in rules for failure in failures(engine, rule)]
    examples = sum(len(rule.found) + len(rule.ignored) for rule in rules)
    if out.json:
        out.report(json.dumps({"rules": len(rules), "examples": examples, "failures": failed}, indent=2))
    else:
        for failure in failed:
            out.data(failure)
        out.talk(f"{examples} examples of {len(rules)} rules, {len(failed)} failed")
    return 1 if failed else 0
