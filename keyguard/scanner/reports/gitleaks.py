"""Findings with the field names of gitleaks' JSON report (v8), for tools that read it.

Facts: report/finding.go and testdata/expected/report of github.com/gitleaks/gitleaks, read 2026-11-21. One
entry per credential, at its most telling part; the others only we have. An author's
address and a commit's message are not reported, so those are "".
"""

from __future__ import annotations

import json
from typing import Any

from keyguard.scanner.findings import Finding
from keyguard.scanner.placeholder import entropy
from keyguard.scanner.reports import shown
from keyguard.scanner.scans import Scan


def render(scan: Scan, *, show: bool) -> str:
    """A JSON list, ASCII only; `[]` for no findings, as gitleaks writes it."""
    return json.dumps([_entry(finding, show=show) for finding in scan.findings], indent=1, ensure_ascii=True)


def _entry(finding: Finding, *, show: bool) -> dict[str, Any]:
    part = finding.parts[0]
    place = part.place
    secret = part.value.reveal() if show else shown.value(part, show=False)
    rule = finding.rule
    ids = [place.commit] if place.commit else []
    return {
        "RuleID": rule,
        "Description": finding.title,
        "StartLine": place.line,
        "EndLine": place.end_line,
        "StartColumn": place.column,
        "EndColumn": max(place.end_column - 1, 1),
        "Match": shown.line(part.excerpt, show=show) if part.excerpt else secret,
        "Secret": secret,
        "File": place.path,
        "SymlinkFile": "",
        "Commit": place.commit,
        "Entropy": round(entropy(part.value.reveal()), 4),
        "Author": place.author,
        "Email": "",
        "Date": place.date,
        "Message": "",
        "Tags": [finding.severity.value, *([finding.venue] if finding.venue else [])],
        "Fingerprint": ":".join([*ids, place.path, rule, str(place.line)]),
    }
