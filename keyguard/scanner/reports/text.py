"""Findings for people, one block each, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from keyguard.core.escape import escape
from keyguard.scanner.findings import Finding, Place, Severity
from keyguard.scanner.reports.shown import value
from keyguard.scanner.scans import Scan
from keyguard.scanner.sources.files import megabytes

_COLOURS = {Severity.CRITICAL: "1;31", Severity.HIGH: "31", Severity.MEDIUM: "33", Severity.LOW: "36"}
_SEEN = 3
_UNREAD = 20


def findings(scan: Scan, *, show: bool, colour: bool) -> str:
    """The findings; "" if there are none. All foreign text in it is escaped."""
    return "\n".join(line for finding in scan.findings for line in _block(finding, show=show, colour=colour))


def summary(scan: Scan) -> list[str]:
    """What was done and what was not, for stderr."""
    counts = Counter(finding.severity for finding in scan.findings)
    parts = ", ".join(f"{counts[s]} {s.value}" for s in Severity if counts[s])
    found = f"{_plural(len(scan.findings), 'finding')} ({parts})" if parts else "nothing found"
    work = scan.work
    lines = [f"{found} in {_plural(work.contents, 'content')}, {megabytes(work.bytes)}"]
    if work.allowed:
        lines.append(f"{work.allowed} known and allowed")
    lines += [f"note: {escape(note)}" for note in scan.notes]
    lines += [f"not read: {escape(u.path)}: {escape(u.reason)}" for u in scan.unread[:_UNREAD]]
    if len(scan.unread) > _UNREAD:
        lines.append(f"not read: {len(scan.unread) - _UNREAD} more (--format json lists all)")
    return lines


def _block(finding: Finding, *, show: bool, colour: bool) -> Iterator[str]:
    severity = f"{finding.severity.value:<8}"
    if colour:
        severity = f"\x1b[{_COLOURS[finding.severity]}m{severity}\x1b[0m"
    place = finding.parts[0].place
    yield f"{severity}  {finding.title}  {where(place)}"
    for part in finding.parts:
        yield f"          {part.field:<11}  {value(part, show=show)}  {where(part.place)}"
    if place.commit:
        yield f"          commit       {place.commit}"
    if place.author or place.date:
        yield f"          by           {escape(place.author)}  {place.date}"
    if finding.in_head is not None:
        yield f"          in HEAD      {'still there' if finding.in_head else 'no longer'}"
    for other in finding.seen[:_SEEN]:
        yield f"          also         {where(other)}" + (f"  {other.commit[:12]}" if other.commit else "")
    if len(finding.seen) > _SEEN:
        yield f"          also         {_plural(len(finding.seen) - _SEEN, 'more place')}"
    yield f"          fingerprint  {finding.fingerprint}"
    yield ""


def where(place: Place) -> str:
    """`path:line:column`, escaped."""
    return f"{escape(place.path)}:{place.line}:{place.column}"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
