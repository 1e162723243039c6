"""WhiteBIT (REST v4): signed bodies that name their path and nonce; a master key manages sub-accounts' keys.

Chosen where the documents are silent: an unknown key is answered as a wrong signature; the order key,
signature, path, nonce, life, address; a call from a foreign address switches the key off before it is
refused; nonces within the window never move the growing one; the right to manage keys is one of the page's;
delete and edit answer `[]`; at most 50 addresses.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key, are_addresses
from keyguard_simulators.orders import cancel_all
from keyguard_simulators.shapes import hexadecimal
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table, enter
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call, whole

MAX_IPS = 50
_WINDOW_MS = 5_000
_TYPES = {1: frozenset({"info", "trade"}), 2: frozenset({"info", "trade", "deposit", "withdraw"})}


def _admit(state: State, call: Call) -> Key:
    key = state.book.usable(_claimed(call), call.now_ms)
    payload = call.headers.get("x-txc-payload", "")
    if key is None or not _signed(key, payload, call):
        raise Refusal(10, "Unauthorized request.", 401)
    sent = _decoded(payload)
    if base64.b64encode(call.body).decode() != payload or sent.get("request") != call.path:
        raise Refusal(9, "Invalid payload.", 400)
    _spend(state, key, sent, call.now_ms)
    if not key.allows(call.ip):
        key.enabled = False
    if not key.enabled:
        raise Refusal(2, "This action is unauthorized. Enable your key in API settings", 401)
    return key


def _signed(key: Key, payload: str, call: Call) -> bool:
    wanted = hmac.new(key.secret.encode(), payload.encode(), hashlib.sha512).hexdigest()
    return hmac.compare_digest(wanted.encode(), call.headers.get("x-txc-signature", "").encode())


def _decoded(payload: str) -> dict[str, Any]:
    try:
        sent = json.loads(base64.b64decode(payload, validate=True))
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise Refusal(9, "Invalid payload.", 400)
    return sent


def _spend(state: State, key: Key, sent: dict[str, Any], now_ms: int) -> None:
    nonce = whole(str(sent.get("nonce", "")))
    if nonce is None:
        raise Refusal(0, "Nonce not provided.", 422)
    if sent.get("nonceWindow") is not True:
        if not state.raise_counter(key.public_id, nonce):
            raise Refusal(0, "Too many requests.", 422)
    elif abs(now_ms - nonce) > _WINDOW_MS:
        raise Refusal(0, "Your nonce is more than 5 seconds lesser than the current nonce", 422)
    elif not state.spend_nonce(key.public_id, str(nonce)):
        raise Refusal(0, "Too many requests.", 422)


def _claimed(call: Call) -> str:
    return call.headers.get("x-txc-apikey", "")


def _balance(caller: Caller) -> dict[str, Any]:
    return {coin: {"available": amount, "freeze": "0"} for coin, amount in caller.account.balances.items()}


def _subs(caller: Caller) -> list[str]:
    return caller.state.book.family(caller.key.account)[1:]


def _keys(caller: Caller) -> list[Key]:
    wanted = caller.params.get("subAccountId")
    subs = [one for one in _subs(caller) if wanted in (None, one)]
    return [key for sub in subs for key in caller.state.book.listed(sub)]


def _target(caller: Caller) -> Key:
    for key in _keys(caller):
        if _ref(key) == caller.params.get("apiKeyId"):
            return key
    raise Invalid("apiKeyId", "The selected api key id is invalid.")


def _ref(key: Key) -> str:
    return str(uuid.UUID(int=key.number))


class Invalid(Refusal):
    """A parameter that does not fit; the answer names it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(0, "Validation failed", 422)
        self.errors = {name: [message]}


def _create(caller: Caller) -> dict[str, Any]:
    sub, kind = str(caller.params.get("subAccountId")), caller.params.get("type")
    if sub not in _subs(caller):
        raise Invalid("subAccountId", "The selected sub account id is invalid.")
    if kind not in _TYPES:
        raise Invalid("type", "The selected type is invalid.")
    form = KeyForm(sub, None, label=str(caller.params.get("title", "")))
    key = enter(caller.state, form, _TYPES[kind], RULES)
    return {**_described(key), "apiSecret": key.secret}


