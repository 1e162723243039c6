"""The register: one row per key that existed at any instant of the period (KGA/1 §9.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from keyguard.kga.derive.lines import Period, days
from keyguard.kga.derive.state import Entity, State
from keyguard.kga.derive.use import Uses

Row = dict[str, Any]

_AS_TOLD = (
    "key",
    "hint",
    "venue",
    "account",
    "sub_account",
    "kind",
    "purpose",
    "desk",
    "owner",
    "created_at",
    "expires_at",
    "rotated_from",
    "rotated_to",
    "storage",
    "ip_supported",
    "last_review",
)


def ended_at(key: Entity) -> str | None:
    """When its life ended: told to the venue, noticed, or else confirmed; None while it lives."""
    if key["revoke"] is not None:
        return str(key["revoke"]["at"])
    if key["invalidated"] is not None:
        return str(key["invalidated"]["noticed_at"])
    return None if key["confirmed"] is None else str(key["confirmed"]["at"])


def status(key: Entity, period: Period) -> str:
    """One word for how it stands at the end of the period."""
    if key["confirmed"] is not None:
        return "revoked"
    if key["invalidated"] is not None:
        return "invalidated_by_venue"
    if key["revoke"] is not None:
        return "revoked_unconfirmed"
    if key["expires_at"] is not None and key["expires_at"] < period.until:
        return "expired"
    if key["missing"] is not None:
        return "unknown_at_venue"
    return "disabled" if key["seen"] == "disabled" else "active"


def existed(state: State, period: Period) -> list[Entity]:
    """The keys of the period, by fingerprint."""
    return [key for key in state.all("key") if period.meets(_began(key), ended_at(key))]


def rows(
    state: State, period: Period, uses: Uses, codes: Mapping[str, Iterable[str]], grants: Iterable[Entity]
) -> list[Row]:
    """The register. `codes`: findings by key; `grants`: those that meet the period."""
    by_key: dict[str, list[Entity]] = {}
    for grant in grants:
        by_key.setdefault(grant["key"], []).append(grant)
    return [
        _row(state, key, period, uses, sorted(codes.get(key["key"], ())), by_key.get(key["key"], []))
        for key in existed(state, period)
    ]


def _row(
    state: State, key: Entity, period: Period, uses: Uses, codes: list[str], grants: list[Entity]
) -> Row:
    end = ended_at(key)
    granted, needed = set(key["scopes_granted"]), set(key["scopes_needed"])
    given, denied = uses.given.get(key["key"], []), uses.denied.get(key["key"], 0)
    fingerprint = key["key"]
    return {name: key[name] for name in _AS_TOLD} | {
        "scopes_granted": sorted(granted),
        "scopes_needed": sorted(needed),
        "scopes_excess": sorted(granted - needed),
        "scopes_proof": key["proof"],
        "ip_allow": sorted(set(key["ip_allow"])),
        "age_days": days(_began(key), min(end or period.until, period.until)),
        "status": status(key, period),
        "ended_at": end,
        "revocation": key["confirmed"]
        and {n: key["confirmed"][n] for n in ("method", "meaning", "checked_at")},
        "could_use": sorted({grant["person"] for grant in grants}),
        "did_use": uses.by_person(fingerprint),
        "handouts": len(given),
        "handouts_denied": denied,
        "first_use": min((one.at for one in given), default=None),
        "last_use": max((one.at for one in given), default=None),
        "grants": sorted({grant["grant"] for grant in grants}),
        "approvals": sorted({grant["approval"] for grant in grants}),
        "incidents": sorted(one["incident"] for one in state.all("incident") if fingerprint in one["keys"]),
        "exceptions": sorted(one["exception"] for one in state.all("exception") if one["key"] == fingerprint),
        "findings": codes,
    }


def _began(key: Entity) -> str:
    """A venue that does not tell when a key was made leaves the day it was registered."""
    return str(key["created_at"] or key["registered_at"])
