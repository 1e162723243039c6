"""Findings as a table for spreadsheets, one row per credential.

A cell that a spreadsheet would take for a formula begins with an apostrophe, which it shows as text.
"""

from __future__ import annotations

import csv
import io

from keyguard.core.escape import escape
from keyguard.scanner.findings import Finding
from keyguard.scanner.reports import shown
from keyguard.scanner.scans import Scan

COLUMNS = (
    *("severity", "title", "venue", "rule", "path", "line", "column", "commit", "fields", "value"),
    *("seen", "key", "owner", "verdict", "fingerprint"),
)
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "'")


def render(scan: Scan, *, show: bool) -> str:
    """RFC 4180 with every cell quoted."""
    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for finding in scan.findings:
        writer.writerow([cell(text) for text in _row(finding, show=show)])
    return table.getvalue()


def cell(text: str) -> str:
    """Text that no spreadsheet computes and no control character steers."""
    safe = escape(text)
    return f"'{safe}" if safe.lstrip(" \u3000").startswith(_FORMULA) else safe


def _row(finding: Finding, *, show: bool) -> list[str]:
    part, place = finding.parts[0], finding.parts[0].place
    return [
        finding.severity.value,
        finding.title,
        finding.venue,
        finding.rule,
        place.path,
        str(place.line),
        str(place.column),
        place.commit,
        " ".join(p.field for p in finding.parts),
        part.value.reveal() if show else shown.value(part, show=False),
        str(len(finding.seen)),
        finding.owned.name if finding.owned else "",
        finding.owned.owner if finding.owned else "",
        finding.verdict.state if finding.verdict else "",
        finding.fingerprint,
    ]
