"""Bitso (REST v3): `Authorization: Bitso key:nonce:signature`, nonces of both kinds, errors of four digits.

Chosen where the documents are silent: a nonce of 13 digits has to grow, one of 14 to 19 to be unique, and
neither disturbs the other; a nonce of the second kind may be a minute off; a deleted key gets 0201; the
order key, life, nonce, signature, address, right; 0801 for too many calls.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.orders import cancel_all
from keyguard_simulators.shapes import alnum, hexadecimal
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table
from keyguard_simulators.wire import Call

_RIGHTS = ("view_account", "view_balances", "view_orders", "place_orders", "withdrawals", "transfers")
_V1_DIGITS, _V2_DIGITS = 13, range(14, 20)


def _admit(state: State, call: Call) -> Key:
    public_id, nonce, signature = _parts(call)
    if not public_id:
        raise Refusal("0208", "Not authenticated.", 401)
    key = state.book.usable(public_id, call.now_ms)
    if key is None:
        raise Refusal("0201", "Check your credentials.", 401)
    if not key.enabled:
        raise Refusal("0326", "API key is not active.", 400)
    if not (nonce.isascii() and nonce.isdecimal()):
        raise Refusal("0206", "Invalid nonce type.", 401)
    text = f"{nonce}{call.method}{call.target}".encode() + call.body
    wanted = hmac.new(key.secret.encode(), text, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), signature.encode()):
        raise Refusal("0215", "Invalid signature.", 401)
    if not _spent(state, key, nonce, call.now_ms):
        raise Refusal("0207", "Invalid nonce value.", 401)
    if not key.allows(call.ip):
        raise Refusal("0213", "IP address not allowed.", 401)
    return key


def _spent(state: State, key: Key, nonce: str, now_ms: int) -> bool:
    if len(nonce) == _V1_DIGITS:
        return state.raise_counter(key.public_id, int(nonce))
    near = abs(int(nonce[:_V1_DIGITS]) - now_ms) < 60_000
    return len(nonce) in _V2_DIGITS and near and state.spend_nonce(key.public_id, nonce)


def _parts(call: Call) -> tuple[str, str, str]:
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    parts = given.split(":")
    return (parts[0], parts[1], parts[2]) if scheme == "Bitso" and len(parts) == 3 else ("", "", "")


def _status(caller: Caller) -> dict[str, Any]:
    return {"client_id": caller.account.id, "status": "active", "daily_limit": "5300.00"}


def _balance(caller: Caller) -> dict[str, Any]:
    coins = caller.account.balances.items()
    return {
        "balances": [
            {"currency": coin.lower(), "total": amount, "locked": "0", "available": amount}
            for coin, amount in coins
        ]
    }


def _cancel_all(caller: Caller) -> list[str]:
    return cancel_all(caller.state, caller.account.id)


def _nothing(_caller: Caller) -> list[Any]:
    return []


RULES = Rules(
    name="bitso",
    form=Form(_RIGHTS, max_ips=5, max_keys=6),
    claimed=lambda call: _parts(call)[0],
    admit=_admit,
    answered=lambda _call, result: {"success": True, "payload": result},
    refused=lambda refusal: {
        "success": False,
        "error": {"code": refusal.code, "message": refusal.message},
    },
    denied=lambda _endpoint: Refusal("0202", "Missing permission.", 401),
    limited=lambda _blocked: Refusal("0801", "Too many requests.", 429),
    missing=Refusal("0101", "Unknown endpoint.", 404),
    public={("GET", "/api/v3/available_books"): lambda _call: []},
    private={
        ("GET", "/api/v3/account_status"): Endpoint(_status, ["view_account"]),
        ("GET", "/api/v3/balance"): Endpoint(_balance, ["view_balances"]),
        ("GET", "/api/v3/open_orders"): Endpoint(_nothing, ["view_orders"]),
        ("DELETE", "/api/v3/orders/all"): Endpoint(_cancel_all, ["place_orders"]),
        ("GET", "/api/v3/ledger"): Endpoint(_nothing, ["view_account"]),
    },
    make=lambda _state, _form: {"public_id": alnum(10), "secret": hexadecimal(32)},
    balances={"MXN": "250000", "BTC": "0.75"},
)
VENUE = partial(Table, RULES)
