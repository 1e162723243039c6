"""DSSE envelopes v1.0.2 (KGA/1 §8): a payload, its type, and who signed both."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keyguard.core import canonical
from keyguard.kga.notes import Sign, verifies

IN_TOTO = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature of an envelope. `keyid` says whose it is meant to be, and proves nothing."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """`payload` is kept as the bytes that were signed."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signed, ...]

    def encode(self) -> bytes:
        """The bytes of the envelope: canonical form, with the member names DSSE has."""
        value = {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.payload_type,
            "signatures": [
                {"keyid": one.keyid, "sig": base64.b64encode(one.sig).decode()} for one in self.signatures
            ],
        }
        return canonical.encode(value)

    def signers(self, keys: Sequence[bytes]) -> frozenset[bytes]:
        """Which of these public keys (32 bytes each) signed it, in a signature that names the key."""
        message = pae(self.payload_type, self.payload)
        return frozenset(
            key
            for key in keys
            if any(one.keyid == keyid(key) and verifies(key, one.sig, message) for one in self.signatures)
        )


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def keyid(public: bytes) -> str:
    """SHA-256 of the raw public key, hex."""
    return hashlib.sha256(public).hexdigest()


def sign(payload: bytes, payload_type: str, signers: Sequence[tuple[bytes, Sign]]) -> Envelope:
    """Make an envelope signed by each of (public key, signing function)."""
    message = pae(payload_type, payload)
    signed = tuple(Signed(keyid(public), signer(message)) for public, signer in signers)
    return Envelope(payload, payload_type, signed)


def parse(data: bytes) -> Envelope:
    """Read an envelope; ValueError unless it is one, with its members once and nothing beside them."""
    canonical.limit_nesting(data)
    value = json.loads(data.decode(), object_pairs_hook=_unique)
    if not isinstance(value, dict) or value.keys() != {"payload", "payloadType", "signatures"}:
        raise ValueError("the members are not those of a DSSE envelope")
    if not isinstance(value["payloadType"], str) or not isinstance(value["signatures"], list):
        raise ValueError("not a DSSE envelope")
    signatures = tuple(_signed(one) for one in value["signatures"])
    return Envelope(_decode(value["payload"]), value["payloadType"], signatures)


def _signed(value: Any) -> Signed:
    if not isinstance(value, dict) or not {"sig"} <= value.keys() <= {"keyid", "sig"}:
        raise ValueError("not a signature of an envelope")
    hint = value.get("keyid", "")
    if not isinstance(hint, str):
        raise ValueError("the keyid is not a text")
    return Signed(hint, _decode(value["sig"]))


def _decode(text: Any) -> bytes:
    if not isinstance(text, str):
        raise ValueError("not base64")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member stands twice")
    return value
