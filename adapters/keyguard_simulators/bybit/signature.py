"""Who sent a call to Bybit, and may they."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from keyguard_simulators.accounts import Key
from keyguard_simulators.bybit.refusal import Refusal, unknown_key
from keyguard_simulators.state import State
from keyguard_simulators.wire import Call, whole

DEFAULT_WINDOW_MS = 5000
AHEAD_MS = 1000


def admit(state: State, call: Call) -> Key:
    """Return the calling key; raises Refusal in the order key, clock, signature, expiry, address."""
    if call.method == "GET" and call.body:
        raise Refusal(403, "Forbidden", status=403)
    public_id = call.headers.get("x-bapi-api-key", "")
    if not public_id:
        raise Refusal(10003, "API key is missing.", status=401)
    key = state.book.usable(public_id, call.now_ms)
    if key is None:
        raise unknown_key()
    _check_clock(call)
    if not signed_by(key, call):
        raise Refusal(10004, "Error sign, please check your signature generation algorithm.")
    if key.expired_at(call.now_ms):
        raise Refusal(33004, "Your api key has expired.")
    if not key.allows(call.ip):
        raise Refusal(10010, "Unmatched IP, please check your API key's bound IP addresses.")
    return key


def _check_clock(call: Call) -> None:
    """server time - window <= timestamp < server time + 1 s."""
    sent, window = call.headers.get("x-bapi-timestamp", ""), _window(call)
    sent_ms, earliest_ms = whole(sent), call.now_ms - (whole(window) or 0)
    if sent_ms is None or not earliest_ms <= sent_ms < call.now_ms + AHEAD_MS:
        raise Refusal(
            10002,
            "invalid request, please check your server timestamp or recv_window param. "
            f"req_timestamp[{sent}],server_timestamp[{call.now_ms}],recv_window[{window}]",
        )


def signed_by(key: Key, call: Call) -> bool:
    """Whether the signature is the key's, over timestamp, key, window and the query or body as sent."""
    head = call.headers.get("x-bapi-timestamp", "") + key.public_id + _window(call)
    text = head.encode() + (call.query.encode() if call.method == "GET" else call.body)
    given = call.headers.get("x-bapi-sign", "")
    if key.public_key:
        return _rsa(key.public_key, given, text)
    wanted = hmac.new(key.secret.encode(), text, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), given.encode())


def _window(call: Call) -> str:
    return call.headers.get("x-bapi-recv-window") or str(DEFAULT_WINDOW_MS)


def rsa_key(public_key: str) -> rsa.RSAPublicKey:
    """Read an uploaded PEM; raises ValueError unless it is an RSA public key."""
    loaded = serialization.load_pem_public_key(public_key.encode())
    if not isinstance(loaded, rsa.RSAPublicKey):
        raise ValueError("not an RSA public key")
    return loaded


def _rsa(public_key: str, given: str, text: bytes) -> bool:
    try:
        rsa_key(public_key).verify(
            base64.b64decode(given, validate=True), text, padding.PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, ValueError):
        return False
    return True
