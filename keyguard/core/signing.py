"""What an approver signs: a request and the answer to it, so that a signature fits no other.

The bytes are `keyguard approval 1`, a line feed and the canonical JSON (RFC 8785) of `statement`. Anybody
with the signer's public key can check them, without keyguard and without a store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyguard.core import canonical
from keyguard.core.keys import scope_names
from keyguard.core.people import Approval, Grant

_PREFIX = b"keyguard approval 1\n"
_POSSESSION = b"keyguard signing key 1\n"
_FORM = re.compile(r"ed25519:([0-9a-f]{64}):([0-9a-f]{128})")


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature, in hex, and the public key it was made for."""

    public: str
    signature: str

    def __str__(self) -> str:
        return f"ed25519:{self.public}:{self.signature}"


def read(text: str) -> Signed | None:
    """The signature that this text stands for; None where it is none."""
    found = _FORM.fullmatch(text)
    return Signed(*found.groups()) if found else None


def statement(approval: Approval, grant: Grant | None, good_until: datetime | None) -> dict[str, Any]:
    """Who asked whom for what, and the answer. Of a grant all that it allows stands in it. `good_until`: when
    the answer is good no more, None where it has no end."""
    assert approval.decision is not None and approval.decided_at is not None
    told: dict[str, Any] = {
        "approval": approval.id,
        "action": approval.action.value,
        "rule": approval.rule,
        "subject": dict(approval.subject),
        "asked_by": approval.asked_by,
        "asked_at": canonical.format_instant(approval.asked_at),
        "why": approval.why,
        "decision": approval.decision.value,
        "decided_by": approval.decided_by,
        "decided_at": canonical.format_instant(approval.decided_at),
        "comment": approval.comment,
    }
    if good_until is not None:
        told["good_until"] = canonical.format_instant(good_until)
    if grant is not None:
        told["grant"] = _allows(grant)
    if (instead := approval.compensation) is not None:
        told["instead"] = {"control": instead.control, "until": canonical.format_instant(instead.until)}
    return told


def approval_bytes(told: Mapping[str, Any]) -> bytes:
    """What is signed of a statement."""
    return _PREFIX + canonical.encode(told)


def possession_bytes(person: str, public: str) -> bytes:
    """What a person signs to show that a key is theirs."""
    return _POSSESSION + canonical.encode({"person": person, "public_key": public})


def _allows(grant: Grant) -> dict[str, Any]:
    until = grant.span.until
    return {
        "person": grant.person,
        "key": grant.key_id,
        "desk": grant.desk,
        "scopes": scope_names(grant.scopes),
        "purpose": grant.purpose,
        "hosts": list(grant.hosts),
        "users": list(grant.users),
        "executables": list(grant.executables),
        "from": canonical.format_instant(grant.span.since),
        "until": canonical.format_instant(until) if until else "",
    }
