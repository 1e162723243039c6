"""Bodies of audit records (KGA/1 §5.3) and their appending."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from keyguard.core import fingerprints
from keyguard.core.exchange import Facts, KeyReport
from keyguard.core.keys import Key, KeyKind, scope_names
from keyguard.ports.all import Ports
from keyguard.workflows.identity import Names


def instant(at: datetime) -> str:
    """Return a UTC instant in the form of KGA/1 §4."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def register(
    names: Names,
    key: Key,
    kind: KeyKind,
    report: KeyReport,
    facts: Facts,
    *,
    storage: str,
    source: str,
) -> dict[str, Any]:
    """Body of `key.register`; `source` is `created_here` or `imported`."""
    body = {
        "key": names.key(report.public_id),
        "account": report.account or key.account,
        "kind": kind.value,
        "purpose": key.purpose,
        "desk": key.desk,
        "owner": names.person(key.owner),
        "scopes_granted": list(scope_names(report.scopes)),
        "scopes_needed": list(scope_names(key.needs)),
        "scopes_venue": _venue_words(report),
        "ip_allow": list(report.ips or ()),
        "ip_supported": facts.max_ips != 0,
        "storage": storage,
        "source": source,
    }
    if (hint := fingerprints.hint(report.public_id)) is not None:
        body["hint"] = hint
    if report.parent:
        body["sub_account"] = report.account
        body["account"] = report.parent
    if report.created_at is not None:
        body["created_at"] = instant(report.created_at)
    if report.expires_at is not None:
        body["expires_at"] = instant(report.expires_at)
    return body


def observe(names: Names, report: KeyReport, status: str = "") -> dict[str, Any]:
    """Body of `key.observe`; `status` defaults to enabled or disabled, as reported."""
    body = {
        "key": names.key(report.public_id),
        "by": "venue_api",
        "scopes_granted": list(scope_names(report.scopes)),
        "scopes_venue": _venue_words(report),
        "ip_allow": list(report.ips or ()),
        "status": status or ("enabled" if report.enabled else "disabled"),
    }
    if report.expires_at is not None:
        body["expires_at"] = instant(report.expires_at)
    return body


def keys_listed(names: Names, reports: Iterable[KeyReport], unknown: Iterable[KeyReport]) -> dict[str, Any]:
    """Body of `venue.keys_listed`: a full list taken from the venue, and what of it nobody registered."""
    keys = [names.key(report.public_id) for report in reports]
    return {
        "by": "venue_api",
        "count": len(keys),
        "keys": keys,
        "unknown": [names.key(report.public_id) for report in unknown],
    }


def append_once(
    ports: Ports, stream: str, type_: str, body: Mapping[str, Any], same: tuple[str, ...], after: int = -1
) -> None:
    """Append unless a record of this type with the same values under `same` is there already, behind the
    record number `after`.

    For actions repeated after a crash, where the record may stand although its effect does not.
    """
    if not recorded(ports, stream, type_, {name: body[name] for name in same}, after):
        ports.audit.append(stream, type_, body)


def recorded(ports: Ports, stream: str, type_: str, values: Mapping[str, Any], after: int = -1) -> bool:
    """Whether the stream holds such a record with these values, behind the record number `after`."""
    exact = [v for v in values.values() if isinstance(v, str) and v.isascii() and v.isalnum()]
    holding = max(exact, key=len, default="").encode()  # no escapes: stands in a record as it is
    for entry in ports.audit.entries(stream=stream, holding=holding):
        if entry.number <= after:
            continue
        record = json.loads(entry.record)
        if record["type"] == type_ and values.items() <= record["body"].items():
            return True
    return False


def _venue_words(report: KeyReport) -> dict[str, Any]:
    """The venue's own permission names, and how scopes and addresses are known (promise 10)."""
    return {
        "grants": list(report.grants),
        "scopes_origin": report.scopes_origin.value,
        "ip_origin": report.ips_origin.value,
    }
