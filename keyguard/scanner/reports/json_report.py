"""Findings for programs; the format is documented in docs/scan-report.md."""

from __future__ import annotations

import json
from typing import Any

from keyguard.scanner.findings import Finding, Part, Place
from keyguard.scanner.reports import shown
from keyguard.scanner.reports.shown import value
from keyguard.scanner.scans import Scan

FORMAT = 1


def render(scan: Scan, *, show: bool) -> str:
    """One JSON document, ASCII only, so that no text in it steers a terminal."""
    document = {
        "format": FORMAT,
        "findings": [finding_fields(finding, show=show) for finding in scan.findings],
        "allowed": [allowance._asdict() for allowance in scan.allowed],
        "unread": [{"path": u.path, "reason": u.reason} for u in scan.unread],
        "notes": list(scan.notes),
        "summary": {
            "findings": len(scan.findings),
            "allowed": scan.work.allowed,
            "contents": scan.work.contents,
            "bytes": scan.work.bytes,
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=True)


def finding_fields(finding: Finding, *, show: bool) -> dict[str, Any]:
    """A finding; its values redacted unless `show`."""
    return {
        "rule": finding.rule,
        "title": finding.title,
        "venue": finding.venue or None,
        "severity": finding.severity.value,
        "fingerprint": finding.fingerprint,
        "parts": [_part(part, show=show) for part in finding.parts],
        "seen": [place(p) for p in finding.seen],
        "known": finding.owned._asdict() if finding.owned else None,
        "verified": finding.verdict._asdict() if finding.verdict else None,
        "in_head": finding.in_head,
    }


def _part(part: Part, *, show: bool) -> dict[str, Any]:
    return {
        "field": part.field,
        "rule": part.rule,
        "value": part.value.reveal() if show else value(part, show=False),
        "redacted": not show,
        "source": shown.line(part.excerpt, show=show) if part.excerpt else None,
        "place": place(part.place),
    }


def place(where: Place) -> dict[str, Any]:
    """A place; what does not apply is null."""
    fields = where._asdict()
    return {name: None if entry == "" else entry for name, entry in fields.items()}
