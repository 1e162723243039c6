"""Signatures by keys whose public part the holder uploaded (PEM)."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key


def signs(public_key: str, text: bytes, signature: str) -> bool:
    """Whether the base64 signature is this key's: RSA PKCS #1 v1.5 with SHA-256, or Ed25519."""
    key = load_pem_public_key(public_key.encode())
    try:
        given = base64.b64decode(signature, validate=True)
        if isinstance(key, Ed25519PublicKey):
            key.verify(given, text)
        elif isinstance(key, RSAPublicKey):
            key.verify(given, text, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
