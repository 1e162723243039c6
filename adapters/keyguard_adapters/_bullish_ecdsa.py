"""Bullish's ECDSA keys: what their log-in sends, signed on P-256. The key is the metadata the site shows.

Docs: bullish-exchange/api-examples, session/generate_jwt_ecdsa.py (a3661612) and the Java example of a log-in
(6d1b6e1e): both sign the compact text of `loginPayload` with SHA-256, in DER, in base64 (read 2026-11-21).

Of commands the documents say that the hex digest is signed, the examples sign the text itself: so none is
signed here with such a key. It may withdraw, and its log-in is all that proves it lives.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from keyguard.core.calls import Credential, Request, Stamp, Wire
from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret
from keyguard_adapters._encoding import base64_text, compact
from keyguard_adapters._sign import private_p256

LOGIN = "/trading-api/v2/users/login"
_LIFE_S = 300


def user_of(public_id: str) -> str:
    """The user whom an ECDSA key's metadata names; "" for the public id of another kind of key."""
    try:
        told = json.loads(base64.b64decode(public_id, validate=True))
        return str(told["userId"])
    except (ValueError, LookupError, TypeError):
        return ""


def log_in(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """The log-in of an ECDSA key; raises UsageError for another call, and for a key that is no metadata."""
    if request.path != LOGIN:
        raise UsageError(
            "keyguard signs no commands with Bullish's ECDSA keys: the documents disagree on how",
            code="sign.refused",
            still="nothing was sent",
            hint="an HMAC key signs commands",
        )
    user = user_of(who.key)
    if not user:
        raise UsageError(
            "the key is not the metadata of an ECDSA key",
            code="credential.shape",
            still="nothing was sent",
            hint="give what the site calls API metadata as the key, and the private key in PEM",
        )
    now = stamp.ms // 1000
    payload = {
        "userId": user,
        "nonce": now,
        "expirationTime": now + _LIFE_S,
        "biometricsUsed": False,
        "sessionKey": None,
    }
    public, signature = _signed(who.secret, compact(payload))
    body = compact({"publicKey": public, "signature": signature, "loginPayload": payload})
    return Wire("POST", request.path, {"Content-Type": "application/json"}, body.encode())


def _signed(private_key: Secret, text: str) -> tuple[str, str]:
    """The public key in PEM, and the signature in DER and base64."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key: Any = private_p256(private_key)
    signature = key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public.decode().strip(), base64_text(signature)
