"""A simulated BingX: signatures in query or body, what a key may, keys of sub-accounts.

Chosen where the documents are silent: the order of checks (key, clock, signature, address, permission),
permissions as numbers, `apiSecret` as the name of a new secret, an edit without addresses clears them,
100404 for a sub-account or key that is not the caller's, `manage` as the page's name of Manage Subaccounts.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from keyguard_simulators.accounts import Account, Key, are_addresses
from keyguard_simulators.shapes import alnum
from keyguard_simulators.state import State
from keyguard_simulators.table import (
    Caller,
    Endpoint,
    Form,
    Refusal,
    Rules,
    Table,
    body_of,
    enter,
    key_of,
    same,
    subordinate,
)
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call, whole

NUMBERS = ("1", "2", "3", "4", "5", "7")
PERMISSIONS = (*NUMBERS, "manage")
WINDOW_MS = 5000


def admit(state: State, call: Call) -> Key:
    """Check key, clock, signature and address."""
    sent = _sent(call)
    key = state.book.usable(call.headers.get("x-bx-apikey", ""), call.now_ms)
    if key is None:
        raise Refusal(100413, "Incorrect apiKey", 200)
    sent_ms = whole(sent.get("timestamp", ""))
    if sent_ms is None or abs(call.now_ms - sent_ms) > WINDOW_MS:
        raise Refusal(100421, "Null timestamp or timestamp mismatch", 200)
    signature = sent.pop("signature", "")
    if not signature:
        raise Refusal(100412, "Null signature", 200)
    text = "&".join(f"{name}={sent[name]}" for name in sorted(sent)).encode()
    if not same(signature, hmac.new(key.secret.encode(), text, hashlib.sha256).hexdigest()):
        raise Refusal(100001, "Signature verification failed", 200)
    if not key.allows(call.ip):
        raise Refusal(100419, f"your current request IP {call.ip} does not match IP whitelist", 200)
    return key


def _sent(call: Call) -> dict[str, str]:
    """What the call carries, as it is signed: of the query as a person reads it, or of the JSON body."""
    if call.method == "POST" and call.headers.get("content-type", "").startswith("application/json"):
        members = body_of(call)
        return {
            name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            for name, value in members.items()
        }
    return dict(parse_qsl(call.query.replace("+", "%2B"), keep_blank_values=True))


def permissions(caller: Caller) -> dict[str, Any]:
    """What the calling key may."""
    return {**_facts(caller.key), "apiKey": caller.key.public_id}


def uid(caller: Caller) -> dict[str, Any]:
    """The account number."""
    return {"uid": int(caller.key.account)}


def balances(caller: Caller) -> dict[str, Any]:
    """What the account holds."""
    held = caller.account.balances
    return {"balances": [{"asset": coin, "free": amount, "locked": "0"} for coin, amount in held.items()]}


def subs(caller: Caller) -> dict[str, Any]:
    """The sub-accounts."""
    accounts = caller.state.book.accounts
    family = caller.state.book.family(caller.key.account)[1:]
    rows = [{"subUid": int(one), "subAccountString": accounts[one].name, "freeze": False} for one in family]
    return {"result": rows, "total": len(rows)}


def list_keys(caller: Caller) -> dict[str, Any]:
    """The keys of the main account or a sub-account, masked."""
    wanted, named = str(caller.params.get("uid", "")), caller.params.get("apiKey")
    account = caller.account if wanted == caller.key.account else _sub(caller, wanted)
    keys = [key for key in caller.state.book.listed(account.id) if named in (None, key.public_id)]
    return {"apiInfos": [{**_facts(key), "status": 1, "createTime": key.created_ms} for key in keys]}


def create_key(caller: Caller) -> dict[str, Any]:
    """Make a key of a sub-account; the only answer with its secret."""
    sub, (grants, ips) = _sub(caller, caller.params.get("subUid")), _settings(caller)
    if len(caller.state.book.listed(sub.id)) >= 20:
        raise Refusal(100405, "at most 20 keys", 200)
    key = enter(caller.state, KeyForm(sub.id, [], ips, label=_note(caller)), grants, RULES)
    return {**_facts(key), "apiKey": key.public_id, "apiSecret": key.secret}


def edit_key(caller: Caller) -> dict[str, Any]:
    """Replace note, permissions and addresses."""
    key = _named(caller)
    key.grants, key.ips = _settings(caller)
    key.label = _note(caller)
    return _facts(key)


def delete_key(caller: Caller) -> dict[str, Any]:
    """Delete a key of a sub-account."""
    caller.state.delete(_named(caller), caller.call.now_ms)
    return {}


def _note(caller: Caller) -> str:
    return str(caller.params.get("note", ""))


def _sub(caller: Caller, wanted: object) -> Account:
    account = subordinate(caller, wanted)
    if account is None:
        raise Refusal(100404, "the sub-account does not exist", 200)
    return account


def _named(caller: Caller) -> Key:
    key = key_of(caller, _sub(caller, caller.params.get("subUid")), caller.params.get("apiKey"))
    if key is None:
        raise Refusal(100404, "the api key does not exist", 200)
    return key


def _settings(caller: Caller) -> tuple[frozenset[str], tuple[str, ...]]:
    sent, ips = caller.params.get("permissions"), caller.params.get("ipAddresses", [])
    if not isinstance(sent, list) or not sent or {str(one) for one in sent} - set(NUMBERS):
        raise Refusal(100400, "permissions", 200)
    texts = isinstance(ips, list) and all(isinstance(ip, str) for ip in ips)
    if not texts or len(ips) > 20 or not are_addresses(ips):
        raise Refusal(100400, "ipAddresses", 200)
    return frozenset(str(one) for one in sent), tuple(ips)


def _facts(key: Key) -> dict[str, Any]:
    return {
        "apiKey": f"{key.public_id[:2]}****{key.public_id[-2:]}",
        "note": key.label,
        "permissions": [int(number) for number in NUMBERS if number in key.grants],
        "ipAddresses": list(key.ips) or [""],
    }


_SUB_KEYS = "/openApi/subAccount/v1/apiKey"
RULES = Rules(
    name="bingx",
    form=Form(PERMISSIONS, max_ips=20, max_keys=20),
    claimed=lambda call: call.headers.get("x-bx-apikey", ""),
    admit=admit,
    refused=lambda refusal: {"code": refusal.code, "msg": refusal.message, "data": {}},
    denied=lambda _: Refusal(100004, "Permission denied as the API key was created without it", 200),
    limited=lambda blocked: Refusal(
        100410, "The endpoint trigger frequency limit rule", 418 if blocked else 429
    ),
    missing=Refusal(100400, "this api is not exist", 404),
    answered=lambda call, result: {"code": 0, "msg": "", "timestamp": call.now_ms, "data": result},
    public={("GET", "/openApi/swap/v2/server/time"): lambda call: {"serverTime": call.now_ms}},
    private={
        ("GET", "/openApi/v1/account/apiPermissions"): Endpoint(permissions, ["2"]),
        ("GET", "/openApi/account/v1/uid"): Endpoint(uid, ["2"]),
        ("GET", "/openApi/spot/v1/account/balance"): Endpoint(balances, ["2"]),
        ("GET", "/openApi/account/v1/apiKey/query"): Endpoint(list_keys, ["2"]),
        ("GET", "/openApi/subAccount/v1/list"): Endpoint(subs, ["manage"]),
        ("POST", f"{_SUB_KEYS}/create"): Endpoint(create_key, ["manage"]),
        ("POST", f"{_SUB_KEYS}/edit"): Endpoint(edit_key, ["manage"]),
        ("POST", f"{_SUB_KEYS}/del"): Endpoint(delete_key, ["manage"]),
    },
    make=lambda _, _form: {"public_id": alnum(83), "secret": alnum(83)},
    calls_per_second=2,
)
VENUE = partial(Table, RULES)
