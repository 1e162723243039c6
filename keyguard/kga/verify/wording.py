"""Step 10 of §14.2: what the statement says of itself agrees with what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from keyguard.kga import texts
from keyguard.kga.statement import ALWAYS
from keyguard.kga.verdict import Failed


def check(predicate: Mapping[str, Any], derived: Mapping[str, Any], withheld: Iterable[str]) -> None:
    """Failed unless withheld counts, limits and the confirmed sentences agree with the records."""
    counts = Counter(withheld)
    if predicate["withheld"] != {"records": counts.total(), "why": dict(counts)}:
        raise Failed("the number of withheld records is not the one the statement names")
    if not set(predicate["declared_limits"]) >= ALWAYS:
        raise Failed("a limit that always applies is not declared")
    for language, text in predicate["statement_text"].items():
        for number in sorted(texts.blocked(derived)):
            if texts.sentence(language, number, predicate) in text:
                raise Failed(f"sentence ({number}) is confirmed although the findings contradict it")
