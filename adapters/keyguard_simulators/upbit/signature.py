"""Upbit's token: a JWT by HMAC over the key, a nonce used once, and a hash of the parameters."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import unquote_plus

from keyguard_simulators.accounts import Key
from keyguard_simulators.state import State
from keyguard_simulators.upbit.refusal import Refusal, bad_parameter
from keyguard_simulators.wire import Call

_ALGORITHMS = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}


def admit(state: State, call: Call) -> Key:
    """Return the calling key; checked: token, key, signature, hash, nonce, life, address; raises Refusal."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        raise Refusal("no_authorization_token", "JWT 토큰이 없습니다.")
    claims = claims_of(token)
    key = state.book.usable(str(claims.get("access_key", "")), call.now_ms)
    if key is None:
        raise Refusal("invalid_access_key", "등록되지 않은 Access Key입니다.")
    if not signed_by(key, token):
        raise _not_verified()
    if not _hash_fits(claims, parameter_text(call)):
        raise Refusal("invalid_query_payload", "JWT의 query_hash가 요청과 다릅니다.")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not nonce:
        raise _not_verified()
    if not state.spend_nonce(key.public_id, nonce):
        raise Refusal("nonce_used", "이미 사용된 nonce입니다.")
    if key.expired_at(call.now_ms):
        raise Refusal("expired_access_key", "만료된 API Key입니다.")
    if not key.allows(call.ip):
        raise Refusal("no_authorization_ip", "허용되지 않은 IP 주소입니다.")
    return key


def claims_of(token: str) -> dict[str, Any]:
    """Read the claims without trusting them; raises Refusal for what is no token."""
    parts = token.split(".")
    if len(parts) != 3:
        raise _not_verified()
    return _json_part(parts[1])


def signed_by(key: Key, token: str) -> bool:
    """Whether the token's signature is the key's, by HS256 or HS512 with the secret's bytes as they are."""
    head, claims, given = token.split(".")
    header = _json_part(head)
    algorithm = _ALGORITHMS.get(str(header.get("alg")))
    if algorithm is None:
        return False
    wanted = hmac.new(key.secret.encode(), f"{head}.{claims}".encode(), algorithm).digest()
    return hmac.compare_digest(_b64(wanted), given.rstrip("=").encode())


def parameter_text(call: Call) -> str:
    """The parameters as hashed: key=value joined by "&", as sent, not percent-encoded."""
    if call.method in ("GET", "DELETE"):
        return unquote_plus(call.query)
    if not call.body:
        return ""
    if not call.headers.get("content-type", "").startswith("application/json"):
        raise bad_parameter("본문은 application/json 이어야 합니다.")
    return "&".join(f"{name}={value}" for name, value in _fields(body_of(call)))


def body_of(call: Call) -> dict[str, Any]:
    """The JSON body, numbers as the text they were sent as; raises Refusal when it is no object."""
    try:
        sent = json.loads(call.body or b"{}", parse_int=str, parse_float=str)
    except ValueError:
        raise bad_parameter("본문이 JSON이 아닙니다.") from None
    if not isinstance(sent, dict):
        raise bad_parameter("본문이 JSON 객체가 아닙니다.")
    return sent


def _fields(sent: dict[str, Any]) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    for name, value in sent.items():
        if isinstance(value, list):
            fields.extend((f"{name}[]", _text(one)) for one in value)
        else:
            fields.append((name, _text(value)))
    return fields


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _hash_fits(claims: dict[str, Any], parameters: str) -> bool:
    if not parameters:
        return "query_hash" not in claims
    wanted = hashlib.sha512(parameters.encode()).hexdigest()
    given = str(claims.get("query_hash", ""))
    return claims.get("query_hash_alg") == "SHA512" and hmac.compare_digest(wanted.encode(), given.encode())


def _json_part(text: str) -> dict[str, Any]:
    try:
        part = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise _not_verified() from None
    if not isinstance(part, dict):
        raise _not_verified()
    return part


def _b64(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def _not_verified() -> Refusal:
    return Refusal("jwt_verification", "JWT 토큰 검증에 실패했습니다.")
