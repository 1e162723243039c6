"""A simulated OKX: sub-accounts are called by name, and only a bound key of the master manages their keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import uuid
from datetime import UTC, datetime
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.shapes import alnum, digits
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table, are_entries, enter
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call

PERMISSIONS = ("read_only", "trade", "withdraw")
MAX_IPS, MAX_KEYS = 20, 50
_SUB = "/api/v5/users/subaccount/"
_WINDOW_MS = 30_000
_HEADERS = {"key": "50103", "passphrase": "50104", "sign": "50106", "timestamp": "50107"}


def admit(state: State, call: Call) -> Key:
    """The calling key; each thing wrong has a code of its own."""
    given = {name: call.headers.get(f"ok-access-{name}", "") for name in _HEADERS}
    for name, code in _HEADERS.items():
        if not given[name]:
            raise Refusal(code, f"Request header OK-ACCESS-{name.upper()} cannot be empty.", 401)
    _check_clock(given["timestamp"], call.now_ms)
    key = state.book.usable(given["key"], call.now_ms)
    if key is None:
        raise Refusal("50119", "API key doesn't exist.", 401)
    if not key.enabled:
        raise Refusal("50100", "API frozen, please contact customer service.")
    if not hmac.compare_digest(key.passphrase.encode(), given["passphrase"].encode()):
        raise Refusal("50105", "Request header OK-ACCESS-PASSPHRASE incorrect.", 401)
    text = f"{given['timestamp']}{call.method}{call.target}".encode() + call.body
    wanted = base64.b64encode(hmac.new(key.secret.encode(), text, hashlib.sha256).digest())
    if not hmac.compare_digest(wanted, given["sign"].encode()):
        raise Refusal("50113", "Invalid Sign.", 401)
    if not key.allows(call.ip):
        raise Refusal("50110", f"Your IP {call.ip} is not included in your API key's IP whitelist.", 401)
    return key


def _check_clock(stamp: str, now_ms: int) -> None:
    try:
        sent = datetime.fromisoformat(stamp)
    except ValueError:
        raise Refusal("50112", "Invalid OK-ACCESS-TIMESTAMP.", 401) from None
    if sent.tzinfo is None:
        raise Refusal("50112", "Invalid OK-ACCESS-TIMESTAMP.", 401)
    if abs((sent - datetime.fromtimestamp(now_ms / 1000, UTC)).total_seconds()) * 1000 > _WINDOW_MS:
        raise Refusal("50102", "Timestamp request expired.", 401)


def config(caller: Caller) -> list[dict[str, Any]]:
    """What the calling key may, and its account's number."""
    uid, main = (account[4:] for account in (caller.account.id, caller.account.parent or caller.account.id))
    kind = "1" if caller.account.parent else "0"
    return [{"uid": uid, "mainUid": main, "type": kind, "acctLv": "2", **_settings(caller.key)}]


def balance(caller: Caller) -> list[dict[str, Any]]:
    """Balances of the account."""
    wanted = caller.text("ccy").split(",") if caller.text("ccy") else list(caller.account.balances)
    held = caller.account.balances
    return [{"details": [{"ccy": coin, "availBal": held[coin]} for coin in wanted if coin in held]}]


def create(caller: Caller) -> list[dict[str, Any]]:
    """A key of a sub-account with the passphrase it is to have."""
    sub, label, passphrase = _managed(caller), caller.text("label"), caller.text("passphrase")
    kept = caller.state.book.listed(sub)
    if len(kept) >= MAX_KEYS:
        raise Refusal("59501", f"Only {MAX_KEYS} APIs can be created per account.")
    if not label or any(key.label == label for key in kept):
        raise Refusal("59502", "Note name cannot be duplicate with the currently created API key note name.")
    kinds = (r"[0-9]", r"[a-z]", r"[A-Z]", r"[^0-9A-Za-z]", r"(?s).{8}")
    if len(passphrase) > 32 or not all(re.search(kind, passphrase) for kind in kinds):
        raise Refusal("59505", "The passphrase format is incorrect.")
    grants, ips = _grants(caller), _addresses(caller)
    key = enter(caller.state, KeyForm(sub, None, ips, label), grants, RULES)
    key.passphrase = passphrase
    made = {"secretKey": key.secret, "passphrase": passphrase}
    return [{"subAcct": sub, **_row(key), **made}]


