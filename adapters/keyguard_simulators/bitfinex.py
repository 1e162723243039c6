"""Bitfinex (REST v2): nonces that only grow, HMAC-SHA384, errors as lists with HTTP 500.

Chosen where the documents are silent: one answer (10100, "apikey: invalid") for an unknown key, a wrong
signature, a disabled key and a foreign address; the order key, signature, nonce, address.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.orders import cancel_all
from keyguard_simulators.shapes import base64url
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table
from keyguard_simulators.wire import Call, whole

AREAS = (
    "account",
    "history",
    "orders",
    "positions",
    "funding",
    "settings",
    "wallets",
    "withdraw",
    "ui_withdraw",
    "bfxpay",
)


def _admit(state: State, call: Call) -> Key:
    key = state.book.usable(call.headers.get("bfx-apikey", ""), call.now_ms)
    if key is None or not key.enabled:
        raise _invalid()
    given_nonce = call.headers.get("bfx-nonce", "")
    text = f"/api{call.path}{given_nonce}".encode() + call.body
    wanted = hmac.new(key.secret.encode(), text, hashlib.sha384).hexdigest()
    if not hmac.compare_digest(wanted.encode(), call.headers.get("bfx-signature", "").encode()):
        raise _invalid()
    nonce = whole(given_nonce)
    if nonce is None:
        raise Refusal(10114, "nonce: invalid", 500)
    if not state.raise_counter(key.public_id, nonce):
        raise Refusal(10114, "nonce: small", 500)
    if not key.allows(call.ip):
        raise _invalid()
    return key


def _invalid() -> Refusal:
    return Refusal(10100, "apikey: invalid", 500)


def _permissions(caller: Caller) -> list[list[Any]]:
    held = caller.key.grants
    return [[area, int(f"{area}:read" in held), int(f"{area}:write" in held)] for area in AREAS]


def _wallets(caller: Caller) -> list[list[Any]]:
    return [
        ["exchange", {"USDT": "UST"}.get(coin, coin), float(amount), 0, float(amount), None, None]
        for coin, amount in caller.account.balances.items()
    ]


def _cancel_all(caller: Caller) -> list[Any]:
    if caller.params.get("all") != 1:
        raise Refusal(10020, "all: invalid", 500)
    cancelled = [[one] for one in cancel_all(caller.state, caller.account.id)]
    return [caller.call.now_ms, "oc_multi-req", None, None, cancelled, None, "SUCCESS", "Submitting all"]


RULES = Rules(
    name="bitfinex",
    form=Form([f"{area}:{level}" for area in AREAS for level in ("read", "write")], max_ips=20),
    claimed=lambda call: call.headers.get("bfx-apikey", ""),
    admit=_admit,
    refused=lambda refusal: ["error", refusal.code, refusal.message],
    denied=lambda _endpoint: Refusal(10001, "api_key: permission invalid", 500),
    limited=lambda _blocked: Refusal(11010, "ratelimit: error", 429),
    missing=Refusal(10020, "path: invalid", 500),
    public={("GET", "/v2/platform/status"): lambda _call: [1]},
    private={
        ("POST", "/v2/auth/r/permissions"): Endpoint(_permissions),
        ("POST", "/v2/auth/r/wallets"): Endpoint(_wallets, ["wallets:read"]),
        ("POST", "/v2/auth/r/orders"): Endpoint(lambda _caller: [], ["orders:read"]),
        ("POST", "/v2/auth/w/order/cancel/multi"): Endpoint(_cancel_all, ["orders:write"]),
    },
    make=lambda _state, _form: {"public_id": base64url(32), "secret": base64url(32)},
)
VENUE = partial(Table, RULES)
