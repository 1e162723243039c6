"""Findings as SARIF 2.1.0, for code hosts and editors, and for `keyguard key import`.

Standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html (2020-03-27). A result stands
at the place of its most telling part; the other parts and places are related locations.
`properties.keyguard` holds what is needed to read the values again from where they were found.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from keyguard import __version__
from keyguard.core.escape import escape
from keyguard.scanner.findings import Finding, Place, Severity
from keyguard.scanner.reports.json_report import place as place_fields
from keyguard.scanner.reports.shown import value
from keyguard.scanner.rulebook import Rule, Rulebook
from keyguard.scanner.scans import Scan

_ELSEWHERE = ("/", "~/", "process ", "this command ")  # not below the scanned root
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# GitHub shows a hundred locations of a result and refuses a thousand (docs.github.com, SARIF support).
_RELATED = 100
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
# The scale by which GitHub sorts security results, 0 to 10.
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.0", Severity.LOW: "2.0"}


def render(scan: Scan, book: Rulebook, *, show: bool) -> str:
    """One SARIF log, ASCII only."""
    numbers = {rule.id: number for number, rule in enumerate(book.rules)}
    run = {
        "tool": {
            "driver": {
                "name": "keyguard",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in book.rules],
            }
        },
        "automationDetails": {"id": "keyguard/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not scan.unread,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": f"not read: {u.path}: {u.reason}"}}
                    for u in scan.unread
                ]
                + [{"level": "note", "message": {"text": note}} for note in scan.notes],
            }
        ],
        "results": [_result(finding, numbers[finding.rule], show=show) for finding in scan.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True)


def _rule(rule: Rule) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.replace("-", ".").replace("_", ".").split(".")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.title}. {rule.why}"},
        "help": {"text": _help(rule, markdown=False), "markdown": _help(rule, markdown=True)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "security-severity": _SCORES[rule.severity],
            "precision": "very-high",
            "tags": ["security", "secret", *([rule.venue] if rule.venue else [])],
        },
    }
    if rule.references:
        described["helpUri"] = rule.references[0]
    return described


def _help(rule: Rule, *, markdown: bool) -> str:
    """Why it matters and what to do, for whoever meets the alert on a code host."""
    code = (lambda words: f"`{words}`") if markdown else (lambda words: words)
    title = f"**{rule.title}**" if markdown else rule.title
    steps = [
        f"Store it: {code('keyguard key import FILE --desk DESK --replace')} leaves a reference.",
        f"Rotate it: {code('keyguard key rotate KEY')}. What was pushed once counts as stolen.",
        f"A false alarm: {code('keyguard:allow REASON')} on its line.",
    ]
    listed = [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
    sources = [f"<{link}>" if markdown else link for link in rule.references]
    return "\n".join(
        [f"{title}. {rule.why}", "", *listed, *(["", "Source: " + " ".join(sources)] if sources else [])]
    )


def _result(finding: Finding, number: int, *, show: bool) -> dict[str, Any]:
    first, *others = finding.parts
    fields = " and ".join(part.field.replace("_", " ") for part in finding.parts)
    related = [
        _location(
            part.place, value(part, show=show), f"{part.field.replace('_', ' ')} of the same credential"
        )
        for part in others
    ]
    shown = finding.seen[: _RELATED - len(related)]
    related += [_location(other, None, "the same credential again") for other in shown]
    more = len(finding.seen) - len(shown)
    for identity, location in enumerate(related, start=1):
        location["id"] = identity
    return {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {
            "text": f"{finding.title}: {fields} in plain text"
            + (f"; in {more:,} more places" if more else "")
        },
        "locations": [_location(first.place, value(first, show=show))],
        "relatedLocations": related,
        "partialFingerprints": {"keyguard/v1": finding.fingerprint},
        "properties": {
            "security-severity": _SCORES[finding.severity],
            "keyguard": {
                "venue": finding.venue or None,
                "severity": finding.severity.value,
                "fingerprint": finding.fingerprint,
                "blob": first.place.blob or None,
                "commit": first.place.commit or None,
                "author": first.place.author or None,
                "date": first.place.date or None,
                "in_head": finding.in_head,
                "staged": first.place.staged,
                "known": finding.owned._asdict() if finding.owned else None,
                "verified": finding.verdict._asdict() if finding.verdict else None,
                "parts": [
                    {"field": p.field, "rule": p.rule, "place": place_fields(p.place)} for p in finding.parts
                ],
            },
        },
    }


def _location(place: Place, snippet: str | None, message: str = "") -> dict[str, Any]:
    region: dict[str, Any] = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
        "byteOffset": place.start,
        "byteLength": place.end - place.start,
    }
    if snippet is not None:
        region["snippet"] = {"text": snippet}
    # Bytes of a name that are no UTF-8 keep their value in the URI.
    uri = quote(place.file.encode("utf-8", "surrogateescape"), safe="/~")
    artifact = {"uri": uri} if place.file.startswith(_ELSEWHERE) else {"uri": uri, "uriBaseId": "%SRCROOT%"}
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": artifact, "region": region}}
    if place.inside:
        # The region counts in what is packed or decoded; the artifact is the file that exists.
        location["logicalLocations"] = [{"fullyQualifiedName": escape(place.path)}]
    if message:
        location["message"] = {"text": message}
    return location
