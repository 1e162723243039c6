"""Bitstamp: the host is signed, nonces differ within minutes, keys sleep until an e-mail is answered.

Assumed: the order of checks (headers, key, time, signature, nonce, address); 403 with every code; a key
that was not activated or was switched off is not found. The call that revokes all keys is here: what must
never be called has to be noticed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.shapes import alnum
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call, whole

PERMISSIONS = (
    "account_balance",
    "user_transactions",
    "open_orders",
    "order_status",
    "limit_order",
    "market_order",
    "instant_order",
    "cancel_order",
    "derivatives",
    "transfer",
    "withdrawal",
    "deposit_address",
    "earn",
)
_WINDOW_MS = 150_000
_FORM = "application/x-www-form-urlencoded"
_HEADERS = {
    "x-auth": "API0012",
    "x-auth-signature": "API0013",
    "x-auth-nonce": "API0014",
    "x-auth-timestamp": "API0015",
    "x-auth-version": "API0016",
}


def _refusal(code: str, reason: str) -> Refusal:
    return Refusal(code, reason, 403)


def _claimed(call: Call) -> str:
    return call.headers.get("x-auth", "").removeprefix("BITSTAMP ")


def _admit(state: State, call: Call) -> Key:
    for name, code in _HEADERS.items():
        if not call.headers.get(name):
            raise _refusal(code, f"{name} header is required")
    if call.headers["x-auth-version"] != "v2":
        raise _refusal("API0010", "Invalid version")
    _demand_content_type(call)
    key = state.book.usable(_claimed(call), call.now_ms)
    if key is None or not key.enabled:
        raise _refusal("API0001", "API key not found")
    sent_ms = whole(call.headers["x-auth-timestamp"])
    if sent_ms is None:
        raise _refusal("API0018", "X-Auth-Timestamp header is invalid")
    if abs(sent_ms - call.now_ms) > _WINDOW_MS:
        raise _refusal("API0017", "X-Auth-Timestamp header is out of boundaries")
    if not hmac.compare_digest(call.headers["x-auth-signature"].encode(), _signature(key, call).encode()):
        raise _refusal("API0005", "Invalid signature")
    nonce = call.headers["x-auth-nonce"]
    if not re.fullmatch("[0-9a-f-]{36}", nonce) or not state.spend_nonce(key.public_id, nonce):
        raise _refusal("API0004", "Invalid nonce")
    if not key.allows(call.ip):
        raise _refusal("API0002", "IP address not allowed")
    return key


def _demand_content_type(call: Call) -> None:
    given = call.headers.get("content-type", "")
    if call.body and given != _FORM:
        raise _refusal("API0019", "Content-Type header is not accepted")
    if not call.body and given:
        raise _refusal("API0020", "Content-Type header should not be present")


def _signature(key: Key, call: Call) -> str:
    headers = call.headers
    signed = (
        f"BITSTAMP {key.public_id}{call.method}{headers.get('host', '')}{call.target}"
        f"{headers.get('content-type', '')}{headers['x-auth-nonce']}{headers['x-auth-timestamp']}v2"
    )
    return hmac.new(key.secret.encode(), signed.encode() + call.body, hashlib.sha256).hexdigest()


def _make(_state: State, _form: KeyForm) -> Mapping[str, Any]:
    return {"public_id": alnum(32), "secret": alnum(32)}


def _balances(caller: Caller) -> Any:
    return [
        {"currency": coin.lower(), "total": amount, "available": amount, "reserved": "0.00"}
        for coin, amount in caller.account.balances.items()
    ]


def _revoke_all(caller: Caller) -> Any:
    book = caller.state.book
    keys = [key for account in book.family(caller.account.id) for key in book.listed(account)]
    for key in keys:
        caller.state.delete(key, caller.call.now_ms)
    return {"revoked_api_keys": [key.public_id for key in keys]}


RULES = Rules(
    name="bitstamp",
    form=Form(PERMISSIONS, max_ips=20),
    claimed=_claimed,
    admit=_admit,
    refused=lambda refusal: {"status": "error", "reason": refusal.message, "code": refusal.code},
    denied=lambda _endpoint: _refusal("API0003", "No permission found"),
    limited=lambda _harder: Refusal("400.002", "Request rate limit exceeded", 400),
    missing=Refusal("404.001", "Not found", 404),
    private={
        ("POST", "/api/v2/account_balances/"): Endpoint(_balances, {"account_balance"}),
        ("POST", "/api/v2/user_transactions/"): Endpoint(lambda _caller: [], {"user_transactions"}),
        ("POST", "/api/v2/open_orders/"): Endpoint(lambda _caller: [], {"open_orders"}),
        ("POST", "/api/v2/revoke_all_api_keys/"): Endpoint(_revoke_all),
    },
    make=_make,
    calls_per_second=400,
    balances={"USD": "25000.00", "BTC": "0.75000000"},
)
VENUE = partial(Table, RULES)
