"""HashKey Exchange's REST v1 as its documents describe it: signed parameters, and keys that end unused.

A deleted key is answered as one that never was (0102), by assumption. Every accepted call counts as a use.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.shapes import alnum, digits
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table
from keyguard_simulators.wire import Call, whole

PERMISSIONS = ("read", "trade", "withdraw")
IDLE_MS = 90 * DAY_MS
AHEAD_MS, WINDOW_MS = 1000, 5000


def admit(state: State, call: Call) -> Key:
    """Return the calling key, used now; checked: key, idle clock, signature, time, address."""
    key = state.book.usable(call.headers.get("x-hk-apikey", ""), call.now_ms)
    if key is None:
        raise Refusal("0102", "Invalid APIKey")
    if call.now_ms - max(key.used_ms, key.created_ms) >= IDLE_MS:
        raise Refusal("0103", "APIKey expired")
    text, _, sent = _sent(call).rpartition("&signature=")
    wanted = hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    if not text or not hmac.compare_digest(wanted.encode(), sent.lower().encode()):
        raise Refusal("0002", "Incorrect signature")
    _check_time(text, call.now_ms)
    if not key.allows(call.ip):
        raise Refusal("0202", "Invalid IP")
    key.used_ms = call.now_ms
    return key


def _sent(call: Call) -> str:
    """Query and body run together."""
    return call.query + call.body.decode("utf-8", "replace")


def _check_time(text: str, now_ms: int) -> None:
    sent = {name: values[-1] for name, values in parse_qs(text).items()}
    at_ms, window_ms = whole(sent.get("timestamp", "")), whole(sent.get("recvWindow", str(WINDOW_MS)))
    if at_ms is None or window_ms is None:
        raise Refusal("0001", "Required field timestamp missing or invalid")
    if at_ms >= now_ms + AHEAD_MS or now_ms - at_ms > window_ms:
        raise Refusal("-1021", "Timestamp for this request is outside of the recvWindow")


def _account(caller: Caller) -> dict[str, Any]:
    balances = [
        {"asset": coin, "assetId": coin, "assetName": coin, "total": amount, "free": amount, "locked": "0"}
        for coin, amount in caller.account.balances.items()
    ]
    return {"balances": balances, "userId": caller.account.id}


def _account_type(caller: Caller) -> list[dict[str, str]]:
    return [{"accountId": caller.account.id, "accountType": "1"}]


RULES = Rules(
    name="hashkey",
    form=Form(PERMISSIONS, max_ips=5),
    claimed=lambda call: call.headers.get("x-hk-apikey", ""),
    admit=admit,
    refused=lambda refusal: {"code": refusal.code, "msg": refusal.message},
    denied=lambda _endpoint: Refusal("-1005", "No permission"),
    limited=lambda _blocked: Refusal("0003", "Rate limit exceeded", 429),
    private={
        ("GET", "/api/v1/account"): Endpoint(_account),
        ("GET", "/api/v1/account/type"): Endpoint(_account_type),
        ("GET", "/api/v1/spot/openOrders"): Endpoint(lambda _: [], {"trade"}),
    },
    public={("GET", "/api/v1/time"): lambda call: {"serverTime": call.now_ms}},
    missing=Refusal("-1004", "Bad request", 404),
    make=lambda _state, _form: {"public_id": alnum(64), "secret": alnum(64)},
    account_id=lambda: digits(19),
    calls_per_second=10,
    balances={"USD": "25000", "BTC": "0.75"},
)
VENUE = partial(Table, RULES)
