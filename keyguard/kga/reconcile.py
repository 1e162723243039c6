"""The exchange's own list of keys against the register (KGA/1 §15)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyguard.core import canonical, fingerprints
from keyguard.kga.derive.lines import Period, seconds

TOLERANCE_S = 300
"""How far two clocks may differ before a time counts as another."""


class Kind(enum.StrEnum):
    """What differs, worst first."""

    NOT_REGISTERED = "not_registered"  # the strongest sign of access that nobody recorded
    USED_AFTER_END = "used_after_end"
    USED_WITHOUT_HANDOUT = "used_without_handout"
    OUTSIDE_IP_LIST = "outside_ip_list"
    SCOPES = "scopes"
    IP_LIST = "ip_list"
    REVOKED_AT = "revoked_at"
    CREATED_AT = "created_at"
    NOT_AT_VENUE = "not_at_venue"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `access_key` is the venue's own name of the key, "" where it has none of it."""

    kind: Kind
    key: str
    access_key: str
    register: str
    venue: str


@dataclass(frozen=True, slots=True)
class VenueKey:
    """One row of the venue's list; None where the venue's table lacks the column or leaves it empty."""

    access_key: str
    created_at: str | None = None
    scopes: frozenset[str] | None = None
    ip_allow: frozenset[str] | None = None
    revoked_at: str | None = None
    last_used_at: str | None = None
    source_ips: frozenset[str] | None = None


def venue_key(row: Mapping[str, str]) -> VenueKey:
    """Read one row of a table with the columns of §15; ValueError where a time or the key is none."""
    if not row.get("access_key"):
        raise ValueError("a row has no access_key")
    return VenueKey(
        row["access_key"],
        _instant(row, "created_at"),
        _words(row, "scopes"),
        _words(row, "ip_allow"),
        _instant(row, "revoked_at"),
        _instant(row, "last_used_at"),
        _words(row, "source_ips"),
    )


def reconcile(
    register: Iterable[Mapping[str, Any]],
    venue_keys: Iterable[VenueKey],
    *,
    venue: str,
    salt: bytes,
    period: Period,
) -> list[Difference]:
    """Compare; the worst kinds first, then by fingerprint."""
    rows = {row["key"]: row for row in register}
    found: list[Difference] = []
    for key in venue_keys:
        fingerprint = fingerprints.key_fingerprint(salt, venue, key.access_key)
        row = rows.pop(fingerprint, None)
        if row is None:
            found.append(Difference(Kind.NOT_REGISTERED, fingerprint, key.access_key, "", "listed"))
        else:
            found.extend(_differences(row, key, period))
    found.extend(
        Difference(Kind.NOT_AT_VENUE, fingerprint, "", str(row["status"]), "")
        for fingerprint, row in rows.items()
        if row["status"] in ("active", "disabled", "revoked_unconfirmed")
    )
    order = list(Kind)
    return sorted(found, key=lambda one: (order.index(one.kind), one.key))


def _differences(row: Mapping[str, Any], key: VenueKey, period: Period) -> Iterable[Difference]:
    def differs(kind: Kind, ours: str, theirs: str) -> Difference:
        return Difference(kind, str(row["key"]), key.access_key, ours, theirs)

    used, ended = key.last_used_at, row["ended_at"]
    if used is not None and ended is not None and seconds(ended, used) > TOLERANCE_S:
        yield differs(Kind.USED_AFTER_END, f"ended {ended}", f"used {used}")
    elif used is not None and used in period and (row["first_use"] is None or used < row["first_use"]):
        yield differs(
            Kind.USED_WITHOUT_HANDOUT, f"first hand-out {row['first_use'] or 'none'}", f"used {used}"
        )
    if key.source_ips is not None and (outside := key.source_ips - set(row["ip_allow"])):
        yield differs(Kind.OUTSIDE_IP_LIST, _said(row["ip_allow"]), f"{len(outside)} other addresses")
    if key.scopes is not None and key.scopes != set(row["scopes_granted"]):
        yield differs(Kind.SCOPES, _said(row["scopes_granted"]), _said(key.scopes))
    if key.ip_allow is not None and key.ip_allow != set(row["ip_allow"]):
        yield differs(Kind.IP_LIST, _said(row["ip_allow"]), _said(key.ip_allow))
    for kind, ours, theirs in (
        (Kind.REVOKED_AT, ended, key.revoked_at),
        (Kind.CREATED_AT, row["created_at"], key.created_at),
    ):
        if _apart(ours, theirs, both=kind is Kind.CREATED_AT):
            yield differs(kind, ours or "none", theirs or "none")


def _apart(ours: str | None, theirs: str | None, *, both: bool) -> bool:
    if ours is None or theirs is None:
        return not both and ours != theirs
    return abs(seconds(ours, theirs)) > TOLERANCE_S


def _said(words: Iterable[str]) -> str:
    return " ".join(sorted(words)) or "none"


def _words(row: Mapping[str, str], name: str) -> frozenset[str] | None:
    if name not in row:
        return None
    return frozenset(row[name].replace(",", " ").replace(";", " ").split())


def _instant(row: Mapping[str, str], name: str) -> str | None:
    text = (row.get(name) or "").strip()
    if not text:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{name} of {row['access_key'][:4]}… has no time zone: {text}")
    return canonical.format_instant(at)
