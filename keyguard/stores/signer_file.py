"""A person's signing key in a file of their own: Ed25519, under a passphrase as the vault file is.

Keys for approvals and keys for attestations are different ones: a file says which it holds, and is opened as
nothing else.

One JSON object; the passphrase wraps a random key (Argon2id), which encrypts the seed (`vault_keys`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.stores.private_file import create_private, read_private
from keyguard.stores.vault_format import Box, Header, binary, text
from keyguard.stores.vault_keys import (
    DEFAULT_COST,
    KEY_BYTES,
    NONCE_BYTES,
    Cost,
    Keys,
    Token,
    passphrase_wrap,
    unwrap,
)

APPROVALS = "keyguard signing key 1"
ATTESTATIONS = "keyguard attester key 1"
"""What a file says it holds."""

_MAKERS = {APPROVALS: "keyguard signer make", ATTESTATIONS: "keyguard attest key make"}
_ITEM = "signing key"
_LARGEST = 8192
_SEED_BYTES = 32


class FileSigner:
    """An opened key."""

    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> str:
        """The public key in hex."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        """The signature in hex."""
        return self._key.sign(message).hex()


def make(
    path: Path, passphrase: Secret, token: Token, *, cost: Cost = DEFAULT_COST, holds: str = APPROVALS
) -> FileSigner:
    """Make a key in a new file (0600). StoreError where the file is there already."""
    seed = token(_SEED_BYTES)
    signer, keys = FileSigner(seed), Keys(token(16).hex(), token(KEY_BYTES))
    box = keys.encrypt(_ITEM, seed, token(NONCE_BYTES))
    document = {
        "format": holds,
        "file": keys.file,
        "public_key": signer.public,
        "wrap": passphrase_wrap(keys, passphrase, cost, token),
        "nonce": text(box.nonce),
        "sealed": text(box.sealed),
    }
    create_private(path, (json.dumps(document, indent=1) + "\n").encode())
    return signer


def open_signer(path: Path, passphrase: Secret, *, holds: str = APPROVALS) -> FileSigner:
    """Open it; StoreError `store.wrong_passphrase`, `signer.damaged`, or as `read_private`."""
    document = _document(read_private(path, _LARGEST), path, holds)
    try:
        header = Header(document["file"], 0, (document["wrap"],))
        box = Box(binary(document["nonce"]), binary(document["sealed"]))
        seed = unwrap(header, passphrase).decrypt(_ITEM, box)
        signer = FileSigner(seed)
        if signer.public != document["public_key"]:
            raise _damaged(path, holds)
        return signer
    except (LookupError, TypeError, ValueError, AttributeError):
        raise _damaged(path, holds) from None


def _document(content: bytes, path: Path, holds: str) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("format") != holds:
        raise _damaged(path, holds)
    return document


def _damaged(path: Path, holds: str) -> StoreError:
    what = "signing key for approvals" if holds == APPROVALS else "key of an attester"
    return StoreError(f"{path} holds no {what}", code="signer.damaged", hint=_MAKERS[holds])