def listed(caller: Caller) -> list[dict[str, Any]]:
    """The keys of a sub-account, or the one that is asked for."""
    wanted = caller.text("apiKey")
    found = caller.state.book.listed(_sub_account(caller))
    return [_row(key) for key in found if wanted in ("", key.public_id)]


def modify(caller: Caller) -> list[dict[str, Any]]:
    """What is given replaces what was; an empty `ip` unbinds."""
    key = _chosen(caller)
    grants = _grants(caller) if "perm" in caller.params else key.grants
    key.ips = _addresses(caller) if "ip" in caller.params else key.ips
    key.grants, key.label = grants, caller.text("label", key.label)
    return [{"subAcct": key.account, **_row(key)}]


def delete(caller: Caller) -> list[dict[str, Any]]:
    """End a key."""
    key = _chosen(caller)
    caller.state.delete(key, caller.call.now_ms)
    return [{"subAcct": key.account}]


def _sub_account(caller: Caller) -> str:
    if caller.account.parent:
        raise Refusal("59500", "Only the API key of the main account has permission.")
    sub = caller.state.book.accounts.get(caller.text("subAcct"))
    if sub is None or sub.parent != caller.account.id:
        raise Refusal("59510", "Sub-account does not exist.")
    return sub.id


def _managed(caller: Caller) -> str:
    """The sub-account, for a caller that may change its keys: one bound to addresses."""
    if not caller.key.ips:
        raise Refusal("50035", "This endpoint requires that APIKey must be bound to IP.", 403)
    return _sub_account(caller)


def _chosen(caller: Caller) -> Key:
    sub, wanted = _managed(caller), caller.text("apiKey")
    for key in caller.state.book.listed(sub):
        if key.public_id == wanted:
            return key
    raise Refusal("59506", "APIKey does not exist.")


def _grants(caller: Caller) -> frozenset[str]:
    sent = frozenset(caller.text("perm").split(","))
    if "withdraw" in sent:
        raise Refusal("59504", "The sub-account doesn't support withdrawal.")
    if not sent or sent - {"read_only", "trade"}:
        raise Refusal("51000", "Parameter perm error")
    return sent


def _addresses(caller: Caller) -> tuple[str, ...]:
    ips = tuple(caller.text("ip").split(",")) if caller.text("ip") else ()
    if len(ips) > MAX_IPS:
        raise Refusal("59503", f"Only {MAX_IPS} IPs can be bound per API key.")
    if not are_entries(ips):
        raise Refusal("51000", "Parameter ip error")
    return ips


def _settings(key: Key) -> dict[str, str]:
    perm = ",".join(name for name in PERMISSIONS if name in key.grants)
    return {"label": key.label, "perm": perm, "ip": ",".join(key.ips)}


def _row(key: Key) -> dict[str, str]:
    return {"apiKey": key.public_id, "ts": str(key.created_ms), **_settings(key)}


def _made(_state: State, _form: KeyForm) -> dict[str, str]:
    return {
        "public_id": str(uuid.uuid4()),
        "secret": secrets.token_hex(16).upper(),
        "passphrase": f"Pw1!{alnum(12)}",
    }


RULES = Rules(
    name="okx",
    form=Form(PERMISSIONS, MAX_IPS, networks=True, max_keys=MAX_KEYS),
    claimed=lambda call: call.headers.get("ok-access-key", ""),
    admit=admit,
    answered=lambda _call, result: {"code": "0", "msg": "", "data": result},
    refused=lambda refusal: {"code": str(refusal.code), "msg": refusal.message, "data": []},
    denied=lambda _endpoint: Refusal("50120", "This API key doesn't have permission to use this function."),
    limited=lambda _hard: Refusal("50011", "Too Many Requests", 429),
    public={("GET", "/api/v5/public/time"): lambda call: [{"ts": str(call.now_ms)}]},
    private={
        ("GET", "/api/v5/account/config"): Endpoint(config, ["read_only"]),
        ("GET", "/api/v5/account/balance"): Endpoint(balance, ["read_only"]),
        ("POST", f"{_SUB}apikey"): Endpoint(create, ["trade"]),
        ("GET", f"{_SUB}apikey"): Endpoint(listed, ["read_only"]),
        ("POST", f"{_SUB}modify-apikey"): Endpoint(modify, ["trade"]),
        ("POST", f"{_SUB}delete-apikey"): Endpoint(delete, ["trade"]),
    },
    make=_made,
    account_id=lambda: f"desk{digits(12)}",
)
VENUE = partial(Table, RULES)
