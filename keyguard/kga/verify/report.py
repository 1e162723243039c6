"""What a verification found, and what the recipient should remember of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keyguard.kga.verdict import Check, Exit, Failed, Malformed
from keyguard.kga.verify.trust import Last

STEPS = {
    1: "container",
    2: "signatures",
    3: "entries",
    4: "recipient and age",
    5: "logs",
    6: "seals",
    7: "records",
    8: "end of the period",
    9: "tables",
    10: "limits and wording",
    11: "previous attestation",
    12: "independent anchors",
    13: "warnings",
}


@dataclass
class Report:
    """Checks in the order they were made. `predicate` and `derived` are what was proven, once it was."""

    checks: list[Check] = field(default_factory=list)
    predicate: Mapping[str, Any] | None = None
    derived: Mapping[str, Any] | None = None
    last: Last | None = None

    def good(self, step: int, detail: str = "") -> None:
        """A step held."""
        self.checks.append(Check(step, STEPS[step], Exit.VERIFIED, detail))

    def warn(self, step: int, detail: str) -> None:
        """A step held, but the recipient should know this."""
        self.checks.append(Check(step, STEPS[step], Exit.WARNINGS, detail))

    def fail(self, step: int, error: Failed | Malformed | str) -> None:
        """A step did not hold."""
        outcome = Exit.MALFORMED if isinstance(error, Malformed) else Exit.FAILED
        self.checks.append(Check(step, STEPS[step], outcome, str(error)))

    @property
    def exit(self) -> Exit:
        """The worst of all."""
        return max((check.outcome for check in self.checks), default=Exit.MALFORMED)

    @property
    def failed(self) -> bool:
        """Whether anything did not hold."""
        return self.exit > Exit.WARNINGS
