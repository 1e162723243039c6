"""A simulated KuCoin: its three-part credentials, the key calls of a master account, a few reading calls.

Chosen where the documents are silent: the order of checks (headers, key, clock, passphrase, signature,
address), HTTP statuses, what an edit does to what it does not name (permission becomes General, addresses
go), the refusal of a wrong sub-account or key (400100).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from functools import partial
from typing import Any
from urllib.parse import unquote

from keyguard_simulators.accounts import Account, Key
from keyguard_simulators.shapes import alnum, hexadecimal
from keyguard_simulators.state import State
from keyguard_simulators.table import (
    Caller,
    Endpoint,
    Form,
    Refusal,
    Rules,
    Table,
    are_entries,
    enter,
    key_of,
    same,
    split,
    subordinate,
)
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call, whole

PERMISSIONS = ("General", "Spot", "Margin", "Futures", "InnerTransfer", "Transfer", "Earn")
SUB_PERMISSIONS = PERMISSIONS[:5]
HEADERS = ("kc-api-key", "kc-api-sign", "kc-api-timestamp", "kc-api-passphrase")
WINDOW_MS = 5000


def admit(state: State, call: Call) -> Key:
    """Check headers, key, clock, passphrase, signature and address."""
    public_id, signature, stamp, passphrase = (call.headers.get(name, "") for name in HEADERS)
    if not (public_id and signature and stamp and passphrase):
        raise Refusal("400001", "Please check the header of your request for KC-API-KEY and the others")
    key = state.book.usable(public_id, call.now_ms)
    if key is None:
        raise Refusal("400003", "KC-API-KEY not exists", 401)
    sent_ms = whole(stamp)
    if sent_ms is None or abs(call.now_ms - sent_ms) > WINDOW_MS:
        raise Refusal("400002", "Invalid KC-API-TIMESTAMP")
    plain = call.headers.get("kc-api-key-version", "1") == "1"
    if not same(passphrase, key.passphrase if plain else _signed(key, key.passphrase.encode())):
        raise Refusal("400004", "Invalid KC-API-PASSPHRASE", 401)
    target = f"{call.path}?{unquote(call.query)}" if call.query else call.path
    if not same(signature, _signed(key, f"{stamp}{call.method}{target}".encode() + call.body)):
        raise Refusal("400005", "Invalid KC-API-SIGN", 401)
    if not key.allows(call.ip):
        raise Refusal("400006", f"The requested ip address is not in the api whitelist: {call.ip}", 401)
    return key


def _signed(key: Key, text: bytes) -> str:
    return base64.b64encode(hmac.new(key.secret.encode(), text, hashlib.sha256).digest()).decode()


def whoami(caller: Caller) -> dict[str, Any]:
    """The calling key."""
    return _facts(caller, caller.key)


def list_keys(caller: Caller) -> list[dict[str, Any]]:
    """The keys of a sub-account."""
    return [_facts(caller, key) for key in caller.state.book.listed(_sub(caller).id)]


def create_key(caller: Caller) -> dict[str, Any]:
    """Make a key of a sub-account; the only answer with its secret."""
    sub, params = _sub(caller), caller.params
    passphrase, remark = str(params.get("passphrase", "")), str(params.get("remark", ""))
    if not 7 <= len(passphrase) <= 32 or " " in passphrase or not 1 <= len(remark) <= 24:
        raise Refusal("400100", "passphrase: 7 to 32 characters without spaces; remark: 1 to 24")
    if str(params.get("expire", "-1")) not in ("-1", "30", "90", "180", "360"):
        raise Refusal("400100", "expire: -1, 30, 90, 180, 360")
    grants, ips = _settings(caller)
    form = KeyForm(sub.id, [], ips, label=remark, passphrase=passphrase)
    key = enter(caller.state, form, grants, RULES)
    return {**_facts(caller, key), "apiSecret": key.secret, "passphrase": passphrase}


def edit_key(caller: Caller) -> dict[str, Any]:
    """Replace permissions and addresses by what is sent, or by nothing."""
    key = _named(caller)
    key.grants, key.ips = _settings(caller)
    told = _facts(caller, key)
    return {name: told[name] for name in ("subName", "apiKey", "permission", "ipWhitelist")}


def delete_key(caller: Caller) -> dict[str, Any]:
    """Delete a key of a sub-account."""
    key = _named(caller)
    caller.state.delete(key, caller.call.now_ms)
    return {"subName": caller.params["subName"], "apiKey": key.public_id}


def balances(caller: Caller) -> list[dict[str, Any]]:
    """The accounts of the caller."""
    return [
        {"id": coin, "currency": coin, "type": "trade", "balance": held, "available": held, "holds": "0"}
        for coin, held in caller.account.balances.items()
    ]


def _sub(caller: Caller) -> Account:
    wanted = caller.params.get("subName")
    account = subordinate(caller, wanted)
    if account is None or account.name != wanted:
        raise Refusal("400100", "sub user does not exist")
    return account


def _named(caller: Caller) -> Key:
    """The key an edit or deletion names, with its own passphrase."""
    key = key_of(caller, _sub(caller), caller.params.get("apiKey"))
    if key is None or not same(str(caller.params.get("passphrase", "")), key.passphrase):
        raise Refusal("400100", "api key does not exist or its passphrase is wrong")
    return key


def _settings(caller: Caller) -> tuple[frozenset[str], tuple[str, ...]]:
    grants = split(caller.params.get("permission", "General"))
    ips = split(caller.params.get("ipWhitelist", ""))
    if not grants or set(grants) - set(SUB_PERMISSIONS) or len(ips) > 20 or not are_entries(ips):
        raise Refusal("400100", "permission or ipWhitelist")
    return frozenset(grants), ips


def _facts(caller: Caller, key: Key) -> dict[str, Any]:
    account = caller.state.book.accounts[key.account]
    told = {
        "remark": key.label,
        "apiKey": key.public_id,
        "apiVersion": 3,
        "permission": ",".join(name for name in PERMISSIONS if name in key.grants),
        "ipWhitelist": ",".join(_masked(ip) for ip in key.ips),
        "createdAt": key.created_ms,
        "uid": int(account.id),
        "isMaster": not account.parent,
    }
    return {**told, "subName": account.name} if account.parent else told


def _masked(ip: str) -> str:
    """As in the documents' examples."""
    parts = ip.split(".")
    return f"{parts[0]}.**.{parts[-1]}"


