"""A simulated Bitget: unified accounts, or classic ones where the switch `classic_accounts` is on.

Chosen where the documents are silent: the order of checks (headers, key, clock, passphrase, signature,
address), 40037 for an unknown or deleted key, the plain query as what is signed, addresses that limit every
call, 40017 for a form that is not taken.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from keyguard_simulators.accounts import Account, Key, are_addresses
from keyguard_simulators.asymmetric import signs
from keyguard_simulators.shapes import alnum, hexadecimal
from keyguard_simulators.state import State
from keyguard_simulators.table import (
    Caller,
    Endpoint,
    Form,
    Refusal,
    Rules,
    Table,
    enter,
    key_of,
    same,
    subordinate,
)
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call, whole

UNIFIED = ("uta_mgt", "uta_trade")
CLASSIC = ("spot_trade", "margin_trade", "contract_trade", "transfer", "read")
PERMISSIONS = (*UNIFIED, *CLASSIC, "withdraw", "chow")
CODES = {
    "spot_trade": "stow",
    "margin_trade": "smow",
    "contract_trade": "coow",
    "transfer": "wtow",
    "read": "stor",
    "withdraw": "wwow",
    "chow": "chow",
}
HEADERS = ("access-key", "access-sign", "access-timestamp", "access-passphrase")
WINDOW_MS = 30_000


def admit(state: State, call: Call) -> Key:
    """Check headers, key, clock, passphrase, signature, address and the account's mode."""
    public_id, signature, stamp, passphrase = (call.headers.get(name, "") for name in HEADERS)
    for name, code in zip(HEADERS, ("40001", "40002", "40003", "40011"), strict=True):
        if not call.headers.get(name):
            raise Refusal(code, f"{name.upper()} cannot be empty")
    key = state.book.usable(public_id, call.now_ms)
    if key is None:
        raise Refusal("40037", "Apikey does not exist")
    sent_ms = whole(stamp)
    if sent_ms is None or abs(call.now_ms - sent_ms) > WINDOW_MS:
        raise Refusal("40008", "Request timestamp expired")
    if not same(passphrase, key.passphrase):
        raise Refusal("40012", "apikey/password is incorrect")
    target = f"{call.path}?{unquote(call.query)}" if call.query else call.path
    if not _signs(key, f"{stamp}{call.method}{target}".encode() + call.body, signature):
        raise Refusal("40009", "sign signature error")
    if not key.allows(call.ip):
        raise Refusal("40038", "The request ip is not in the whitelist of the apikey")
    if call.path.startswith("/api/v3/") is state.switches.classic_accounts:
        mode, other = ("40084", "Classic") if state.switches.classic_accounts else ("40085", "Unified")
        raise Refusal(mode, f"You are in {other} Account mode, and this API is not supported at this time")
    return key


def _signs(key: Key, text: bytes, signature: str) -> bool:
    if key.public_key:
        return signs(key.public_key, text, signature)
    digest = hmac.new(key.secret.encode(), text, hashlib.sha256).digest()
    return same(signature, base64.b64encode(digest).decode())


def unified_info(caller: Caller) -> dict[str, Any]:
    """The calling key, of a unified account."""
    key = caller.key
    return {
        "uid": key.account,
        "inviterId": None,
        "parentId": caller.account.parent or None,
        "ips": ",".join(key.ips),
        "permType": "read-only" if key.read_only else "read-and-write",
        "permissions": [name for name in (*UNIFIED, "withdraw") if name in key.grants],
        "regisTime": "1700000000000",
    }


def classic_info(caller: Caller) -> dict[str, Any]:
    """The calling key, of a classic account."""
    key = caller.key
    return {
        "userId": key.account,
        "inviterId": "0",
        "parentId": int(caller.account.parent or 0),
        "ips": ",".join(key.ips),
        "authorities": [code for name, code in CODES.items() if name in key.grants],
        "traderType": "not_trader",
        "regisTime": "1700000000000",
    }


