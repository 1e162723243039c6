"""A text and who signed it: notes (C2SP signed-note v1), cosignatures (C2SP tlog-cosignature, Ed25519 v1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

ED25519 = 0x01
COSIGNATURE = 0x04
"""Signature types. Lines of any other type are passed over, as the format demands."""

Sign = Callable[[bytes], bytes]
"""Signs a message with an Ed25519 key that the caller holds."""

_DASH = "\N{EM DASH} "
_NAME = re.compile(r"[^\s+]{1,200}")
_KEY_ID_SIZE = 4
_ED25519_SIZE = 64
_TIME_SIZE = 8


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key that signs notes: its name, type and 32 bytes."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that name it in signature lines; a hint, no proof."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """The text in which a verifier key is handed over."""
        coded = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{coded}"


def verifier_key(text: str) -> VerifierKey:
    """Read the text of a verifier key; ValueError unless its type is known here and its id is right."""
    name, id_text, coded = [*text.split("+", 2), "", ""][:3]
    data = _decode(coded)
    if not _NAME.fullmatch(name) or len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
        raise ValueError("not a verifier key of a known type")
    key = VerifierKey(name, data[0], data[1:])
    if id_text != key.key_id.hex():
        raise ValueError("the verifier key's id is not that of its bytes")
    return key


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who is said to have signed, and the bytes (key id cut off)."""

    name: str
    key_id: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends with a line feed, and its signature lines."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """The note as it is stored and sent."""
        lines = (
            f"{_DASH}{one.name} {base64.b64encode(one.key_id + one.data).decode()}\n"
            for one in self.signatures
        )
        return self.text + "\n" + "".join(lines)

    def signed_by(self, key: VerifierKey) -> bool:
        """Whether a line of this key verifies."""
        return any(
            len(one.data) == _ED25519_SIZE and verifies(key.public, one.data, self.text.encode())
            for one in self._lines_of(key, ED25519)
        )

    def cosigned_at(self, key: VerifierKey) -> int | None:
        """When a witness says it saw this note (Unix seconds); None where none of its lines verifies."""
        times = []
        for one in self._lines_of(key, COSIGNATURE):
            if len(one.data) == _TIME_SIZE + _ED25519_SIZE:
                time = int.from_bytes(one.data[:_TIME_SIZE], "big")
                if verifies(key.public, one.data[_TIME_SIZE:], cosigned_message(self.text, time)):
                    times.append(time)
        return min(times, default=None)

    def _lines_of(self, key: VerifierKey, kind: int) -> list[Signature]:
        if key.kind != kind:
            return []
        return [one for one in self.signatures if (one.name, one.key_id) == (key.name, key.key_id)]


def parse(text: str) -> Note:
    """Read a note; ValueError unless it is a text, an empty line and at least one signature line."""
    body, separator, tail = text.rpartition("\n\n")
    if not separator or not body or not tail.endswith("\n") or any(ord(c) < 0x20 and c != "\n" for c in text):
        raise ValueError("not a signed note")
    lines = tail.removesuffix("\n").split("\n")
    if len(set(lines)) != len(lines):
        raise ValueError("a signature line stands twice")
    return Note(body + "\n", tuple(_signature(line) for line in lines))


def sign(text: str, key: VerifierKey, signer: Sign) -> Signature:
    """The signature line of a log over a note's text."""
    return Signature(key.name, key.key_id, signer(text.encode()))


def cosign(text: str, key: VerifierKey, signer: Sign, time: int) -> Signature:
    """The signature line of a witness; `time` in Unix seconds."""
    return Signature(
        key.name, key.key_id, time.to_bytes(_TIME_SIZE, "big") + signer(cosigned_message(text, time))
    )


def cosigned_message(text: str, time: int) -> bytes:
    """What a witness signs: the note's text below the time (Unix seconds) at which it saw it."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature is right (RFC 8032)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signature(line: str) -> Signature:
    name, _, coded = line.removeprefix(_DASH).partition(" ")
    data = _decode(coded)
    if not line.startswith(_DASH) or not _NAME.fullmatch(name) or len(data) <= _KEY_ID_SIZE:
        raise ValueError("not a signature line")
    return Signature(name, data[:_KEY_ID_SIZE], data[_KEY_ID_SIZE:])


def _decode(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise ValueError("not the one base64 spelling of its bytes")
    return data
