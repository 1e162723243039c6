"""Runs the examples of the rule files: what must be found is found with the right value, the rest is not."""

from __future__ import annotations

from collections.abc import Iterator

from keyguard.scanner.engine import Engine
from keyguard.scanner.rulebook import Rule


def failures(engine: Engine, rule: Rule) -> Iterator[str]:
    """Yield, for each example of a rule that fails, which one and how; the examples are no secrets."""
    for number, found in enumerate(rule.found, start=1):
        values = _values(engine, rule, found.text, found.path)
        if found.secret not in values:
            yield f"{rule.id}: found example {number} was not found"
    for number, ignored in enumerate(rule.ignored, start=1):
        if _values(engine, rule, ignored.text, ignored.path):
            yield f"{rule.id}: ignored example {number} was found, although: {ignored.because}"


def _values(engine: Engine, rule: Rule, text: str, path: str) -> set[str]:
    found = engine.scan(text.encode(), path)
    return {p.value.reveal() for finding in found for p in finding.parts if p.rule == rule.id}
