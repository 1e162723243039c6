"""Findings as lines and as JSON; shared by `attention` and `finding …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyguard.cli import views

if TYPE_CHECKING:
    from keyguard.cli.output import Output
    from keyguard.core.findings import Finding

_STYLES = {"high": "red", "medium": "yellow"}


def tell(out: Output, finding: Finding) -> None:
    """Two lines: what it is and how that is known, and the command that mends it."""
    item = finding.item
    out.data(
        f"{item.level.value:<6}  {item.subject}: {item.text} [{item.origin.value}]  {finding.id}",
        _STYLES.get(item.level.value, ""),
    )
    out.data(f"        {item.command}")


def document(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    item = finding.item
    return {
        "id": finding.id,
        "kind": item.kind.value,
        "level": item.level.value,
        "subject": item.subject,
        "text": item.text,
        "origin": item.origin.value,
        "at": views.instant(item.at),
        "command": item.command,
        "state": finding.state.value,
        "since": views.instant(finding.since),
        "changed_at": views.instant(finding.changed_at),
        "reason": finding.reason,
        "by": finding.by,
        "until": views.instant(finding.until),
    }
