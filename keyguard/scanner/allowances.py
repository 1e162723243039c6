"""What was found and accepted: by whom, why, and how often. Nothing is hidden without being counted."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from keyguard.scanner.findings import Finding

INLINE = "inline"
PROJECT = ".keyguard.toml"
BASELINE = "baseline"


class Allowance(NamedTuple):
    """One accepted value. `by` names what accepted it, `reason` is "" where nobody gave one."""

    by: str
    reason: str
    rule: str
    path: str
    line: int
    fingerprint: str = ""


Judge = Callable[[Finding], tuple[str, str] | None]
"""Says of a finding who accepts it and why; None if nobody does."""


def by_fingerprint(by: str, reasons: Mapping[str, str]) -> Judge:
    """Accepts the fingerprints that are listed."""
    return lambda finding: (by, reasons[finding.fingerprint]) if finding.fingerprint in reasons else None


def judged(
    findings: tuple[Finding, ...], judges: list[Judge]
) -> tuple[tuple[Finding, ...], tuple[Allowance, ...]]:
    """What is left of the findings, and what was accepted, by the first who accepts it."""
    kept: list[Finding] = []
    allowed: list[Allowance] = []
    for finding in findings:
        verdict = next((v for judge in judges if (v := judge(finding))), None)
        if verdict is None:
            kept.append(finding)
        else:
            place = finding.parts[0].place
            allowed.append(Allowance(*verdict, finding.rule, place.path, place.line, finding.fingerprint))
    return tuple(kept), tuple(allowed)
