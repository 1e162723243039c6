"""GOPAX's REST as its documents describe it: signed calls with a time, errors by code, two reading calls.

What they leave open is simulated so: an unknown key is invalid (10155), one that was deleted or has expired
is unusable (10233). Addresses restrict withdrawals only, as the documents have it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.shapes import alnum
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table
from keyguard_simulators.wire import Call, whole

PERMISSIONS = ("조회", "주문", "출금")
TOLERANCE_MS, AHEAD_MS = 60_000, 1000


def admit(state: State, call: Call) -> Key:
    """Return the calling key; checked: key, time, signature, life."""
    public_id = call.headers.get("api-key", "")
    if not public_id:
        raise Refusal(10230, "No API Key", 401)
    key = state.book.usable(public_id, call.now_ms)
    if key is None and public_id not in state.book.keys:
        raise Refusal(10155, "Invalid API Key", 401)
    if key is None or key.expired_at(call.now_ms):
        raise Refusal(10233, "Unusable Api Key", 401)
    _check_time(call)
    if not hmac.compare_digest(_signature(key, call), call.headers.get("signature", "").encode()):
        raise Refusal(10229, "Invalid signature", 401)
    return key


def _check_time(call: Call) -> None:
    if "nonce" in call.headers:
        raise Refusal(10265, "nonce and timestamp", 400)
    at_ms = whole(call.headers.get("timestamp", ""))
    if at_ms is None:
        raise Refusal(10231, "no timestamp", 400)
    window = call.headers.get("receive-window")
    if window is None:
        if abs(call.now_ms - at_ms) > TOLERANCE_MS:
            raise Refusal(10263 if at_ms < call.now_ms else 10264, "timestamp", 400)
        return
    window_ms = whole(window)
    if window_ms is None or not 200 <= window_ms <= 60_000:
        raise Refusal(10296, "receive-window", 400)
    if at_ms > call.now_ms + AHEAD_MS or call.now_ms - at_ms > window_ms:
        raise Refusal(10298, "outside of the receive-window", 400)


def _signature(key: Key, call: Call) -> bytes:
    """The query counts for one call only."""
    path = call.target if (call.method, call.path) == ("GET", "/orders") else call.path
    window = call.headers.get("receive-window", "")
    text = f"t{call.headers['timestamp']}{call.method}{path}{window}".encode() + call.body
    return base64.b64encode(hmac.new(base64.b64decode(key.secret), text, hashlib.sha512).digest())


def _balances(caller: Caller) -> list[dict[str, Any]]:
    return [
        {"asset": coin, "avail": float(amount), "hold": 0, "pendingWithdrawal": 0}
        for coin, amount in caller.account.balances.items()
    ]


def _withdraw(caller: Caller) -> Any:
    if not caller.key.allows(caller.call.ip):
        raise _denied()
    raise Refusal(10041, "no such registered address", 400)


def _denied() -> Refusal:
    return Refusal(10004, "Not Authorized", 403)


RULES = Rules(
    name="gopax",
    form=Form(PERMISSIONS, max_ips=50, life_days=365),
    claimed=lambda call: call.headers.get("api-key", ""),
    admit=admit,
    refused=lambda refusal: {"errorMessage": refusal.message, "errorCode": refusal.code},
    denied=lambda _endpoint: _denied(),
    limited=lambda _blocked: Refusal(10105, "Too many requests", 429),
    private={
        ("GET", "/balances"): Endpoint(_balances, {"조회"}),
        ("GET", "/orders"): Endpoint(lambda _: [], {"조회"}),
        ("GET", "/trades"): Endpoint(lambda _: [], {"조회"}),
        ("POST", "/withdrawals"): Endpoint(_withdraw, {"출금"}),
    },
    missing=Refusal(10000, "Not found", 404),
    make=lambda _state, _form: {
        "public_id": alnum(64),
        "secret": base64.b64encode(os.urandom(64)).decode(),
    },
    calls_per_second=20,
    balances={"KRW": "12500000", "BTC": "0.25"},
)
VENUE = partial(Table, RULES)
