"""What a workflow set out to do, as its journal entry keeps it: JSON without secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from keyguard.core.exchange import KeySpec
from keyguard.core.keys import parse_scopes, scope_names

REASONS = ("schedule", "leaver", "suspicion", "leak", "venue_request", "scope_change", "other")
"""Why a key is rotated or revoked, in the words of KGA/1 §5.3."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Fixed when the workflow opens.

    `old` is the version to end. `manager` is the key that manages the account by API, "" where a person
    does it. `spec` is None for a revocation. `ips_known`: whether the venue or a person told the
    addresses in `spec`. `seen` are the public ids the venue listed at the start, for telling later which
    came since.
    """

    old: str
    manager: str
    account: str
    reason: str
    overlap_s: int = 0
    spec: KeySpec | None = None
    ips_known: bool = True
    seen: tuple[str, ...] = field(default=())

    def encode(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "old": self.old,
            "manager": self.manager,
            "account": self.account,
            "reason": self.reason,
            "overlap_s": self.overlap_s,
            "spec": None if self.spec is None else _encode_spec(self.spec),
            "ips_known": self.ips_known,
            "seen": list(self.seen),
        }


def decode(data: dict[str, Any]) -> Plan:
    """Undo `Plan.encode`."""
    return Plan(
        old=data["old"],
        manager=data["manager"],
        account=data["account"],
        reason=data["reason"],
        overlap_s=data["overlap_s"],
        spec=None if data["spec"] is None else _decode_spec(data["spec"]),
        ips_known=data["ips_known"],
        seen=tuple(data["seen"]),
    )


def _encode_spec(spec: KeySpec) -> dict[str, Any]:
    return {
        "label": spec.label,
        "scopes": list(scope_names(spec.scopes)),
        "grants": list(spec.grants),
        "ips": list(spec.ips),
        "account": spec.account,
    }


def _decode_spec(data: dict[str, Any]) -> KeySpec:
    return KeySpec(
        label=data["label"],
        scopes=parse_scopes(data["scopes"]),
        grants=tuple(data["grants"]),
        ips=tuple(data["ips"]),
        account=data["account"],
    )
