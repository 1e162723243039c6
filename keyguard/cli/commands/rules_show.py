"""`keyguard rules show ID`: one rule, why it matters, and its examples."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from keyguard.scanner.rulebook import Rule, load

if TYPE_CHECKING:
    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments."""
    parser.epilog = "example:\n  keyguard rules show bybit.secret\n"
    parser.add_argument("id", metavar="ID", help="the rule's id, see keyguard rules list")


def run(args: argparse.Namespace, out: Output) -> int:
    """Show one rule."""
    rule = load().rule(args.id)
    if out.json:
        out.report(json.dumps(_fields(rule), indent=2))
        return 0
    out.data(f"{rule.id}: {rule.title} ({rule.severity.value})")
    out.data(rule.why)
    out.data("")
    if rule.context:
        out.data(f"only near one of: {', '.join(_words(rule))}")
    if not rule.alone:
        out.data("only as part of a credential")
    out.data(f"at least {rule.min_entropy} bits per character")
    for found in rule.found:
        out.block(f"\nfound:\n{_indented(found.text)}")
    for ignored in rule.ignored:
        out.block(f"\nignored ({ignored.because}):\n{_indented(ignored.text)}")
    out.block("\nsee " + ", ".join(rule.references))
    return 0


def _words(rule: Rule) -> list[str]:
    return [anchor.decode("utf-8", "replace") for anchor in rule.anchors]


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip("\n").splitlines())


def _fields(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "title": rule.title,
        "why": rule.why,
        "venue": rule.venue or None,
        "field": rule.field,
        "severity": rule.severity.value,
        "anchors": _words(rule),
        "pattern": rule.expression.decode(),
        "min_entropy": rule.min_entropy,
        "context": rule.context,
        "alone": rule.alone,
        "references": list(rule.references),
    }
