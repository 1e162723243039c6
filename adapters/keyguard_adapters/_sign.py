"""Pieces that several venues' signing shares: hashes, keys, headers. Plain functions, no venue here."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from keyguard.core.calls import Credential, Request, Wire
from keyguard.core.errors import UsageError
from keyguard.core.exchange import Facts
from keyguard.core.secret import Secret
from keyguard_adapters._encoding import base64url, compact, decoded, encoded, pairs, target


def unsigned(request: Request) -> Wire:
    """The bytes of a public call: nothing of a credential in it."""
    headers = {} if request.body is None else {"Content-Type": "application/json"}
    where = target(request.path, encoded(pairs(request.query)))
    return Wire(request.method, where, headers, compact(request.body).encode())


def demand_kind(who: Credential, facts: Facts) -> None:
    """Raise UsageError for a kind of key this adapter cannot sign with."""
    if who.kind not in facts.kinds:
        raise UsageError(
            f"this venue's adapter cannot sign with a key of kind {who.kind.value}",
            code="key.kind",
            hint=f"supported: {', '.join(kind.value for kind in facts.kinds)}",
        )


def hmac_sha256(secret: Secret | bytes, text: str | bytes) -> bytes:
    """HMAC-SHA256 of the text; a Secret counts as its UTF-8 bytes, as most venues take it."""
    return _hmac(secret, text, "sha256")


def hmac_sha384(secret: Secret | bytes, text: str | bytes) -> bytes:
    """HMAC-SHA384, as `hmac_sha256`."""
    return _hmac(secret, text, "sha384")


def hmac_sha512(secret: Secret | bytes, text: str | bytes) -> bytes:
    """HMAC-SHA512, as `hmac_sha256`."""
    return _hmac(secret, text, "sha512")


def _hmac(secret: Secret | bytes, text: str | bytes, digest: str) -> bytes:
    key = secret.reveal().encode() if isinstance(secret, Secret) else secret
    return hmac.digest(key, text.encode() if isinstance(text, str) else text, digest)


def rsa_sha256(private_key: Secret, text: str) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256 by a PEM private key; raises UsageError if it is none."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = _private_key(private_key)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _not("RSA")
    return key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())


def ed25519(private_key: Secret, text: str) -> bytes:
    """Ed25519 by a PEM private key; raises UsageError if it is none."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = _private_key(private_key)
    if not isinstance(key, Ed25519PrivateKey):
        raise _not("Ed25519")
    return key.sign(text.encode())


def es256(private_key: Secret, text: str) -> bytes:
    """ECDSA on P-256 with SHA-256 by a PEM private key, as 64 bytes r and s (RFC 7518); raises UsageError."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    key = private_p256(private_key)
    r, s = utils.decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def private_p256(private_key: Secret) -> Any:
    """The key on P-256 that a PEM holds; raises UsageError if it is none."""
    from cryptography.hazmat.primitives.asymmetric import ec

    key = _private_key(private_key)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise _not("P-256")
    return key


def _private_key(pem: Secret) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(pem.reveal().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    # The library's message may quote the input.
    raise UsageError("the private key is not an unencrypted key in PEM form", code="key.shape")


def _not(kind: str) -> UsageError:
    return UsageError(f"the private key is not of the kind {kind}", code="key.shape")


def demand_passphrase(who: Credential) -> Secret:
    """The credential's passphrase; raises UsageError for one without."""
    if who.passphrase is None:
        raise UsageError(
            "this venue's keys have a passphrase, and it is missing here",
            code="credential.passphrase",
            hint="add the key again with key, secret and passphrase",
        )
    return who.passphrase


def ed25519_base64(private_key: Secret, text: str) -> bytes:
    """Ed25519 by a private key in PEM, or in base64: its 32 bytes, alone or before the 32 of the public key.

    Raises UsageError, without the key, for anything else.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if private_key.reveal().startswith("-----BEGIN"):
        return ed25519(private_key, text)
    octets = decoded(private_key)
    if len(octets) not in (32, 64):
        raise UsageError("the private key is not 32 or 64 bytes in base64", code="key.shape")
    key = Ed25519PrivateKey.from_private_bytes(octets[:32])
    if octets[32:] not in (b"", key.public_key().public_bytes_raw()):
        raise UsageError("the two halves of the private key do not belong together", code="key.shape")
    return key.sign(text.encode())


def jwt_hs256(claims: Mapping[str, Any], secret: Secret) -> str:
    """A JWT by HMAC-SHA256 with the secret's bytes as they are, the claims in the order given."""
    header = {"alg": "HS256", "typ": "JWT"}
    signed = ".".join(base64url(compact(part).encode()) for part in (header, claims))
    return f"{signed}.{base64url(hmac_sha256(secret, signed))}"


def form_signed(
    request: Request, params: Mapping[str, Any], headers: Mapping[str, str], sign: Callable[[str], str]
) -> Wire:
    """Send `params` as the query, or as a form where the call has a body, with their `signature` behind them.

    A query beside a body is signed in front of it, without a sign between them.
    """
    query = "" if request.body is None else encoded(pairs(request.query))
    sent = encoded(pairs(params))
    sent += "&" + encoded([("signature", sign(query + sent))])
    if request.body is None:
        return Wire(request.method, target(request.path, sent), headers)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return Wire(request.method, target(request.path, query), {**headers, **form}, sent.encode())


def bearer(who: Credential) -> dict[str, str]:
    """The header that carries the access token of a credential of kind OAUTH (RFC 6750 §2.1)."""
    return {"Authorization": f"Bearer {who.secret.reveal()}"}