def unified_list(caller: Caller) -> dict[str, Any]:
    """One page of a sub-account's keys."""
    keys = caller.state.book.listed(_sub(caller, "subUid").id)
    start, size = whole(str(caller.params.get("cursor", "0"))) or 0, 3
    shown = keys[start : start + size]
    more = len(keys) > start + size
    return {"items": [_unified(key) for key in shown], "hasNext": more, "cursor": str(start + size)}


def unified_create(caller: Caller) -> dict[str, Any]:
    """Make a key of a unified sub-account."""
    sub = _sub(caller, "subUid")
    key = _entered(caller, sub, str(caller.params.get("note", "")), "permissions", "ips", UNIFIED)
    key.read_only = caller.params.get("type") == "read_only"
    return {**_unified(key), "secret": key.secret}


def unified_edit(caller: Caller) -> None:
    """Replace permissions and addresses; addresses that are not named stay."""
    key = _owned(caller)
    _demand_passphrase(caller, key)
    if "permissions" in caller.params:
        key.grants = frozenset(_texts(caller, "permissions", UNIFIED))
        key.read_only = caller.params.get("type") == "read_only"
    if "ips" in caller.params:
        key.ips = _addresses(caller, "ips")


def unified_delete(caller: Caller) -> None:
    """Delete a key of a unified sub-account."""
    caller.state.delete(_owned(caller), caller.call.now_ms)


def classic_list(caller: Caller) -> list[dict[str, Any]]:
    """The keys of a classic sub-account."""
    return [_classic(key) for key in caller.state.book.listed(_sub(caller, "subAccountUid").id)]


def classic_create(caller: Caller) -> dict[str, Any]:
    """Make a key of a classic sub-account, by a key that is bound to addresses."""
    _demand_bound(caller)
    sub, label = _sub(caller, "subAccountUid"), str(caller.params.get("label", ""))
    key = _entered(caller, sub, label, "permList", "ipList", CLASSIC)
    return {**_classic(key), "secretKey": key.secret}


def classic_edit(caller: Caller) -> dict[str, Any]:
    """Replace label, permissions and addresses; addresses that are not named are cleared."""
    _demand_bound(caller)
    key = key_of(caller, _sub(caller, "subAccountUid"), caller.params.get("subAccountApiKey"))
    if key is None:
        raise Refusal("40065", "The sub-account apikey does not exist")
    _demand_passphrase(caller, key)
    key.label, key.ips = str(caller.params.get("label", "")), _addresses(caller, "ipList")
    if "permList" in caller.params:
        key.grants = frozenset(_texts(caller, "permList", CLASSIC))
    return _classic(key)


def balances(caller: Caller) -> list[dict[str, Any]]:
    """What the account holds."""
    return [{"coin": coin, "available": held} for coin, held in caller.account.balances.items()]


def _entered(caller: Caller, sub: Account, label: str, perms: str, ips: str, known: tuple[str, ...]) -> Key:
    passphrase = str(caller.params.get("passphrase", ""))
    if not (8 <= len(passphrase) <= 32 and passphrase.isalnum() and 1 <= len(label) <= 20):
        raise Refusal("40070", "passphrase: 8 to 32 letters and digits; label: 1 to 20 characters")
    if len(caller.state.book.listed(sub.id)) >= 10:
        raise Refusal("40063", "at most 10 keys")
    form = KeyForm(sub.id, [], _addresses(caller, ips), label=label, passphrase=passphrase)
    return enter(caller.state, form, frozenset(_texts(caller, perms, known)), RULES)


def _sub(caller: Caller, name: str) -> Account:
    account = subordinate(caller, caller.params.get(name))
    if account is None:
        raise Refusal("40061", "no such sub-account")
    return account


def _owned(caller: Caller) -> Key:
    """The key named, where it is one of a sub-account of the caller's."""
    key = caller.state.book.keys.get(str(caller.params.get("apiKey")))
    if key is None or key.deleted or subordinate(caller, key.account) is None:
        raise Refusal("40065", "The sub-account apikey does not exist")
    return key


