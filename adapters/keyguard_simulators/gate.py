"""A simulated Gate: signatures, the key calls of a main account, a reading call for each group.

Chosen where the documents are silent: the order of checks (headers, key, clock, signature, address),
main_keys as a list, served to main accounts' keys with the account group; account/detail needs no permission;
managing needs the group sub_accounts; INVALID_PARAM_VALUE for a form that is not taken; an expired key is
refused like an unknown one. A delay of deletions is switched on with `dead_key_delay_ms`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from keyguard_simulators.accounts import DAY_MS, Account, Key, are_addresses
from keyguard_simulators.shapes import hexadecimal
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
from keyguard_simulators.wire import Call

GROUPS = "spot margin loan unified futures delivery options wallet withdrawal sub_accounts account".split()
PERMISSIONS = [f"{group}:{level}" for group in GROUPS for level in ("read", "read_write")]
HEADERS = ("key", "sign", "timestamp")
WINDOW_MS, OPEN_LIFE_MS = 60_000, 90 * DAY_MS


def admit(state: State, call: Call) -> Key:
    """Check headers, key and life, clock, signature and address."""
    public_id, signature, stamp = (call.headers.get(name, "") for name in HEADERS)
    if not (public_id and signature and stamp):
        raise Refusal("MISSING_REQUIRED_HEADER", "Missing required header: KEY, SIGN or Timestamp", 401)
    key = state.book.usable(public_id, call.now_ms)
    if key is None or (not key.ips and key.created_ms + OPEN_LIFE_MS <= call.now_ms):
        raise Refusal("INVALID_KEY", "Invalid key provided", 401)
    sent_ms = _milliseconds(stamp)
    if sent_ms is None or abs(call.now_ms - sent_ms) > WINDOW_MS:
        raise Refusal("REQUEST_EXPIRED", "gap between request Timestamp and server time exceeds 60", 403)
    body = hashlib.sha512(call.body).hexdigest()
    text = "\n".join((call.method, call.target.partition("?")[0], unquote(call.query), body, stamp))
    if not same(signature, hmac.new(key.secret.encode(), text.encode(), hashlib.sha512).hexdigest()):
        raise Refusal("INVALID_SIGNATURE", "Signature mismatch", 401)
    if not key.allows(call.ip):
        raise Refusal("IP_FORBIDDEN", f"Request IP not in whitelist: {call.ip}", 401)
    return key


def _milliseconds(stamp: str) -> float | None:
    """Seconds, with or without a fraction."""
    digits = stamp.replace(".", "", 1)
    return float(stamp) * 1000 if digits.isascii() and digits.isdecimal() and len(stamp) < 24 else None


def detail(caller: Caller) -> dict[str, Any]:
    """What every key is told of itself."""
    return {
        "user_id": int(caller.key.account),
        "ip_whitelist": list(caller.key.ips),
        "currency_pairs": [],
        "tier": 1,
        "key": {"mode": 1},
        "copy_trading_role": 0,
    }


def main_keys(caller: Caller) -> list[dict[str, Any]]:
    """The keys of a main account."""
    if caller.account.parent:
        raise Refusal("FORBIDDEN", "Sub-account is not allowed", 403)
    return [_facts(key) for key in caller.state.book.listed(caller.key.account)]


def list_keys(caller: Caller) -> list[dict[str, Any]]:
    """The keys of a sub-account."""
    return [_facts(key) for key in caller.state.book.listed(_sub(caller).id)]


def read_key(caller: Caller) -> dict[str, Any]:
    """One key of a sub-account."""
    return _facts(_named(caller))


def create_key(caller: Caller) -> dict[str, Any]:
    """Make a key; the only answer with its secret."""
    sub, name = _sub(caller), str(caller.params.get("name", ""))
    grants, ips = _settings(caller)
    if caller.params.get("mode") not in (1, 2) or len(caller.state.book.listed(sub.id)) >= 20:
        raise Refusal("INVALID_PARAM_VALUE", "mode, or too many keys")
    key = enter(caller.state, KeyForm(sub.id, [], ips, label=name), grants, RULES)
    return {**_facts(key), "secret": key.secret}


def edit_key(caller: Caller) -> None:
    """Replace name, permissions and addresses by what is sent, or by nothing."""
    key = _named(caller)
    key.grants, key.ips = _settings(caller)
    key.label = str(caller.params.get("name", ""))


def delete_key(caller: Caller) -> None:
    """Delete a key of a sub-account; it dies at once or after the delay that is switched on."""
    caller.state.delete(_named(caller), caller.call.now_ms)


def balances(caller: Caller) -> list[dict[str, Any]]:
    """What the account holds."""
    held = caller.account.balances
    return [{"currency": coin, "available": amount, "locked": "0"} for coin, amount in held.items()]


def subs(caller: Caller) -> list[dict[str, Any]]:
    """The sub-accounts."""
    accounts = caller.state.book.accounts
    family = caller.state.book.family(caller.key.account)[1:]
    return [{"user_id": int(one), "login_name": accounts[one].name, "state": 1, "type": 1} for one in family]


def _sub(caller: Caller) -> Account:
    account = subordinate(caller, caller.ids["user_id"])
    if account is None:
        raise Refusal("SUB_ACCOUNT_NOT_FOUND", "no such sub-account")
    return account


def _named(caller: Caller) -> Key:
    key = key_of(caller, _sub(caller), caller.ids["key"])
    if key is None:
        raise Refusal("KEY_NOT_FOUND", "no such key", 404)
    return key


def _settings(caller: Caller) -> tuple[frozenset[str], tuple[str, ...]]:
    perms, ips = caller.params.get("perms", []), caller.params.get("ip_whitelist", [])
    if not isinstance(ips, list) or len(ips) > 20 or not all(isinstance(ip, str) for ip in ips):
        raise Refusal("INVALID_PARAM_VALUE", "ip_whitelist")
    if not are_addresses(ips) or not isinstance(perms, list):
        raise Refusal("INVALID_PARAM_VALUE", "ip_whitelist or perms")
    grants = {_grant(perm) for perm in perms}
    if grants - set(PERMISSIONS) or "withdrawal:read_write" in grants:
        raise Refusal("INVALID_PARAM_VALUE", "perms")
    return frozenset(grants), tuple(ips)


def _grant(perm: Any) -> str:
    sent = perm if isinstance(perm, dict) else {}
    return f"{sent.get('name')}:{'read' if sent.get('read_only') else 'read_write'}"


def _facts(key: Key) -> dict[str, Any]:
    levels = [name.split(":") for name in PERMISSIONS if name in key.grants]
    return {
        "user_id": int(key.account),
        "mode": 1,
        "name": key.label,
        "perms": [{"name": group, "read_only": level == "read"} for group, level in levels],
        "ip_whitelist": list(key.ips),
        "key": key.public_id,
        "state": 1 if key.enabled else 2,
        "created_at": key.created_ms // 1000,
        "updated_at": key.created_ms // 1000,
        "last_access": 0,
    }


def _operation(call: Call) -> str:
    """The path, with the names of what stands in it in the place of ids."""
    path = re.sub(r"(?<=/sub_accounts/)[^/]+", "{user_id}", call.path)
    return re.sub(r"(?<=/keys/)[^/]+", "{key}", path)


def _reads(group: str, serve: Callable[[Caller], Any] = balances) -> Endpoint:
    return Endpoint(serve, [f"{group}:read", f"{group}:read_write"])


_MANAGES = ["sub_accounts:read_write"]
_KEYS = "/api/v4/sub_accounts/{user_id}/keys"
RULES = Rules(
    name="gate",
    form=Form(PERMISSIONS, max_ips=20, max_keys=20),
    claimed=lambda call: call.headers.get("key", ""),
    admit=admit,
    refused=lambda refusal: {"label": refusal.code, "message": refusal.message},
    denied=lambda _: Refusal("FORBIDDEN", "API key has no permission for this group", 403),
    limited=lambda _: Refusal("TOO_MANY_REQUESTS", "Request Rate limit exceeded", 429),
    missing=Refusal("NOT_FOUND", "no such path", 404),
    public={("GET", "/api/v4/spot/time"): lambda call: {"server_time": call.now_ms}},
    private={
        ("GET", "/api/v4/account/detail"): Endpoint(detail),
        ("GET", "/api/v4/account/main_keys"): _reads("account", main_keys),
        ("GET", _KEYS): _reads("sub_accounts", list_keys),
        ("GET", f"{_KEYS}/{{key}}"): _reads("sub_accounts", read_key),
        ("POST", _KEYS): Endpoint(create_key, _MANAGES),
        ("PUT", f"{_KEYS}/{{key}}"): Endpoint(edit_key, _MANAGES, status=204),
        ("DELETE", f"{_KEYS}/{{key}}"): Endpoint(delete_key, _MANAGES, status=204),
        ("GET", "/api/v4/sub_accounts"): _reads("sub_accounts", subs),
        ("GET", "/api/v4/wallet/deposits"): _reads("wallet", lambda _: []),
        **{
            ("GET", f"/api/v4/{group}/accounts"): _reads(group)
            for group in ("spot", "margin", "unified", "options")
        },
        **{("GET", f"/api/v4/{group}/usdt/accounts"): _reads(group) for group in ("futures", "delivery")},
    },
    make=lambda _, _form: {"public_id": hexadecimal(32), "secret": hexadecimal(64)},
    operation=_operation,
    calls_per_second=8,
)
VENUE = partial(Table, RULES)
