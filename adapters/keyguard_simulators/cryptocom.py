"""Crypto.com Exchange: key and signature in the body, one answer for a dead key and a wrong secret.

Assumed: the order of checks (time, key, signature, address, repetition); a missing switch is answered like a
wrong key; HTTP statuses as in the table of codes.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Account, Key
from keyguard_simulators.shapes import alnum
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table, body_of
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call, whole

SWITCHES = ("read", "trading", "withdrawal")
_WINDOW_MS = 60_000
_PREFIX = "/exchange/v1/"


def _unauthorized() -> Refusal:
    return Refusal(40101, "UNAUTHORIZED", 401)


def _claimed(call: Call) -> str:
    return str(body_of(call).get("api_key", ""))


def _admit(state: State, call: Call) -> Key:
    sent = body_of(call)
    nonce = whole(str(sent.get("nonce", "")))
    if nonce is None or abs(nonce - call.now_ms) > _WINDOW_MS:
        raise Refusal(40102, "INVALID_NONCE", 400)
    key = state.book.usable(_claimed(call), call.now_ms)
    if key is None or not key.enabled or sent.get("method") != call.path.removeprefix(_PREFIX):
        raise _unauthorized()
    if not hmac.compare_digest(str(sent.get("sig", "")).encode(), _signature(key, sent).encode()):
        raise _unauthorized()
    if not key.allows(call.ip):
        raise Refusal(40103, "IP_ILLEGAL", 401)
    if not state.spend_nonce(key.public_id, f"{sent.get('id')} {sent['method']} {nonce}"):
        raise Refusal(40006, "DUPLICATE_REQUEST", 400)
    return key


def _signature(key: Key, sent: Mapping[str, Any]) -> str:
    params = sent.get("params", {})
    words = [sent.get("method"), sent.get("id"), key.public_id, _joined(params), sent.get("nonce")]
    return hmac.new(key.secret.encode(), "".join(map(str, words)).encode(), hashlib.sha256).hexdigest()


def _joined(value: Any, level: int = 0) -> str:
    """The documented way to write parameters as one text."""
    if isinstance(value, dict) and level < 3:
        return "".join(name + _joined(value[name], level + 1) for name in sorted(value))
    if isinstance(value, list):
        return "".join(_joined(one, level) for one in value)
    return "null" if value is None else str(value)


def _make(_state: State, form: KeyForm) -> Mapping[str, Any]:
    """Every key can read, whatever else was switched on."""
    grants = frozenset({*form.permissions, "read"})
    return {"public_id": alnum(22), "secret": f"cxakp_{alnum(22)}", "grants": grants}


def _described(account: Account) -> dict[str, Any]:
    return {
        "uuid": account.id,
        "master_account_uuid": account.parent or account.id,
        "hierarchy": "SUB_ACCOUNT" if account.parent else "MASTER",
        "label": account.name,
        "two_fa_enabled": True,
        "kyc_level": "ADVANCED",
        "suspended": False,
        "terminated": False,
    }


def _accounts(caller: Caller) -> Any:
    accounts, own = caller.state.book.accounts, caller.account
    master, *subs = caller.state.book.family(own.id)
    return {
        "this_account": _described(own),
        "master_account": _described(accounts[master]),
        "sub_account_list": [] if own.parent else [_described(accounts[sub]) for sub in subs],
    }


def _balance(caller: Caller) -> Any:
    positions = [
        {"instrument_name": coin, "quantity": amount} for coin, amount in caller.account.balances.items()
    ]
    return {"data": [{"instrument_name": "USD", "position_balances": positions}]}


RULES = Rules(
    name="cryptocom",
    form=Form(SWITCHES, max_ips=20),
    claimed=_claimed,
    admit=_admit,
    refused=lambda refusal: {"id": -1, "code": refusal.code, "message": refusal.message},
    answered=lambda call, result: {
        "id": body_of(call).get("id", -1),
        "method": call.path.removeprefix(_PREFIX),
        "code": 0,
        "result": result,
    },
    denied=lambda _endpoint: _unauthorized(),
    limited=lambda _harder: Refusal(42901, "RATE_LIMIT", 429),
    missing=Refusal(40401, "NOT_FOUND", 404),
    private={
        ("POST", f"{_PREFIX}private/get-accounts"): Endpoint(_accounts),
        ("POST", f"{_PREFIX}private/user-balance"): Endpoint(_balance),
        ("POST", f"{_PREFIX}private/get-order-detail"): Endpoint(lambda _caller: {}),
        ("POST", f"{_PREFIX}private/get-deposit-address"): Endpoint(
            lambda _caller: {"deposit_address_list": []}, {"withdrawal"}
        ),
    },
    make=_make,
    account_id=lambda: str(uuid.uuid4()),
    calls_per_second=30,
)
VENUE = partial(Table, RULES)
