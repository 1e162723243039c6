"""A simulated MEXC: spot and futures signatures, key calls of a master account, reading calls.

Chosen where the documents are silent: the order of checks (key, clock, signature and life, address,
permission), HTTP 400 with every code, addresses that replace the old ones, the permission of each reading
call, 140002 for a sub-account's key that lists sub-accounts.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import partial
from typing import Any

from keyguard_simulators.accounts import DAY_MS, Account, Key, are_addresses
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
    split,
    subordinate,
)
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call, whole

PERMISSIONS = (
    *(f"SPOT_{area}_READ" for area in ("ACCOUNT", "DEAL", "WITHDRAW", "DEPOSIT", "TRANSFER")),
    *(f"SPOT_{area}_WRITE" for area in ("ACCOUNT", "DEAL", "TRANSFER", "WITHDRAW")),
    *(f"CONTRACT_{area}_{way}" for area in ("ACCOUNT", "DEAL") for way in ("READ", "WRITE")),
)
AHEAD_MS, WINDOW_MS, MAX_WINDOW_MS, OPEN_LIFE_MS = 1000, 5000, 60_000, 90 * DAY_MS


def admit(state: State, call: Call) -> Key:
    """Check as spot or futures do: key, clock, signature and life, address."""
    futures = call.path.startswith("/api/v1/")
    key = state.book.usable(claimed(call), call.now_ms)
    if not claimed(call):
        raise Refusal(400, "api key required")
    if key is None:
        raise Refusal(401 if futures else 10072, "Api key info invalid", 401 if futures else 400)
    if not (_in_time_futures(call) if futures else _in_time_spot(call)):
        raise Refusal(513 if futures else 700003, "Timestamp for this request is outside of the recvWindow")
    if not _signed(key, call, futures):
        raise Refusal(602 if futures else 700002, "Signature for this request is not valid.")
    if not key.ips and key.created_ms + OPEN_LIFE_MS <= call.now_ms:
        raise Refusal(402 if futures else 700002, "Signature for this request is not valid.")
    if not key.allows(call.ip):
        raise Refusal(406 if futures else 700006, f"IP [{call.ip}] non white list")
    return key


def claimed(call: Call) -> str:
    """The key a call names."""
    return call.headers.get("apikey" if call.path.startswith("/api/v1/") else "x-mexc-apikey", "")


def _in_time_spot(call: Call) -> bool:
    sent_ms, window = whole(call.params.get("timestamp", "")), whole(call.params.get("recvWindow", "5000"))
    if sent_ms is None or window is None or window > MAX_WINDOW_MS:
        return False
    return sent_ms < call.now_ms + AHEAD_MS and call.now_ms - sent_ms <= window


def _in_time_futures(call: Call) -> bool:
    sent_ms = whole(call.headers.get("request-time", ""))
    return sent_ms is not None and abs(call.now_ms - sent_ms) <= 2 * WINDOW_MS


def _signed(key: Key, call: Call, futures: bool) -> bool:
    if futures:
        signature = call.headers.get("signature", "")
        text = f"{key.public_id}{call.headers.get('request-time', '')}{call.query}".encode() + call.body
    else:
        covered, _, signature = call.query.rpartition("&signature=")
        text = covered.encode() + call.body
    return same(signature, hmac.new(key.secret.encode(), text, hashlib.sha256).hexdigest())


def uid(caller: Caller) -> dict[str, Any]:
    """The caller's account number."""
    return {"uid": caller.key.account}


def account(caller: Caller) -> dict[str, Any]:
    """What the account, not the key, may do."""
    held = caller.account.balances
    return {
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "accountType": "SPOT",
        "permissions": ["SPOT"],
        "balances": [{"asset": coin, "free": amount, "locked": "0"} for coin, amount in held.items()],
    }


def nothing(_caller: Caller) -> list[Any]:
    """Of an account without orders and payments."""
    return []


def subs(caller: Caller) -> dict[str, Any]:
    """The sub-accounts of a master account."""
    if caller.account.parent:
        raise Refusal(140002, "sub account not allowed")
    accounts = caller.state.book.accounts
    family = caller.state.book.family(caller.key.account)[1:]
    return {
        "subAccounts": [{"subAccount": accounts[one].name, "isFreeze": False, "uid": one} for one in family]
    }


def list_keys(caller: Caller) -> dict[str, Any]:
    """The keys of a sub-account."""
    return {"subAccount": [_facts(key) for key in caller.state.book.listed(_sub(caller).id)]}


