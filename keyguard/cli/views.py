"""How keys and reports are shown: reported, inferred and declared look different everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyguard.core.keys import Origin, scope_names

if TYPE_CHECKING:
    from datetime import datetime

    from keyguard.core.exchange import KeyReport
    from keyguard.core.keys import Key, KeyVersion
    from keyguard.ports.inventory import Observation

MARKS = {Origin.REPORTED: "", Origin.INFERRED: "~", Origin.DECLARED: "(declared) ", Origin.UNKNOWN: "?"}
"""What stands before a fact: nothing for what the venue reported, so that anything else stands out."""

LEGEND = "~ inferred from answers · (declared) said by a person · ? the venue does not tell"


def instant(at: datetime | None) -> str | None:
    """UTC ISO 8601 to the second; None stays None."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def scopes_text(report: KeyReport) -> str:
    """Scopes with their origin; those the venue does not tell with a question mark."""
    held = [f"{MARKS[report.scopes_origin]}{name}" for name in scope_names(report.scopes)]
    maybe = [f"?{name}" for name in scope_names(report.scopes_unknown)]
    return ",".join(held + maybe) or "?"


def ips_text(report: KeyReport) -> str:
    """The IP list: `any` when the venue says there is none, `?` when it does not tell."""
    if report.ips is None:
        return "?"
    return MARKS[report.ips_origin] + (",".join(report.ips) or "any")


def expiry_text(report: KeyReport) -> str:
    """The day the key ends; "-" for no end known."""
    return MARKS[report.expiry_origin] + f"{report.expires_at:%Y-%m-%d}" if report.expires_at else "-"


def able_text(able: tuple[str, ...], *, enforced: bool) -> str:
    """Who may use a key; where rights are open, everybody at this home."""
    return ", ".join(able) or ("nobody" if enforced else "who runs keyguard here")


def key_document(key: Key, version: KeyVersion | None, seen: Observation | None) -> dict[str, Any]:
    """A key as JSON: declared facts, its live version, what the venue last said."""
    return {
        "id": key.id,
        "name": key.name,
        "venue": key.venue,
        "desk": key.desk,
        "label": key.label,
        "kind": key.kind.value,
        "environment": key.environment.value,
        "declared": {
            "owner": key.owner,
            "account": key.account,
            "purpose": key.purpose,
            "needs": list(scope_names(key.needs)),
        },
        "live_version": version_document(version) if version else None,
        "observed": observation_document(seen) if seen else None,
    }


def version_document(version: KeyVersion) -> dict[str, Any]:
    """A version as JSON; the access key id is no secret, the fingerprint stands in evidence for it."""
    return {
        "id": version.id,
        "number": version.number,
        "public_id": version.public_id,
        "fingerprint": version.fingerprint,
        "status": version.status.value,
        "created_at": instant(version.created_at),
    }


def observation_document(seen: Observation) -> dict[str, Any]:
    """What a venue said, each part with its origin."""
    report = seen.report
    return {
        "at": instant(seen.at),
        "scopes": {
            "held": list(scope_names(report.scopes)),
            "unknown": list(scope_names(report.scopes_unknown)),
            "grants": list(report.grants),
            "origin": report.scopes_origin.value,
        },
        "ips": {
            "list": list(report.ips) if report.ips is not None else None,
            "origin": report.ips_origin.value,
        },
        "expires": {"at": instant(report.expires_at), "origin": report.expiry_origin.value},
        "account": report.account,
        "enabled": report.enabled,
        "notes": list(report.notes),
    }
