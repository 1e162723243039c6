"""Korbit's REST v2 as its reference describes it: signed forms, a key that tells all of itself.

A deleted key is called deactivated, one that was never there (or not yet) not found. The codes of a wrong
signature and of a missing permission are in no document; the words used here are ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from keyguard_simulators.accounts import Key
from keyguard_simulators.shapes import base64url, digits
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call, whole

PERMISSIONS = (
    "readBalances",
    "readOrders",
    "writeOrders",
    "readDeposits",
    "writeDeposits",
    "readWithdrawals",
    "writeWithdrawals",
)
AHEAD_MS, WINDOW_MS, WIDEST_MS = 1000, 5000, 60_000


def admit(state: State, call: Call) -> Key:
    """Return the calling key; checked: key, signature, time, life, address."""
    key = _known(state, call)
    text, _, sent = _signed_text(call).rpartition("&signature=")
    if not text or not _signed_by(key, text, unquote(sent)):
        raise Refusal("INVALID_SIGNATURE", "the signature does not fit", 401)
    _check_time(text, call.now_ms)
    if key.expired_at(call.now_ms):
        raise Refusal("KEY_EXPIRED", "the key has expired", 401)
    if not key.allows(call.ip):
        raise Refusal("IP_NOT_ALLOWED", "the address is not allowed", 403)
    return key


def _known(state: State, call: Call) -> Key:
    public_id = call.headers.get("x-kapi-key", "")
    key = state.book.usable(public_id, call.now_ms)
    if key is not None:
        return key
    once = state.book.keys.get(public_id)
    if once is not None and once.deleted:
        raise Refusal("KEY_DEACTIVATED", "the key was deleted", 401)
    raise Refusal("KEY_NOT_FOUND", "no such key", 400)


def _signed_text(call: Call) -> str:
    if call.method in ("GET", "DELETE"):
        return call.query
    return call.query + call.body.decode("utf-8", "replace")


def _signed_by(key: Key, text: str, sent: str) -> bool:
    if not key.public_key:
        wanted = hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted.encode(), sent.encode())
    public = load_pem_public_key(key.public_key.encode())
    assert isinstance(public, Ed25519PublicKey)
    try:
        public.verify(base64.b64decode(sent, validate=True), text.encode())
    except (ValueError, InvalidSignature):
        return False
    return True


def _check_time(text: str, now_ms: int) -> None:
    sent = {name: values[-1] for name, values in parse_qs(text).items()}
    at_ms, window_ms = whole(sent.get("timestamp", "")), whole(sent.get("recvWindow", str(WINDOW_MS)))
    if at_ms is None or window_ms is None or window_ms > WIDEST_MS:
        raise Refusal("INVALID_PARAMETER", "timestamp, recvWindow", 400)
    if at_ms >= now_ms + AHEAD_MS or now_ms - at_ms > window_ms:
        raise Refusal("EXCEED_TIME_WINDOW", "the timestamp is outside the window", 400)


def _current_key(caller: Caller) -> dict[str, Any]:
    key = caller.key
    told = {
        "apiKey": key.public_id,
        "userUuid": caller.account.id,
        "type": "ed25519" if key.public_key else "hmac-sha256",
        "permissions": [name for name in PERMISSIONS if name in key.grants],
        "whitelist": ",".join(key.ips),
        "expiration": key.expires_ms,
        "status": "activated" if key.enabled else "deactivated",
        "label": key.label,
        "allowedAccountSeqs": [1],
        "createdAt": key.created_ms,
    }
    return told | ({"publicKey": key.public_key} if key.public_key else {})


def _balances(caller: Caller) -> list[dict[str, str]]:
    return [
        {"currency": coin.lower(), "balance": amount, "available": amount}
        for coin, amount in caller.account.balances.items()
    ]


def _made(_state: State, form: KeyForm) -> dict[str, str]:
    return {"public_id": base64url(32), "secret": "" if form.public_key else base64url(32)}


RULES = Rules(
    name="korbit",
    form=Form(PERMISSIONS, max_ips=20, ip_mandatory=True, life_days=365),
    claimed=lambda call: call.headers.get("x-kapi-key", ""),
    admit=admit,
    answered=lambda _call, result: {"success": True, "data": result},
    refused=lambda refusal: {
        "success": False,
        "error": {"message": refusal.code, "code": refusal.status, "description": refusal.message},
    },
    denied=lambda _endpoint: Refusal("PERMISSION_DENIED", "the key has no such permission", 403),
    limited=lambda _blocked: Refusal("TOO_MANY_REQUESTS", "wait", 429),
    private={
        ("GET", "/v2/currentKeyInfo"): Endpoint(_current_key),
        ("GET", "/v2/balance"): Endpoint(_balances, {"readBalances"}),
        ("GET", "/v2/openOrders"): Endpoint(lambda _: [], {"readOrders"}),
    },
    public={("GET", "/v2/time"): lambda call: {"time": call.now_ms}},
    missing=Refusal("NOT_FOUND", "no such path", 404),
    make=_made,
    account_id=lambda: f"{digits(8)}-0000-4000-8000-{digits(12)}",
    calls_per_second=50,
    balances={"KRW": "12500000", "BTC": "0.25"},
)
VENUE = partial(Table, RULES)