def _list(caller: Caller) -> dict[str, Any]:
    limit, offset = caller.params.get("limit", 30), caller.params.get("offset", 0)
    if not isinstance(limit, int) or not 1 <= limit <= 100 or not isinstance(offset, int) or offset < 0:
        raise Invalid("limit", "The limit must be between 1 and 100.")
    described = [_described(key) for key in _keys(caller)]
    return {"limit": limit, "offset": offset, "data": described[offset : offset + limit]}


def _described(key: Key) -> dict[str, Any]:
    return {
        "subAccountId": key.account,
        "id": _ref(key),
        "title": key.label,
        "isEnabled": key.enabled,
        "apiKey": key.public_id,
        "apiSecret": "",
        "type": 2 if "withdraw" in key.grants else 1,
        "lastActivity": None,
        "restrictAccess": bool(key.features),
        "accessEndpoints": [{"name": path, "title": path} for path in key.features],
    }


def _edit(caller: Caller) -> list[Any]:
    key, urls = _target(caller), caller.params.get("urls")
    if not isinstance(urls, list) or not caller.params.get("title"):
        raise Invalid("urls", "The urls field is required.")
    key.label = str(caller.params["title"])
    key.features = tuple(str(one["url"]) for one in urls if one.get("enable"))
    return []


def _delete(caller: Caller) -> list[Any]:
    caller.state.delete(_target(caller), caller.call.now_ms)
    return []


def _addresses(caller: Caller) -> dict[str, Any]:
    return {"data": list(_target(caller).ips)}


def _add_address(caller: Caller) -> dict[str, Any]:
    key, ip = _target(caller), str(caller.params.get("ip"))
    if not are_addresses([ip]) or len(key.ips) >= MAX_IPS:
        raise Invalid("ip", "The ip must be a valid IP address.")
    key.ips = tuple(dict.fromkeys([*key.ips, ip]))
    return _addresses(caller)


def _remove_address(caller: Caller) -> dict[str, Any]:
    key, ip = _target(caller), caller.params.get("ip")
    key.ips = tuple(one for one in key.ips if one != ip)
    return _addresses(caller)


def _cancel_all(caller: Caller) -> list[Any]:
    cancel_all(caller.state, caller.account.id)
    return []


_KEYS = "/api/v4/sub-account/api-key"
RULES = Rules(
    name="whitebit",
    form=Form(["info", "trade", "deposit", "withdraw", "manage"], max_ips=MAX_IPS),
    claimed=_claimed,
    admit=_admit,
    refused=lambda refusal: {
        "code": refusal.code,
        "message": refusal.message,
        "errors": getattr(refusal, "errors", {}),
    },
    denied=lambda _endpoint: Refusal(4, "This API Key is not authorized to perform this action.", 403),
    limited=lambda blocked: Refusal(0, "Too many requests.", 418 if blocked else 429),
    public={("GET", "/api/v4/public/time"): lambda call: {"time": call.now_ms // 1000}},
    private={
        ("POST", "/api/v4/trade-account/balance"): Endpoint(_balance, ["info"]),
        ("POST", "/api/v4/order/cancel/all"): Endpoint(_cancel_all, ["trade"]),
        ("POST", f"{_KEYS}/list"): Endpoint(_list, ["manage"]),
        ("POST", f"{_KEYS}/create"): Endpoint(_create, ["manage"], 201),
        ("POST", f"{_KEYS}/edit"): Endpoint(_edit, ["manage"]),
        ("POST", f"{_KEYS}/delete"): Endpoint(_delete, ["manage"]),
        ("POST", f"{_KEYS}/ip-address/list"): Endpoint(_addresses, ["manage"]),
        ("POST", f"{_KEYS}/ip-address/create"): Endpoint(_add_address, ["manage"], 201),
        ("POST", f"{_KEYS}/ip-address/delete"): Endpoint(_remove_address, ["manage"]),
    },
    make=lambda _state, _form: {"public_id": hexadecimal(32), "secret": hexadecimal(32)},
    account_id=lambda: str(uuid.uuid4()),
    calls_per_second=60,
)
VENUE = partial(Table, RULES)
