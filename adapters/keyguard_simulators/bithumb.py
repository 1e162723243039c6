"""Bithumb's REST 2.x as its documents describe it: JWTs with a time, a key list, four reading calls.

What they leave open is simulated at its hardest: a key that is unknown, deleted or expired gets the very
answer that a wrong secret gets, and so does a nonce used twice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.shapes import alnum
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table, body_of
from keyguard_simulators.wire import Call

PERMISSIONS = ("자산조회", "주문조회", "주문하기", "출금조회", "출금하기", "입금조회", "입금하기")
TOLERANCE_MS = 20_000  # as in the legacy API
_SEOUL = timezone(timedelta(hours=9))


def admit(state: State, call: Call) -> Key:
    """Return the calling key; checked: token, key, signature, hash, time, nonce, life, address."""
    token = call.headers.get("authorization", "").removeprefix("Bearer ")
    claims = _part(token, 1)
    key = state.book.usable(str(claims.get("access_key", "")), call.now_ms)
    if key is None or not _signed_by(key, token) or key.expired_at(call.now_ms):
        raise _not_verified()
    if not _hash_fits(claims, _parameters(call)):
        raise Refusal("invalid_query_payload", "Jwt의 query를 검증하는데 실패하였습니다.", 401)
    sent_ms, nonce = claims.get("timestamp"), claims.get("nonce")
    if type(sent_ms) is not int or not isinstance(nonce, str) or not nonce:
        raise _not_verified()
    if abs(call.now_ms - sent_ms) > TOLERANCE_MS:
        raise Refusal("expired_jwt", "Jwt가 만료되었습니다.", 401)
    if not state.spend_nonce(key.public_id, nonce):
        raise _not_verified()
    if not key.allows(call.ip):
        raise Refusal("NotAllowIP", "not allowed client IP", 401)
    return key


def _part(token: str, index: int) -> dict[str, Any]:
    parts = token.split(".")
    try:
        text = parts[index] if len(parts) == 3 else ""
        part = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise _not_verified() from None
    if not isinstance(part, dict):
        raise _not_verified()
    return part


def _signed_by(key: Key, token: str) -> bool:
    if _part(token, 0).get("alg") != "HS256":
        return False
    text, _, given = token.rpartition(".")
    wanted = hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(wanted).rstrip(b"="), given.rstrip("=").encode())


def _parameters(call: Call) -> str:
    """What the hash covers: the query as sent, brackets plain (some HTTP libraries encode those on their
    way out, whatever the client hashed); of a body its fields, written as a query."""
    if call.method in ("GET", "DELETE"):
        return call.query.replace("%5B%5D=", "[]=")
    return "&".join(f"{name}={value}" for name, value in body_of(call).items())


def _hash_fits(claims: Mapping[str, Any], parameters: str) -> bool:
    if not parameters:
        return "query_hash" not in claims
    wanted = hashlib.sha512(parameters.encode()).hexdigest()
    given = str(claims.get("query_hash", ""))
    return claims.get("query_hash_alg") == "SHA512" and hmac.compare_digest(wanted.encode(), given.encode())


def _claimed(call: Call) -> str:
    try:
        claims = _part(call.headers.get("authorization", "").removeprefix("Bearer "), 1)
    except Refusal:
        return ""
    return str(claims.get("access_key", ""))


def _not_verified() -> Refusal:
    return Refusal("jwt_verification", "Jwt 토큰 검증에 실패했습니다.", 401)


def _keys(caller: Caller) -> list[dict[str, Any]]:
    return [
        {"access_key": key.public_id, "expire_at": _instant(key.expires_ms or 0)}
        for key in caller.state.book.listed(caller.key.account)
    ]


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).astimezone(_SEOUL).isoformat()


def _accounts(caller: Caller) -> list[dict[str, Any]]:
    return [
        {"currency": coin, "balance": amount, "locked": "0", "avg_buy_price": "0", "unit_currency": "KRW"}
        for coin, amount in caller.account.balances.items()
    ]


def _nothing(_caller: Caller) -> list[Any]:
    return []


RULES = Rules(
    name="bithumb",
    form=Form(PERMISSIONS, max_ips=5, ip_mandatory=True, max_keys=10, expired_count=True, life_days=365),
    claimed=_claimed,
    admit=admit,
    refused=lambda refusal: {"error": {"name": refusal.code, "message": refusal.message}},
    denied=lambda _endpoint: Refusal("out_of_scope", "권한이 부족합니다.", 401),
    limited=lambda _blocked: Refusal("too_many_requests", "요청이 너무 많습니다.", 429),
    private={
        ("GET", "/v1/api_keys"): Endpoint(_keys),
        ("GET", "/v1/accounts"): Endpoint(_accounts, {"자산조회"}),
        ("GET", "/v1/orders"): Endpoint(_nothing, {"주문조회"}),
        ("GET", "/v1/withdraws"): Endpoint(_nothing, {"출금조회"}),
        ("GET", "/v1/deposits"): Endpoint(_nothing, {"입금조회"}),
    },
    missing=Refusal("not_found", "잘못된 경로입니다.", 404),
    make=lambda _state, _form: {"public_id": alnum(40), "secret": alnum(40)},
    calls_per_second=140,
    balances={"KRW": "12500000", "BTC": "0.25"},
)
VENUE = partial(Table, RULES)