RULES = Rules(
    name="kucoin",
    form=Form(PERMISSIONS, max_ips=20),
    claimed=lambda call: call.headers.get("kc-api-key", ""),
    admit=admit,
    refused=lambda refusal: {"code": refusal.code, "msg": refusal.message},
    denied=lambda _: Refusal("400007", "Access denied, require more permission", 403),
    limited=lambda _: Refusal("429000", "Too many requests", 429),
    missing=Refusal("404000", "URL not found", 404),
    answered=lambda _, result: {"code": "200000", "data": result},
    public={("GET", "/api/v1/timestamp"): lambda call: call.now_ms},
    private={
        ("GET", "/api/v1/user/api-key"): Endpoint(whoami, ["General"]),
        ("GET", "/api/v1/sub/api-key"): Endpoint(list_keys, ["General"]),
        ("POST", "/api/v1/sub/api-key"): Endpoint(create_key, ["General"]),
        ("POST", "/api/v1/sub/api-key/update"): Endpoint(edit_key, ["General"]),
        ("DELETE", "/api/v1/sub/api-key"): Endpoint(delete_key, ["General"]),
        ("GET", "/api/v1/accounts"): Endpoint(balances, ["General"]),
    },
    make=lambda _, form: {
        "public_id": hexadecimal(24),
        "secret": str(uuid.uuid4()),
        "passphrase": form.passphrase or alnum(16),
    },
    calls_per_second=3,  # 2000 weight in 30 s, 20 to 30 a call
)
VENUE = partial(Table, RULES)
