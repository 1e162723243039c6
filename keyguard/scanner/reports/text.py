"""Findings for people: file by file, worst first, each with the lines it stands on and why it matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from keyguard.core.escape import escape
from keyguard.scanner.findings import Finding, Part, Place, Severity, Verdict
from keyguard.scanner.reports import shown
from keyguard.scanner.reports.shown import value
from keyguard.scanner.rulebook import Rulebook
from keyguard.scanner.scans import Scan
from keyguard.scanner.sources.files import megabytes

_COLOURS = {Severity.CRITICAL: "1;31", Severity.HIGH: "31", Severity.MEDIUM: "33", Severity.LOW: "36"}
_STATES = {"alive": "1;31", "dead": "32"}
_SEEN = 3
_UNREAD = 20
_PROCESSES = ("process ", "this command ")
_NAMED = 4
_MARGIN = " " * 10


def findings(scan: Scan, *, show: bool, colour: bool, book: Rulebook | None = None) -> str:
    """The findings; "" if there are none. All foreign text in it is escaped. With the rulebook it says
    of each finding why it matters."""
    whys = {rule.id: rule.why for rule in book.rules} if book else {}
    grouped: dict[str, list[Finding]] = {}
    for finding in scan.findings:  # worst first, so the file with the worst comes first
        grouped.setdefault(finding.parts[0].place.path, []).append(finding)
    lines: list[str] = []
    for path, group in grouped.items():
        lines.append(_style(escape(path), "1", colour=colour))
        for finding in group:
            lines += _block(finding, whys.get(finding.rule, ""), show=show, colour=colour)
            lines.append("")
    return "\n".join(lines)


def summary(scan: Scan) -> list[str]:
    """What was done and what was not, for stderr."""
    counts = Counter(finding.severity for finding in scan.findings)
    parts = ", ".join(f"{counts[s]} {s.value}" for s in Severity if counts[s])
    found = f"{_plural(len(scan.findings), 'finding')} ({parts})" if parts else "nothing found"
    work = scan.work
    lines = [f"{found} in {_plural(work.contents, 'content')}, {megabytes(work.bytes)}"]
    if work.allowed:
        by = Counter(escape(a.by) for a in scan.allowed)
        told = f" ({', '.join(f'{n} {name}' for name, n in sorted(by.items()))})" if by else ""
        lines.append(f"{work.allowed} known and allowed{told}")
    lines += [f"note: {escape(note)}" for note in scan.notes]
    lines += [f"not read: {escape(u.path)}: {escape(u.reason)}" for u in scan.unread[:_UNREAD]]
    if len(scan.unread) > _UNREAD:
        lines.append(f"not read: {len(scan.unread) - _UNREAD} more (--format json lists all)")
    return lines


def next_steps(scan: Scan, *, staged: bool = False) -> list[str]:
    """What a person does now, for stderr; nothing without findings."""
    if not scan.findings:
        return []
    steps = []
    if files := _importable(scan):
        more = " …" if len(files) > _NAMED else ""
        names = " ".join(map(_for_shell, files[:_NAMED])) + more
        steps.append(f"keyguard key import {names} --desk DESK --replace")
    if staged:
        steps.append("take the rest out of the files and `git add` them again: nothing is committed yet")
    elif steps:
        steps.append("keyguard key rotate KEY  (a key that left this machine once counts as stolen)")
    else:
        steps.append("revoke it where it was issued: what left this machine once counts as stolen")
    steps.append("a false alarm? `keyguard:allow REASON` on its line, or its fingerprint in .keyguard.toml")
    return [("next: " if number == 0 else "      ") + step for number, step in enumerate(steps)]


def where(place: Place) -> str:
    """`path:line:column`, escaped."""
    return f"{escape(place.path)}:{place.line}:{place.column}"


def verdict(told: Verdict) -> str:
    """What the venue said, in one line; a guess is marked as one, a stand-in named as one."""
    scopes = [("~" if told.scopes_origin == "inferred" else "") + name for name in told.can]
    scopes += [f"?{name}" for name in told.may]
    words = f"{told.state.upper()}: {told.words}"
    if told.state == "alive":
        ips = "?" if told.ips is None else ",".join(told.ips) or "any"
        words += f"; can {','.join(scopes) or '?'}; ips {ips}"
    origin = f" [{told.origin}]" if told.origin != "unknown" else ""
    return escape(words) + origin + (" (a simulator, not the venue)" if told.simulated else "")


def _block(finding: Finding, why: str, *, show: bool, colour: bool) -> Iterator[str]:
    severity = _style(f"{finding.severity.value:<8}", _COLOURS[finding.severity], colour=colour)
    place = finding.parts[0].place
    yield f"  {severity}  {escape(finding.title)}  {where(place)}"
    if finding.owned:
        owned = finding.owned
        who = f"owner {owned.owner}" if owned.owner else "no owner declared"
        told = f"yours: {owned.name}, desk {owned.desk}, {who}, version {owned.version} ({owned.status})"
        yield f"{_MARGIN}  {_style(escape(told), '1', colour=colour)}"
    yield from _lines(finding.parts, place.path, show=show)
    if finding.verdict:
        style = _STATES.get(finding.verdict.state, "33")
        yield f"{_MARGIN}  {_style(verdict(finding.verdict), style, colour=colour)}"
    if why:
        yield f"{_MARGIN}  {escape(why)}"
    if place.commit:
        yield f"{_MARGIN}  commit       {place.commit}"
    if place.author or place.date:
        yield f"{_MARGIN}  by           {escape(place.author)}  {place.date}"
    if finding.in_head is not None:
        yield f"{_MARGIN}  in HEAD      {'still there' if finding.in_head else 'no longer'}"
    for other in finding.seen[:_SEEN]:
        yield f"{_MARGIN}  also         {where(other)}" + (f"  {other.commit[:12]}" if other.commit else "")
    if len(finding.seen) > _SEEN:
        yield f"{_MARGIN}  also         {_plural(len(finding.seen) - _SEEN, 'more place')}"
    yield f"{_MARGIN}  fingerprint  {finding.fingerprint}"


def _lines(parts: tuple[Part, ...], path: str, *, show: bool) -> Iterator[str]:
    """Each source line once, seen from the most telling part on it, with the values that stand there."""
    grouped: dict[tuple[str, int], list[Part]] = {}
    for part in parts:
        grouped.setdefault((part.place.path, part.place.line), []).append(part)
    for (where_path, number), group in sorted(grouped.items()):
        excerpt = group[0].excerpt
        if excerpt and (source := shown.line(excerpt, show=show)):
            yield f"{number:>8} | {source}"
        for part in group:
            away = f"  {where(part.place)}" if where_path != path else ""
            yield f"{_MARGIN}  {part.field.replace('_', ' '):<11}  {value(part, show=show)}{away}"


def _importable(scan: Scan) -> list[str]:
    """Files of the work tree that hold a complete credential of a venue."""
    files: dict[str, None] = {}
    for finding in scan.findings:
        place = finding.parts[0].place
        fields = {part.field for part in finding.parts}
        whole = finding.venue and "key" in fields and fields & {"secret", "private_key"}
        if whole and not (place.commit or (place.blob and not place.staged)) and "!" not in place.path:
            files[place.path] = None
    return [path for path in files if not path.startswith(_PROCESSES)]


def _for_shell(path: str) -> str:
    """A path to be typed; the shell knows what `~/` means only outside of quotes."""
    import shlex  # noqa: PLC0415 - a clean commit names no file

    words = escape(path)
    return "~/" + shlex.quote(words[2:]) if words.startswith("~/") else shlex.quote(words)


def _style(words: str, style: str, *, colour: bool) -> str:
    return f"\x1b[{style}m{words}\x1b[0m" if colour else words


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
