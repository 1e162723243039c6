"""Coinbase Exchange: HMAC with a passphrase, refusals known by their words.

Assumed: the order of checks (headers, time, key, passphrase, signature, address); 401 for a foreign address;
"Forbidden" for every lack of a permission; a deleted or disabled key is an invalid one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.orders import cancel_all
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call

PERMISSIONS = ("view", "trade", "transfer", "manage")
_WINDOW_MS = 30_000


def _unauthorized(message: str) -> Refusal:
    return Refusal(message, message, 401)


def _admit(state: State, call: Call) -> Key:
    sent = {name: call.headers.get(f"cb-access-{name}", "") for name in ("key", "sign", "timestamp")}
    for name, value in sent.items():
        if not value:
            raise _unauthorized(f"CB-ACCESS-{name.upper()} header is required")
    if not _timely(sent["timestamp"], call.now_ms):
        raise _unauthorized("request timestamp expired")
    key = state.book.usable(sent["key"], call.now_ms)
    if key is None or not key.enabled:
        raise _unauthorized("Invalid API Key")
    given = call.headers.get("cb-access-passphrase", "")
    if not hmac.compare_digest(given.encode(), key.passphrase.encode()):
        raise _unauthorized("Invalid Passphrase")
    if not hmac.compare_digest(sent["sign"].encode(), _wanted(key, sent["timestamp"], call)):
        raise _unauthorized("invalid signature")
    if not key.allows(call.ip):
        raise _unauthorized("IP does not match IP whitelist")
    return key


def _timely(timestamp: str, now_ms: int) -> bool:
    try:
        return abs(float(timestamp) * 1000 - now_ms) <= _WINDOW_MS
    except (ValueError, OverflowError):
        return False


def _wanted(key: Key, timestamp: str, call: Call) -> bytes:
    signed = f"{timestamp}{call.method}{call.target}".encode() + call.body
    return base64.b64encode(hmac.new(base64.b64decode(key.secret), signed, hashlib.sha256).digest())


def _make(_state: State, _form: KeyForm) -> Mapping[str, Any]:
    return {
        "public_id": secrets.token_hex(16),
        "secret": base64.b64encode(secrets.token_bytes(64)).decode(),
        "passphrase": secrets.token_hex(6),
    }


def _time(call: Call) -> Any:
    return {"iso": "", "epoch": call.now_ms / 1000}


def _accounts(caller: Caller) -> Any:
    return [
        {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{caller.account.id} {coin}")),
            "currency": coin,
            "balance": amount,
            "hold": "0",
            "available": amount,
            "profile_id": caller.account.id,
            "trading_enabled": True,
        }
        for coin, amount in caller.account.balances.items()
    ]


def _profiles(caller: Caller) -> Any:
    return [{"id": caller.account.id, "name": caller.account.name, "active": True, "is_default": True}]


def _cancel_all(caller: Caller) -> Any:
    return cancel_all(caller.state, caller.account.id)


def _forbidden(_caller: Caller) -> Any:
    raise Refusal("Forbidden", "Forbidden", 403)


RULES = Rules(
    name="coinbaseexchange",
    form=Form(PERMISSIONS, max_ips=20, max_keys=300),
    claimed=lambda call: call.headers.get("cb-access-key", ""),
    admit=_admit,
    refused=lambda refusal: {"message": refusal.message},
    denied=lambda _endpoint: Refusal("Forbidden", "Forbidden", 403),
    limited=lambda _harder: Refusal("Private rate limit exceeded", "Private rate limit exceeded", 429),
    missing=Refusal("NotFound", "NotFound", 404),
    private={
        ("GET", "/accounts"): Endpoint(_accounts, {"view", "trade"}),
        ("GET", "/profiles"): Endpoint(_profiles, {"view", "trade"}),
        ("GET", "/orders"): Endpoint(lambda _caller: [], {"view", "trade"}),
        ("DELETE", "/orders"): Endpoint(_cancel_all, {"trade"}),
        ("POST", "/withdrawals/crypto"): Endpoint(_forbidden, {"transfer"}),
    },
    public={("GET", "/time"): _time},
    account_id=lambda: str(uuid.uuid4()),
    make=_make,
    calls_per_second=15,
)
VENUE = partial(Table, RULES)
