"""Bitvavo (REST v2): HMAC-SHA256 over time, method, target and body; errors by number.

Chosen where the documents are silent: HTTP 403 for all 3xx codes; the order key, confirmation, clock,
signature, address, right.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.shapes import hexadecimal
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table
from keyguard_simulators.wire import Call, whole

_DENIED = {"trade": 310, "view": 311, "withdraw": 312}


def _admit(state: State, call: Call) -> Key:
    public_id = _claimed(call)
    stamp, window = (_number(call, name) for name in ("timestamp", "window"))
    if not public_id:
        raise _no(300, "Authentication is required to call this endpoint.")
    if len(public_id) != 64:
        raise _no(301, "API Key must be of length 64.")
    if stamp is None:
        raise _no(302, "Timestamp is invalid.")
    if window is None or not 100 <= window <= 60_000:
        raise _no(303, "Window must be between 100 and 60000 ms.")
    if abs(call.now_ms - stamp) > window:
        raise _no(304, "Request was not received within acceptable window.")
    key = state.book.usable(public_id, call.now_ms)
    if key is None:
        raise _no(305, "No active API key found.")
    if not key.enabled:
        raise _no(
            306, "No active API key found. Please ensure that you have confirmed the API key by e-mail."
        )
    _verify(key, call)
    if not key.allows(call.ip):
        raise _no(307, "This key does not allow access from this IP.")
    return key


def _verify(key: Key, call: Call) -> None:
    given = call.headers.get("bitvavo-access-signature", "")
    if len(given) != 64:
        raise _no(
            308, "The signature length is invalid (HMAC-SHA256 should return a 64 length hexadecimal string)."
        )
    text = f"{call.headers['bitvavo-access-timestamp']}{call.method}{call.target}".encode() + call.body
    wanted = hmac.new(key.secret.encode(), text, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise _no(309, "The signature is invalid.")


def _claimed(call: Call) -> str:
    return call.headers.get("bitvavo-access-key", "")


def _number(call: Call, name: str) -> int | None:
    return whole(call.headers.get(f"bitvavo-access-{name}", "10000" if name == "window" else ""))


def _no(code: int, message: str) -> Refusal:
    return Refusal(code, message, 403)


def _account(_caller: Caller) -> dict[str, Any]:
    return {"fees": {"tier": 0, "volume": "0.00", "maker": "0.0015", "taker": "0.0025"}}


def _balance(caller: Caller) -> list[dict[str, str]]:
    wanted = caller.params.get("symbol")
    return [
        {"symbol": coin, "available": amount, "inOrder": "0"}
        for coin, amount in caller.account.balances.items()
        if wanted in (None, coin)
    ]


RULES = Rules(
    name="bitvavo",
    form=Form(["view", "trade", "withdraw"], max_ips=100),
    claimed=_claimed,
    admit=_admit,
    refused=lambda refusal: {"errorCode": refusal.code, "error": refusal.message},
    denied=lambda endpoint: _no(_DENIED[min(endpoint.needs)], "This key does not have permission for this."),
    limited=lambda _blocked: Refusal(105, "Too many requests: this address is banned for a minute.", 429),
    missing=Refusal(110, "Invalid endpoint.", 404),
    public={("GET", "/v2/time"): lambda call: {"time": call.now_ms}},
    private={
        ("GET", "/v2/account"): Endpoint(_account, ["view"]),
        ("GET", "/v2/balance"): Endpoint(_balance, ["view"]),
        ("GET", "/v2/ordersOpen"): Endpoint(lambda _caller: [], ["view"]),
        ("GET", "/v2/withdrawalHistory"): Endpoint(lambda _caller: [], ["withdraw"]),
    },
    make=lambda _state, _form: {"public_id": hexadecimal(64), "secret": hexadecimal(128)},
    balances={"EUR": "25000", "BTC": "0.75"},
)
VENUE = partial(Table, RULES)
