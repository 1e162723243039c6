"""Backpack Exchange (REST v1): Ed25519 over an instruction's name and sorted parameters.

Chosen where the documents are silent: INVALID_SIGNATURE (400) for an unknown or deleted key and a wrong
signature, UNAUTHORIZED (401) for a foreign address, FORBIDDEN (403) for a read-only key that writes,
INVALID_CLIENT_REQUEST (400) for an old timestamp; values are signed percent-encoded, as ccxt does.
"""

from __future__ import annotations

import base64
import json
from functools import partial
from typing import Any
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from keyguard_simulators.accounts import Key
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call, whole

MAX_WINDOW_MS = 60_000
_NAMES = {
    ("GET", "/api/v1/account"): "accountQuery",
    ("GET", "/api/v1/capital"): "balanceQuery",
    ("GET", "/api/v1/orders"): "orderQueryAll",
    ("POST", "/api/v1/orders"): "orderExecute",
    ("GET", "/wapi/v1/capital/deposit/address"): "depositAddressQuery",
}


def _admit(state: State, call: Call) -> Key:
    stamp, window = (whole(call.headers.get(f"x-{name}", "")) for name in ("timestamp", "window"))
    if stamp is None or window is None or window > MAX_WINDOW_MS:
        raise Refusal("INVALID_CLIENT_REQUEST", "Invalid timestamp or window")
    if not -1000 <= call.now_ms - stamp <= window:
        raise Refusal("INVALID_CLIENT_REQUEST", "Request has expired")
    key = state.book.usable(_claimed(call), call.now_ms)
    if key is None or not _signed(key, call, f"timestamp={stamp}&window={window}"):
        raise Refusal("INVALID_SIGNATURE", "Invalid signature")
    if not key.enabled or not key.allows(call.ip):
        raise Refusal("UNAUTHORIZED", "Unauthorized", 401)
    return key


def _signed(key: Key, call: Call, end: str) -> bool:
    instruction = f"instruction={_NAMES.get((call.method, call.path), '')}"
    text = "&".join([*("&".join([instruction, *_sorted(part)]) for part in _parts(call)), end])
    try:
        signature = base64.b64decode(call.headers.get("x-signature", ""), validate=True)
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.public_id))
        public.verify(signature, text.encode())
    except (ValueError, InvalidSignature):
        return False
    return True


def _parts(call: Call) -> list[dict[str, Any]]:
    if call.method == "GET":
        return [dict(call.params)]
    try:
        sent = json.loads(call.body or b"{}")
    except ValueError:
        sent = None
    parts = sent if isinstance(sent, list) else [sent]
    if not all(isinstance(part, dict) for part in parts):
        raise Refusal("INVALID_CLIENT_REQUEST", "Bad Request")
    return parts


def _sorted(part: dict[str, Any]) -> list[str]:
    return [f"{name}={quote(_text(value), safe='')}" for name, value in sorted(part.items())]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _claimed(call: Call) -> str:
    return call.headers.get("x-api-key", "")


def _account(_caller: Caller) -> dict[str, Any]:
    return {
        "autoBorrowSettlements": True,
        "autoLend": False,
        "autoRealizePnl": False,
        "autoRepayBorrows": False,
        "borrowLimit": "0",
        "futuresMakerFee": "2",
        "futuresTakerFee": "5",
        "leverageLimit": "10",
        "limitOrders": 0,
        "liquidating": False,
        "positionLimit": "0",
        "spotMakerFee": "8",
        "spotTakerFee": "10",
        "triggerOrders": 0,
    }


def _capital(caller: Caller) -> dict[str, Any]:
    coins = caller.account.balances.items()
    return {coin: {"available": amount, "locked": "0", "staked": "0"} for coin, amount in coins}


def _batch(_caller: Caller) -> list[Any]:
    return []


def _make(_state: State, form: KeyForm) -> dict[str, Any]:
    """A pair made by the venue; or, of a holder's own, the public key alone."""
    if form.public_key:
        return {"public_id": form.public_key}
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    seed = private.private_bytes_raw()
    return {"public_id": base64.b64encode(public).decode(), "secret": base64.b64encode(seed).decode()}


RULES = Rules(
    name="backpack",
    form=Form(["read", "write"], max_ips=20),
    claimed=_claimed,
    admit=_admit,
    refused=lambda refusal: {"code": refusal.code, "message": refusal.message},
    denied=lambda _endpoint: Refusal("FORBIDDEN", "Forbidden", 403),
    limited=lambda _blocked: Refusal("TOO_MANY_REQUESTS", "Too many requests", 429),
    missing=Refusal("RESOURCE_NOT_FOUND", "Not found", 404),
    public={("GET", "/api/v1/time"): lambda call: call.now_ms},
    private={
        ("GET", "/api/v1/account"): Endpoint(_account),
        ("GET", "/api/v1/capital"): Endpoint(_capital),
        ("GET", "/api/v1/orders"): Endpoint(_batch),
        ("POST", "/api/v1/orders"): Endpoint(_batch, ["write"]),
        ("GET", "/wapi/v1/capital/deposit/address"): Endpoint(lambda _caller: {"address": "FAKEaddress"}),
    },
    make=_make,
)
VENUE = partial(Table, RULES)
