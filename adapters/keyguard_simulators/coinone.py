"""Coinone's REST 2.1 as its documents describe it: signed payloads, errors by code, three reading calls.

The secret signs as issued, as the documents of 2.1 say; a client that puts it in capitals is refused.
Refusals of a signed call come with HTTP status 200, the hardest reading of documents that name no status.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table
from keyguard_simulators.wire import Call

PERMISSIONS = ("잔고 조회", "고객 정보", "입출금 조회", "주문 조회", "주문 권한", "출금 권한")


def admit(state: State, call: Call) -> Key:
    """Return the calling key; checked: payload, token, signature, nonce, address."""
    sent = _payload(call)
    if "access_token" not in sent:
        raise _refusal(8, "액세스 토큰이 없습니다.")
    token = str(sent["access_token"])
    key = state.book.usable(token, call.now_ms)
    if key is None:
        raise _gone(state, token)
    payload = call.headers["x-coinone-payload"].encode()
    wanted = hmac.new(key.secret.encode(), payload, hashlib.sha512).hexdigest()
    if not hmac.compare_digest(wanted.encode(), call.headers["x-coinone-signature"].encode()):
        raise _refusal(123, "서명이 올바르지 않습니다.")
    if "nonce" not in sent:
        raise _refusal(122, "nonce가 없습니다.")
    if not _is_uuid(sent["nonce"]):
        raise _refusal(133, "nonce는 UUID v4 형식이어야 합니다.")
    if not state.spend_nonce(key.public_id, sent["nonce"]):
        raise _refusal(132, "이미 사용된 nonce입니다.")
    if not key.allows(call.ip):
        raise _refusal(10, "접근이 제한된 IP로부터의 요청입니다")
    return key


def _payload(call: Call) -> dict[str, Any]:
    for header, code in (("x-coinone-payload", 120), ("x-coinone-signature", 121)):
        if not call.headers.get(header):
            raise Refusal(code, f"{header} 헤더가 없습니다.", 400)
    try:
        sent = json.loads(base64.b64decode(call.headers["x-coinone-payload"], validate=True))
    except ValueError:
        raise _refusal(120, "payload를 읽을 수 없습니다.") from None
    return sent if isinstance(sent, dict) else {}


def _gone(state: State, token: str) -> Refusal:
    if token in state.book.keys:
        return _refusal(12, "유효하지 않은 액세스 토큰입니다")
    return _refusal(27, "액세스 토큰이 존재하지 않습니다.")


def _is_uuid(nonce: Any) -> bool:
    try:
        return uuid.UUID(str(nonce)).version == 4
    except ValueError:
        return False


def _claimed(call: Call) -> str:
    try:
        return str(_payload(call).get("access_token", ""))
    except Refusal:
        return ""


def _refusal(code: int, message: str) -> Refusal:
    return Refusal(code, message, 200)


def _balances(caller: Caller) -> dict[str, Any]:
    balances = [
        {"available": amount, "limit": "0", "average_price": "0", "currency": coin}
        for coin, amount in caller.account.balances.items()
    ]
    return {"balances": balances}


RULES = Rules(
    name="coinone",
    form=Form(PERMISSIONS, max_ips=50, ip_mandatory=True),
    claimed=_claimed,
    admit=admit,
    answered=lambda _call, result: {"result": "success", "error_code": "0", **result},
    refused=lambda refusal: {
        "result": "error",
        "error_code": str(refusal.code),
        "error_msg": refusal.message,
    },
    denied=lambda _endpoint: _refusal(40, "승인되지 않은 API 권한입니다"),
    limited=lambda _blocked: Refusal(4290, "요청이 너무 많습니다.", 429),
    private={
        ("POST", "/v2.1/account/balance/all"): Endpoint(_balances, {"잔고 조회"}),
        ("POST", "/v2.1/account/balance"): Endpoint(_balances, {"잔고 조회"}),
        ("POST", "/v2.1/order/active_orders"): Endpoint(lambda _: {"active_orders": []}, {"주문 조회"}),
        ("POST", "/v2.1/transaction/krw/history"): Endpoint(lambda _: {"transactions": []}, {"입출금 조회"}),
    },
    missing=Refusal(404, "not found", 404),
    make=lambda _state, _form: {"public_id": str(uuid.uuid4()), "secret": str(uuid.uuid4())},
    calls_per_second=80,
    balances={"KRW": "12500000", "BTC": "0.25"},
)
VENUE = partial(Table, RULES)
