"""A venue's report of a key as JSON text. Strict: what does not read back equal is not read at all."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from keyguard.core.canonical import format_instant, parse_instant
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Origin, Scope, parse_scopes, scope_names

_MEMBERS = {field.name for field in fields(KeyReport)}
_ORIGINS = {origin.value: origin for origin in Origin}
"""A key list reads thousands of reports, and calling an enum is slow."""


def encode_report(report: KeyReport) -> str:
    """Write it: scopes and origins by name, instants in UTC."""
    return json.dumps(
        {
            "public_id": report.public_id,
            "ref": report.ref,
            "label": report.label,
            "account": report.account,
            "parent": report.parent,
            "scopes": scope_names(report.scopes),
            "scopes_unknown": scope_names(report.scopes_unknown),
            "scopes_origin": report.scopes_origin.value,
            "grants": report.grants,
            "ips": report.ips,
            "ips_origin": report.ips_origin.value,
            "created_at": _optional_instant(report.created_at),
            "expires_at": _optional_instant(report.expires_at),
            "expiry_origin": report.expiry_origin.value,
            "enabled": report.enabled,
            "notes": report.notes,
        }
    )


@lru_cache(maxsize=10_000)
def decode_report(text: str) -> KeyReport:
    """Read it; ValueError for anything `encode_report` does not write. What was read lately is kept: a screen
    reads the same thousands again at every change of a home."""
    value = json.loads(text)
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        raise ValueError("the members are not those of a report")
    if not isinstance(value["enabled"], bool):
        raise ValueError("enabled is neither true nor false")
    return KeyReport(
        public_id=_text(value["public_id"]),
        ref=_text(value["ref"]),
        label=_text(value["label"]),
        account=_text(value["account"]),
        parent=_text(value["parent"]),
        scopes=_scopes(value["scopes"]),
        scopes_unknown=_scopes(value["scopes_unknown"]),
        scopes_origin=_origin(value["scopes_origin"]),
        grants=_texts(value["grants"]),
        ips=None if value["ips"] is None else _texts(value["ips"]),
        ips_origin=_origin(value["ips_origin"]),
        created_at=_instant(value["created_at"]),
        expires_at=_instant(value["expires_at"]),
        expiry_origin=_origin(value["expiry_origin"]),
        enabled=value["enabled"],
        notes=_texts(value["notes"]),
    )


def _optional_instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("not a list of texts")
    for item in value:
        _text(item)
    return tuple(value)


def _origin(value: Any) -> Origin:
    found = _ORIGINS.get(_text(value))
    if found is None:
        raise ValueError("not an origin")
    return found


def _scopes(value: Any) -> Scope:
    return parse_scopes(_texts(value))


def _instant(value: Any) -> datetime | None:
    return None if value is None else parse_instant(_text(value))
