"""Findings (KGA/1 §10): computed from the tables' state, never typed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from keyguard.core.slots import FIRM
from keyguard.kga.derive.lines import Line, Period, days, seconds
from keyguard.kga.derive.register import ended_at, existed, status
from keyguard.kga.derive.state import Entity, State
from keyguard.kga.derive.tables import LEAVER, self_approved, uncovered
from keyguard.kga.derive.use import Uses, grant_end

SEVERITY = (
    dict.fromkeys("F02 F06 F07 F11 F13 F16 F21".split(), "high")
    | dict.fromkeys("F01 F03 F04 F08 F09 F10 F12 F14 F17 F18 F22".split(), "medium")
    | dict.fromkeys("F05 F15 F19 F20".split(), "low")
    | {"F23": "info"}
)

CONFIRM_WITHIN_S = 24 * 3600
SILENCE_S = 26 * 3600
CLOCK_OFFSET_MS = 1000
LEAVER_DAYS = 1
EXTERNAL = ("contractor", "affiliate_staff", "vendor_staff")
_ALIVE = ("active", "disabled")


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """One rule that is broken: which, by what (a key, grant, person … or "" for the log), since when."""

    code: str
    row: str
    since: str


def hits(lines: list[Line], state: State, period: Period, uses: Uses, grants: list[Entity]) -> list[Hit]:
    """Everything that is wrong at the end of the period or was within it, except what was withheld."""
    found = [
        *_keys(state, period),
        *_strangers(state),
        *_handouts(state, uses),
        *_grants(state, period, grants),
        *_shared(state, period, grants),
        *_reviews(state, period),
        *_approvals(state, period),
        *_exceptions(state, period),
        *_log(lines, period),
    ]
    earliest: dict[tuple[str, str], Hit] = {}
    for hit in sorted(found):
        earliest.setdefault((hit.code, hit.row), hit)
    return list(earliest.values())


def rows(found: Iterable[Hit], state: State, period: Period) -> list[dict[str, Any]]:
    """The table: one row per code and covering exception."""
    grouped: dict[tuple[str, str], list[Hit]] = {}
    for hit in found:
        grouped.setdefault((hit.code, _covering(hit, state, period)), []).append(hit)
    return [
        {
            "code": code,
            "severity": SEVERITY[code],
            "rows": sorted(hit.row for hit in group if hit.row),
            "since": min(hit.since for hit in group),
            "exception": exception or None,
        }
        for (code, exception), group in sorted(grouped.items())
    ]


def _covering(hit: Hit, state: State, period: Period) -> str:
    for one in state.all("exception"):
        covers = one["control"] == hit.code and one["key"] in (None, hit.row)
        if covers and one["closed"] is None and one["until"] >= period.until:
            return str(one["exception"])
    return ""


def _keys(state: State, period: Period) -> Iterator[Hit]:
    for key in existed(state, period):
        name, at = key["key"], key["proof"]["observed_at"] or key["registered_at"]
        word = status(key, period)
        if word == "revoked_unconfirmed":
            if seconds(key["revoke"]["at"], period.until) > CONFIRM_WITHIN_S:
                yield Hit("F10", name, key["revoke"]["at"])
            continue
        if word == "revoked" and key["revoke"] is not None:
            if seconds(key["revoke"]["at"], key["confirmed"]["at"]) > CONFIRM_WITHIN_S:
                yield Hit("F10", name, key["revoke"]["at"])
            continue
        if word == "unknown_at_venue":
            yield Hit("F11", name, key["missing"])
        if key["forgotten"] is not None and key["forgotten"]["living"] and ended_at(key) is None:
            yield Hit("F11", name, key["forgotten"]["at"])
        if word == "expired":
            yield Hit("F05", name, key["expires_at"])
        if word in _ALIVE:
            yield from _living(key, at, state, period)


def _living(key: Entity, at: str, state: State, period: Period) -> Iterator[Hit]:
    name, granted = key["key"], set(key["scopes_granted"])
    if granted - set(key["scopes_needed"]):
        yield Hit("F01", name, at)
    if granted & {"withdraw", "manage_keys"}:
        yield Hit("F02", name, at)
    if key["ip_supported"] and not key["ip_allow"]:
        yield Hit("F03", name, at)
    began = key["created_at"] or key["registered_at"]
    rotation, idle = state.policy.get("rotation_days"), state.policy.get("idle_days")
    if type(rotation) is int and days(began, period.until) > rotation:
        yield Hit("F04", name, began)
    quiet = key["last_use"] or key["registered_at"]
    if type(idle) is int and days(quiet, period.until) > idle:
        yield Hit("F05", name, quiet)
    if key["storage"] in ("plain_file", "unknown"):
        yield Hit("F17", name, key["registered_at"])
    if key["proof"]["by"] not in ("venue_api", "venue_web"):
        yield Hit("F19", name, at)


def _strangers(state: State) -> Iterator[Hit]:
    for stranger in state.all("stranger"):
        yield Hit("F11", stranger["key"], stranger["since"])


def _handouts(state: State, uses: Uses) -> Iterator[Hit]:
    for use in uses.all():
        key = state.get("key", use.key)
        end = None if key is None else ended_at(key)
        grant = None if use.grant is None else state.get("grant", f"{use.grant}/{use.key}")
        over = None if grant is None else grant_end(grant)
        if (end is not None and use.at >= end) or (over is not None and use.at >= over):
            yield Hit("F16", use.key, use.at)
        elif grant is None or grant["person"] != use.person or use.at < grant["from"]:
            yield Hit("F06", use.key, use.at)


def _grants(state: State, period: Period, grants: list[Entity]) -> Iterator[Hit]:
    for grant in grants:
        yield from _third_party(state, period, grant)
        approval = state.get("approval", grant["approval"])
        if approval is None or approval["decision"] != "approve" or self_approved(approval):
            yield Hit("F08", grant["grant"], grant["given_at"])
        ended = grant["ended"]
        if ended and ended["reason"] == LEAVER and days(ended["at"], ended["told_at"]) > LEAVER_DAYS:
            yield Hit("F21", grant["person"], ended["at"])


def _third_party(state: State, period: Period, grant: Entity) -> Iterator[Hit]:
    if grant["capacity"] not in EXTERNAL:
        return
    party = state.get("party", grant["party"] or "")
    if party is None:
        yield Hit("F13", grant["person"], grant["from"])
        return
    end = grant_end(grant)
    last = max(span["until"] for span in party["contracts"].values())
    if end is None or end > last:
        yield Hit("F07", grant["grant"], grant["given_at"])
    start, until = max(grant["from"], period.since), min(end or period.until, period.until)
    if (gap := uncovered(party, start, until)) is not None:
        yield Hit("F13", party["party"], gap)
    checked = party["diligence_until"]
    if party["diligence_at"] is None or (checked is not None and checked < until):
        yield Hit("F13", party["party"], checked or party["contract_from"])


def _shared(state: State, period: Period, grants: list[Entity]) -> Iterator[Hit]:
    by_key: dict[str, list[Entity]] = {}
    for grant in grants:
        by_key.setdefault(grant["key"], []).append(grant)
    for key, several in sorted(by_key.items()):
        unexplained = [one for one in several if one["basis"] in ("", "not stated")]
        if len({one["person"] for one in several}) > 1 and unexplained:
            yield Hit("F12", key, max(period.since, min(one["from"] for one in unexplained)))


def _reviews(state: State, period: Period) -> Iterator[Hit]:
    for review in state.all("review"):
        closed = review["closed"]
        if not period.meets(review["opened_at"], closed and closed["at"]):
            continue
        if review["due"] < (closed["at"] if closed else period.until):
            yield Hit("F09", review["review"], review["due"])
        elif closed and closed["undecided"]:
            yield Hit("F09", review["review"], closed["at"])


def _approvals(state: State, period: Period) -> Iterator[Hit]:
    for approval in state.all("approval"):
        decided = approval["decided_at"]
        if decided is not None and decided in period:
            if self_approved(approval) and approval["decision"] == "approve":
                yield Hit("F22", approval["approval"], decided)
            if approval["reason"] == "script_exception":
                yield Hit("F20", approval["approval"], decided)


def _exceptions(state: State, period: Period) -> Iterator[Hit]:
    for exception in state.all("exception"):
        if exception["closed"] is None and exception["until"] < period.until:
            yield Hit("F18", exception["exception"], exception["until"])


def _log(lines: list[Line], period: Period) -> Iterator[Hit]:
    firm = [line for line in lines if line.record.stream == FIRM]
    checked = False
    for line in firm:
        kind, body = line.record.type, line.record.body
        if kind in ("log.gap", "log.torn") and line.at in period:
            yield Hit("F14", "", line.at)
        if kind == "clock.check" and line.at in period:
            checked = True
            if not body["ok"] or abs(body["offset_ms"]) > CLOCK_OFFSET_MS:
                yield Hit("F15", "", line.at)
    if not checked:
        yield Hit("F15", "", period.since)
    for start, _ in silences(firm, period):
        yield Hit("F14", "", max(start, period.since))


def silences(firm: list[Line], period: Period) -> Iterator[tuple[str, str]]:
    """Spans of more than 26 h within the period in which no log wrote anything into the firm stream and
    no record says why: the agent was stopped, or a gap was recorded."""
    for log_id in sorted({line.log_id for line in firm}):
        mine = [line for line in firm if line.log_id == log_id]
        ends = [(line.at, line.record.type) for line in mine if line.at < period.until]
        after = min((line.at for line in mine if line.at >= period.until), default=period.until)
        for (start, kind), (end, next_kind) in zip(ends, [*ends[1:], (after, "")], strict=True):
            explained = kind == "agent.stop" or next_kind == "log.gap"
            if not explained and period.meets(start, end) and seconds(start, end) > SILENCE_S:
                yield start, end


def log_gap_minutes(lines: list[Line], period: Period) -> int:
    """Minutes of the period that recorded gaps and unexplained silences cover."""
    firm = [line for line in lines if line.record.stream == FIRM]
    spans = [
        (line.record.body["from"], line.record.body["to"]) for line in firm if line.record.type == "log.gap"
    ]
    total = 0
    for start, end in sorted({*spans, *silences(firm, period)}):
        start, end = max(start, period.since), min(end, period.until)
        if start < end:
            total += seconds(start, end)
    return total // 60
