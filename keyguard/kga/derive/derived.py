"""`derived.json` (KGA/1 §9): all tables, as the exporter writes them and the verifier computes them again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from keyguard.core import canonical
from keyguard.kga.derive import findings, tables
from keyguard.kga.derive import register as registers
from keyguard.kga.derive.lines import Line, Period, in_order
from keyguard.kga.derive.state import read
from keyguard.kga.derive.use import Uses, collect, grants_of

SPEC = "kga/1"


def derive(disclosed: Iterable[Line], period: Period, *, withheld: int = 0, seals: int = 0) -> dict[str, Any]:
    """Compute all tables.

    `withheld` counts the records whose bodies are not disclosed: any table may lack what they say, so none
    is called complete. `seals` is how many seals the logs have in all; records do not tell.
    """
    lines = [line for line in in_order(disclosed) if line.at < period.until]
    state = read(lines)
    uses = collect(lines, period, state)
    grants = grants_of(state, period)
    hits = findings.hits(lines, state, period, uses, grants)
    if withheld:
        hits.append(findings.Hit("F23", "", period.since))
    codes: dict[str, set[str]] = {}
    for hit in hits:
        codes.setdefault(hit.row, set()).add(hit.code)
    register = registers.rows(state, period, uses, codes, grants)
    value = {
        "spec": SPEC,
        "complete": not withheld,
        "register": register,
        "people": tables.people(state, uses, grants),
        "parties": tables.parties(state, period, uses, grants),
        "grants": tables.grant_rows(grants),
        "approvals": tables.approvals(state, period, grants),
        "reviews": tables.reviews(state, period),
        "lifecycle": tables.lifecycle(lines, state, period),
        "incidents": tables.incidents(state, period),
        "exceptions": tables.exceptions(state, period),
        "findings": findings.rows(hits, state, period),
        "unknown_types": dict(sorted(state.unknown_types.items())),
    }
    return value | {"summary": _summary(value, uses, findings.log_gap_minutes(lines, period), seals)}


def encode(value: dict[str, Any]) -> bytes:
    """The bytes of `derived.json`."""
    return canonical.encode(value)


def _summary(value: dict[str, Any], uses: Uses, gap_minutes: int, seals: int) -> dict[str, Any]:
    register, people = value["register"], value["people"]
    alive = [row for row in register if row["status"] in ("active", "disabled")]
    events = [row["event"] for row in value["lifecycle"]]
    severities = [row["severity"] for row in value["findings"]]
    return {
        "keys": len(register),
        "active": sum(row["status"] == "active" for row in register),
        "created": events.count("created"),
        "rotated": events.count("rotated"),
        "revoked": events.count("revoked"),
        "confirmed": sum(row["confirmed_at"] is not None for row in value["lifecycle"]),
        "persons_able": len({person for row in register for person in row["could_use"]}),
        "persons_using": sum(row["handouts"] > 0 for row in people),
        "contractors": sum(row["capacity"] in findings.EXTERNAL for row in people),
        "handouts": sum(row["handouts"] for row in register),
        "denied": sum(uses.denied.values()),
        "excess_scope_keys": sum(bool(row["scopes_excess"]) for row in alive),
        "withdraw_keys": sum("withdraw" in row["scopes_granted"] for row in alive),
        "keys_without_ip_list": sum(row["ip_supported"] and not row["ip_allow"] for row in alive),
        "reviews": len(value["reviews"]),
        "reviews_on_time": sum(not row["late"] for row in value["reviews"]),
        "incidents": len(value["incidents"]),
        "exceptions": len(value["exceptions"]),
        "findings": {one: severities.count(one) for one in ("high", "medium", "low", "info")},
        "log_gap_minutes": gap_minutes,
        "seals": seals,
    }