def _demand_passphrase(caller: Caller, key: Key) -> None:
    if not same(str(caller.params.get("passphrase", "")), key.passphrase):
        raise Refusal("40036", "passphrase is error")


def _demand_bound(caller: Caller) -> None:
    if not caller.key.ips:
        raise Refusal("22010", "please bind an ip to the apikey")


def _texts(caller: Caller, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    sent = caller.params.get(name, [])
    if not isinstance(sent, list) or not all(isinstance(one, str) and one in known for one in sent):
        raise Refusal("40017", f"parameter {name}")
    return tuple(sent)


def _addresses(caller: Caller, name: str) -> tuple[str, ...]:
    sent = caller.params.get(name, [])
    listed = isinstance(sent, list) and all(isinstance(ip, str) for ip in sent)
    if not listed or len(sent) > 30 or not are_addresses(sent):
        raise Refusal("40017", f"parameter {name}")
    return tuple(sent)


def _unified(key: Key) -> dict[str, Any]:
    return {
        "apiKey": key.public_id,
        "note": key.label,
        "type": "read_only" if key.read_only else "read_write",
        "permissions": [name for name in UNIFIED if name in key.grants],
        "ips": list(key.ips),
        "ts": str(key.created_ms),
    }


def _classic(key: Key) -> dict[str, Any]:
    return {
        "subAccountUid": key.account,
        "label": key.label,
        "subAccountApiKey": key.public_id,
        "permList": [name for name in CLASSIC if name in key.grants],
        "ipList": list(key.ips),
    }


def _writes(serve: Callable[[Caller], Any]) -> Endpoint:
    def checked(caller: Caller) -> Any:
        if caller.key.read_only:
            raise Refusal("25620", "the key needs uta_mgt read and write")
        return serve(caller)

    return Endpoint(checked, ["uta_mgt"])


_V2 = "/api/v2/user"
RULES = Rules(
    name="bitget",
    form=Form(PERMISSIONS, max_ips=30, max_keys=10),
    claimed=lambda call: call.headers.get("access-key", ""),
    admit=admit,
    refused=lambda refusal: {"code": refusal.code, "msg": refusal.message, "data": None},
    denied=lambda endpoint: Refusal("40014", f"Incorrect permissions, need {' '.join(endpoint.needs)}"),
    limited=lambda _: Refusal("429", "Too Many Requests", 429),
    missing=Refusal("40404", "Request URL NOT FOUND", 404),
    answered=lambda _, result: {"code": "00000", "msg": "success", "data": result},
    public={("GET", "/api/v2/public/time"): lambda call: {"serverTime": str(call.now_ms)}},
    private={
        ("GET", "/api/v3/account/info"): Endpoint(unified_info),
        ("GET", "/api/v3/account/assets"): Endpoint(balances, ["uta_mgt"]),
        ("GET", "/api/v3/user/sub-api-list"): Endpoint(unified_list, ["uta_mgt"]),
        ("POST", "/api/v3/user/create-sub-api"): _writes(unified_create),
        ("POST", "/api/v3/user/update-sub-api"): _writes(unified_edit),
        ("POST", "/api/v3/user/delete-sub-api"): _writes(unified_delete),
        ("GET", "/api/v2/spot/account/info"): Endpoint(classic_info, ["read"]),
        ("GET", "/api/v2/spot/account/assets"): Endpoint(balances, ["read"]),
        ("GET", f"{_V2}/virtual-subaccount-apikey-list"): Endpoint(classic_list, ["chow"]),
        ("POST", f"{_V2}/create-virtual-subaccount-apikey"): Endpoint(classic_create, ["chow"]),
        ("POST", f"{_V2}/modify-virtual-subaccount-apikey"): Endpoint(classic_edit, ["chow"]),
    },
    make=lambda _, form: {
        "public_id": "bg_" + hexadecimal(32),
        "secret": "" if form.public_key else hexadecimal(64),
        "passphrase": form.passphrase or alnum(16),
    },
    account_id=lambda: str(10**9 + int(hexadecimal(7), 16)),
    calls_per_second=5,
)
VENUE = partial(Table, RULES)
