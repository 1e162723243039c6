"""What a recipient pinned outside the bundle (KGA/1 §14.1): logs, signers, and what was seen last."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keyguard.core import canonical
from keyguard.kga import notes

_KEY_SIZE = 32


class TrustError(ValueError):
    """The trust file cannot be read. It is the recipient's own, so this is wrong use, not a failed bundle."""


@dataclass(frozen=True, slots=True)
class Attester:
    """A public key that may sign statements issued within `since` and `until` (instants, None: open)."""

    name: str
    public: bytes
    since: str | None = None
    until: str | None = None

    def valid_at(self, instant: str) -> bool:
        """Whether it could sign then."""
        return (self.since is None or self.since <= instant) and (self.until is None or instant < self.until)


@dataclass(frozen=True, slots=True)
class Head:
    """How far a log was when it was seen last."""

    checkpoint_size: int
    checkpoint_root: str
    to: int
    root: str


@dataclass(frozen=True, slots=True)
class Last:
    """The last bundle that verified: its serial, the digest of its statement, heads by origin."""

    serial: int
    statement_sha256: str
    logs: Mapping[str, Head]


@dataclass(frozen=True, slots=True)
class Trust:
    """Pinned keys. `first_use`: they were taken from the bundle itself, so they do not tell who made it."""

    firm: str
    logs: Mapping[str, notes.VerifierKey]
    attesters: tuple[Attester, ...]
    witnesses: tuple[notes.VerifierKey, ...] = ()
    quorum: int = 0
    tsa_roots: tuple[str, ...] = ()
    signatures_required: int = 1
    last: Last | None = None
    first_use: bool = field(default=False)


def parse(data: bytes) -> Trust:
    """Read a trust file; TrustError saying what is wrong."""
    try:
        canonical.limit_nesting(data)
        value = json.loads(data)
        return _trust(value)
    except (KeyError, TypeError, AttributeError) as error:
        raise TrustError(f"the trust file lacks something, or has it in another form: {error}") from None
    except TrustError:
        raise
    except ValueError as error:
        raise TrustError(f"the trust file cannot be read: {error}") from None


def remembered(data: bytes, last: Last) -> bytes:
    """The trust file with what was seen now."""
    value = json.loads(data)
    value["last"] = {
        "serial": last.serial,
        "statement_sha256": last.statement_sha256,
        "logs": {
            origin: {
                "checkpoint_size": head.checkpoint_size,
                "checkpoint_root": head.checkpoint_root,
                "to": head.to,
                "root": head.root,
            }
            for origin, head in sorted(last.logs.items())
        },
    }
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def public_key(text: str) -> bytes:
    """An Ed25519 public key from base64; ValueError."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("a public key is not base64") from None
    if len(data) != _KEY_SIZE:
        raise ValueError(f"a public key is not {_KEY_SIZE} bytes long")
    return data


def _trust(value: Mapping[str, Any]) -> Trust:
    logs = {one["origin"]: notes.verifier_key(one["vkey"]) for one in value["logs"]}
    if any(key.name != origin or key.kind != notes.ED25519 for origin, key in logs.items()):
        raise TrustError("a log's verifier key has another name than its origin")
    attesters = tuple(
        Attester(one["name"], public_key(one["public_key"]), _instant(one, "from"), _instant(one, "until"))
        for one in value["attesters"]
    )
    witnesses = tuple(notes.verifier_key(one["vkey"]) for one in value.get("witnesses", []))
    quorum, required = value.get("quorum", 0), value.get("signatures_required", 1)
    if not 0 <= quorum <= len(witnesses) or required < 1:
        raise TrustError("the quorum or the number of signatures is one that no bundle can reach, or none")
    roots = tuple(value.get("tsa_roots", []))
    return Trust(
        str(value["firm"]), logs, attesters, witnesses, quorum, roots, required, _last(value.get("last"))
    )


def _last(value: Mapping[str, Any] | None) -> Last | None:
    if value is None:
        return None
    heads = {
        origin: Head(
            int(one["checkpoint_size"]), str(one["checkpoint_root"]), int(one["to"]), str(one["root"])
        )
        for origin, one in value["logs"].items()
    }
    return Last(int(value["serial"]), str(value["statement_sha256"]), heads)


def _instant(value: Mapping[str, Any], member: str) -> str | None:
    text = value.get(member)
    if text is not None:
        canonical.parse_instant(text)
    return text