def create_key(caller: Caller) -> dict[str, Any]:
    """Make a key of a sub-account; the only answer with its secret."""
    sub, note = _sub(caller), str(caller.params.get("note", ""))
    grants, ips = split(caller.params.get("permissions")), _addresses(caller.params.get("ip", ""))
    if not note or not grants or set(grants) - set(PERMISSIONS) or "SPOT_WITHDRAW_WRITE" in grants:
        raise Refusal(730700, "note or permissions")
    if len(caller.state.book.listed(sub.id)) >= 30:
        raise Refusal(730705, "at most 30 keys")
    key = enter(caller.state, KeyForm(sub.id, [], ips, label=note), frozenset(grants), RULES)
    return {"subAccount": sub.name, **_facts(key), "secretKey": key.secret}


def delete_key(caller: Caller) -> dict[str, Any]:
    """Delete a key of a sub-account."""
    sub = _sub(caller)
    key = key_of(caller, sub, caller.params.get("apiKey"))
    if key is None:
        raise Refusal(730706, "API key does not exist")
    caller.state.delete(key, caller.call.now_ms)
    return {"subAccount": sub.name}


def set_addresses(caller: Caller) -> dict[str, Any]:
    """Replace note and addresses of an own key or one of a sub-account's."""
    family = caller.state.book.family(caller.key.account)
    key = caller.state.book.keys.get(str(caller.params.get("apikey")))
    if key is None or key.deleted or key.account not in family or caller.account.parent:
        raise Refusal(730706, "API key does not exist")
    key.ips = _addresses(caller.params.get("ipWhiteList", ""))
    key.label = str(caller.params.get("note", key.label))
    return {"note": key.label, "apikey": key.public_id, "ipWhiteList": ",".join(key.ips)}


def _sub(caller: Caller) -> Account:
    wanted = caller.params.get("subAccount")
    found = subordinate(caller, wanted)
    if found is None or found.name != wanted:
        raise Refusal(140001, "sub account does not exist")
    return found


def _addresses(sent: Any) -> tuple[str, ...]:
    ips = split(sent)
    if len(ips) > 10:
        raise Refusal(730703, "at most 10 addresses")
    if not are_addresses(ips):
        raise Refusal(730704, "IP format")
    return ips


def _facts(key: Key) -> dict[str, Any]:
    return {
        "note": key.label,
        "apiKey": key.public_id,
        "permissions": ",".join(name for name in PERMISSIONS if name in key.grants),
        "ip": ",".join(key.ips),
        "creatTime": key.created_ms,
    }


def _reads(serve: Any, permission: str) -> Endpoint:
    return Endpoint(serve, [permission])


_KEYS = "/api/v3/sub-account/apiKey"
_FUTURES = {"success": True, "code": 0, "data": []}
RULES = Rules(
    name="mexc",
    form=Form(PERMISSIONS, max_ips=10, max_keys=30),
    claimed=claimed,
    admit=admit,
    refused=lambda refusal: {"code": refusal.code, "msg": refusal.message},
    denied=lambda endpoint: Refusal(
        701 if "CONTRACT" in next(iter(endpoint.needs)) else 700007, "No permission to access the endpoint."
    ),
    limited=lambda blocked: Refusal(429, "Too many requests", 418 if blocked else 429),
    missing=Refusal(404, "no such path", 404),
    public={("GET", "/api/v3/time"): lambda call: {"serverTime": call.now_ms}},
    private={
        ("GET", "/api/v3/uid"): _reads(uid, "SPOT_ACCOUNT_READ"),
        ("GET", "/api/v3/account"): _reads(account, "SPOT_ACCOUNT_READ"),
        ("GET", "/api/v3/openOrders"): _reads(nothing, "SPOT_DEAL_READ"),
        ("GET", "/api/v3/capital/withdraw/history"): _reads(nothing, "SPOT_WITHDRAW_READ"),
        ("GET", "/api/v3/capital/transfer"): _reads(nothing, "SPOT_TRANSFER_READ"),
        ("GET", "/api/v1/private/account/assets"): _reads(lambda _: _FUTURES, "CONTRACT_ACCOUNT_READ"),
        ("GET", "/api/v1/private/position/open_positions"): _reads(lambda _: _FUTURES, "CONTRACT_DEAL_READ"),
        ("GET", "/api/v3/sub-account/list"): _reads(subs, "SPOT_ACCOUNT_READ"),
        ("GET", _KEYS): _reads(list_keys, "SPOT_ACCOUNT_READ"),
        ("POST", _KEYS): _reads(create_key, "SPOT_ACCOUNT_READ"),
        ("DELETE", _KEYS): _reads(delete_key, "SPOT_ACCOUNT_READ"),
        ("POST", "/api/v3/apiKeyInfo"): _reads(set_addresses, "SPOT_ACCOUNT_WRITE"),
    },
    make=lambda _, _form: {"public_id": "mx0" + alnum(15), "secret": hexadecimal(32)},
    calls_per_second=50,
)
VENUE = partial(Table, RULES)
