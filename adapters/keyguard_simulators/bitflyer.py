"""bitFlyer's REST v1 as its documents describe it: signed calls, and a list of the calls a key may make.

What they leave open is simulated at its hardest: everything wrong with key, signature, time, address or
permission gets one answer, 401 with -500.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.shapes import alnum
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table
from keyguard_simulators.wire import Call, whole

READING = (
    "getbalance getcollateral getaddresses getcoinins getcoinouts getbankaccounts getdeposits getwithdrawals"
    " getchildorders getparentorders getparentorder getexecutions getpositions gettradingcommission"
    " getbalancehistory getcollateralhistory getcollateralaccounts"
).split()
ORDERING = "sendchildorder sendparentorder cancelchildorder cancelparentorder cancelallchildorders".split()
PERMISSIONS = tuple(f"/v1/me/{name}" for name in (*READING, "sendcoin", "withdraw", *ORDERING))
TOLERANCE_S = 60


def admit(state: State, call: Call) -> Key:
    """Return the calling key; checked: key, time (in seconds), signature, address."""
    public_id = call.headers.get("access-key", "")
    if not public_id:
        raise _refused("ACCESS-KEY header is required")
    key = state.book.usable(public_id, call.now_ms)
    seconds = whole(call.headers.get("access-timestamp", ""))
    if key is None or seconds is None or abs(call.now_ms // 1000 - seconds) > TOLERANCE_S:
        raise _refused("Invalid signature")
    text = f"{seconds}{call.method}{call.target}".encode() + call.body
    wanted = hmac.new(key.secret.encode(), text, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), call.headers.get("access-sign", "").encode()):
        raise _refused("Invalid signature")
    if not key.allows(call.ip):
        raise _refused("Permission denied")
    return key


def _refused(message: str) -> Refusal:
    return Refusal(-500, message, 401)


def _permissions(caller: Caller) -> list[str]:
    return ["/v1/me/getpermissions", *(name for name in PERMISSIONS if name in caller.key.grants)]


def _balance(caller: Caller) -> list[dict[str, Any]]:
    return [
        {"currency_code": coin, "amount": float(amount), "available": float(amount)}
        for coin, amount in caller.account.balances.items()
    ]


RULES = Rules(
    name="bitflyer",
    form=Form(PERMISSIONS, max_ips=50),
    claimed=lambda call: call.headers.get("access-key", ""),
    admit=admit,
    refused=lambda refusal: {"status": refusal.code, "error_message": refusal.message, "data": None},
    denied=lambda _endpoint: _refused("Permission denied"),
    limited=lambda _blocked: Refusal(-1, "Over API limit", 429),
    private={
        ("GET", "/v1/me/getpermissions"): Endpoint(_permissions),
        ("GET", "/v1/me/getbalance"): Endpoint(_balance, {"/v1/me/getbalance"}),
        ("GET", "/v1/me/getchildorders"): Endpoint(lambda _: [], {"/v1/me/getchildorders"}),
    },
    missing=Refusal(-100, "no such call", 404),
    make=lambda _state, _form: {
        "public_id": alnum(22),
        "secret": base64.b64encode(os.urandom(32)).decode(),
    },
    balances={"JPY": "3500000", "BTC": "0.75"},
)
VENUE = partial(Table, RULES)
