"""A simulated FILL IN; its signature check is its own: nothing of keyguard or its adapters is imported."""

from __future__ import annotations

import hashlib
import hmac
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table, same
from keyguard_simulators.wire import Call, whole


def admit(state: State, call: Call) -> Key:
    """The calling key; raises Refusal with the venue's codes, in the venue's order: FILL IN."""
    key = state.book.usable(call.headers.get("x-key", ""), call.now_ms)
    if key is None:
        raise Refusal("FILL IN", "no such key", 401)
    sent = call.headers.get("x-time", "")
    if abs((whole(sent) or 0) - call.now_ms) > 5000:
        raise Refusal("clock", "stale", 401)
    text = f"{sent}{call.method}{call.target}".encode() + call.body
    wanted = hmac.new(key.secret.encode(), text, hashlib.sha256).hexdigest()
    if not same(call.headers.get("x-sign", ""), wanted):
        raise Refusal("signature", "wrong signature", 401)
    if not key.allows(call.ip):
        raise Refusal("ip", "foreign address", 403)
    return key


def keys(caller: Caller) -> dict[str, Any]:
    """The account's keys."""
    listed = caller.state.book.listed(caller.account.id)
    return {"keys": [_row(key) for key in listed]}


def _row(key: Key) -> dict[str, Any]:
    return {
        "key": key.public_id,
        "name": key.label,
        "permissions": sorted(key.grants),
        "ips": list(key.ips),
    }


RULES = Rules(
    name="examplex",
    form=Form(["read", "FILL IN"], max_ips=10),
    claimed=lambda call: call.headers.get("x-key", ""),
    admit=admit,
    refused=lambda refusal: {"code": refusal.code, "message": refusal.message},
    denied=lambda _endpoint: Refusal("scope", "permission missing", 403),
    limited=lambda _hard: Refusal("rate", "too many requests", 429),
    public={("GET", "/v1/time"): lambda call: {"time": call.now_ms}},
    private={("GET", "/v1/keys"): Endpoint(keys, ["read"])},
)
VENUE = partial(Table, RULES)
