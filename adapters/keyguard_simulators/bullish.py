"""Bullish (trading API): log-in by HMAC or ECDSA, tokens for a day bound to an address, signed commands.

Chosen where the documents are silent: 8327 for every failed log-in; times may be 5 s off; one growing nonce
for log-ins and commands, within the day's microseconds; a log-out ends the one session; a token dies with
its key unless `tokens_outlive_keys` is on; 401 with code 401 for a token that is not, no longer or elsewhere
valid. An ECDSA key's log-in is good for the five minutes it names, and once in each second; its signature is
that of the vendor's examples. Its commands are not simulated.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.shapes import digits
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table, body_of
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call, whole

LOGIN = "/trading-api/v1/users/hmac/login"
ECDSA_LOGIN = "/trading-api/v2/users/login"
_SKEW_MS = 5_000
_LOGGED_OUT = "logged out"


def _admit(state: State, call: Call) -> Key:
    if call.path == ECDSA_LOGIN:
        return _log_in_by_ecdsa(state, call)
    return _log_in(state, call) if call.path == LOGIN else _of_session(state, call)


def _log_in_by_ecdsa(state: State, call: Call) -> Key:
    sent = body_of(call)
    payload, public = sent.get("loginPayload"), sent.get("publicKey")
    keys = [key for key in state.book.keys.values() if key.public_key and key.public_key == public]
    key = state.book.usable(keys[0].public_id, call.now_ms) if keys else None
    if key is None or not isinstance(payload, dict) or not _allowed(key, call.ip):
        raise Refusal(8327, "INVALID_LOGIN", 401)
    text = json.dumps(payload, separators=(",", ":"))
    now, begun, ends = call.now_ms // 1000, payload.get("nonce"), payload.get("expirationTime")
    timely = isinstance(begun, int) and isinstance(ends, int) and begun - 5 <= now < ends <= begun + 300
    if payload.get("userId") != _user(key) or not timely or not _verified(key, text, sent.get("signature")):
        raise Refusal(8327, "INVALID_LOGIN", 401)
    if not state.raise_counter(f"log-in of {key.public_id}", int(str(begun))):
        raise Refusal(2035, "INVALID_NONCE")
    return key


def _verified(key: Key, text: str, signature: Any) -> bool:
    public = load_pem_public_key(key.public_key.encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    try:
        public.verify(base64.b64decode(str(signature)), text.encode(), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _user(key: Key) -> str:
    return str(json.loads(base64.b64decode(key.public_id))["userId"])


def _make(_state: State, form: KeyForm) -> Mapping[str, Any]:
    if form.permissions != ["ecdsa"]:
        return {"public_id": f"HMAC-{uuid.uuid4()}", "secret": str(uuid.uuid4())}
    private = ec.generate_private_key(ec.SECP256R1())
    public = (
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip()
    )
    told = {"accountId": form.account, "publicKey": public, "credentialId": digits(4), "userId": digits(12)}
    return {
        "public_id": base64.b64encode(json.dumps(told).encode()).decode(),
        "secret": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "public_key": public,
    }


def _log_in(state: State, call: Call) -> Key:
    key = state.book.usable(call.headers.get("bx-public-key", ""), call.now_ms)
    if key is None or not _signed(key, call) or not _allowed(key, call.ip):
        raise Refusal(8327, "INVALID_LOGIN", 401)
    _spend(state, key, call)
    return key


def _of_session(state: State, call: Call) -> Key:
    told = _claims(call)
    key = state.book.keys.get(str(told.get("sub")))
    alive = state.switches.tokens_outlive_keys or (key is not None and key.known_at(call.now_ms))
    if key is None or not alive or not _valid(key, call, told):
        raise _unauthorised()
    if (_LOGGED_OUT, _bearer(call)) in state.nonces:
        raise _unauthorised()
    if call.method == "POST":
        if not _signed(key, call):
            raise Refusal(8327, "INVALID_SIGNATURE", 401)
        _spend(state, key, call)
    return key


def _valid(key: Key, call: Call, told: dict[str, Any]) -> bool:
    wanted = _token(key, str(told.get("ip")), told.get("exp"))
    return hmac.compare_digest(wanted.encode(), _bearer(call).encode()) and (
        told["ip"] == call.ip and told["exp"] > call.now_ms
    )


def _signed(key: Key, call: Call) -> bool:
    stamp, nonce = call.headers.get("bx-timestamp", ""), call.headers.get("bx-nonce", "")
    sent_ms = whole(stamp)
    text = f"{stamp}{nonce}{call.method}{call.path}".encode() + call.body
    if call.method == "POST":
        text = hashlib.sha256(text).hexdigest().encode()
    wanted = hmac.new(key.secret.encode(), text, hashlib.sha256).hexdigest()
    fresh = sent_ms is not None and abs(call.now_ms - sent_ms) <= _SKEW_MS
    return fresh and hmac.compare_digest(wanted.encode(), call.headers.get("bx-signature", "").encode())


def _spend(state: State, key: Key, call: Call) -> None:
    nonce, bounds = whole(call.headers.get("bx-nonce", "")), _bounds(call)
    inside = nonce is not None and bounds["lowerBound"] <= nonce <= bounds["upperBound"]
    if not inside or not state.raise_counter(key.public_id, nonce or 0):
        raise Refusal(2035, "INVALID_NONCE")


def _bounds(call: Call) -> dict[str, int]:
    start_ms = call.now_ms - call.now_ms % DAY_MS
    return {"lowerBound": start_ms * 1000, "upperBound": (start_ms + DAY_MS) * 1000 - 1}


def _token(key: Key, ip: str, until_ms: Any) -> str:
    parts = [{"alg": "ES256"}, {"sub": key.public_id, "ip": ip, "exp": until_ms}]
    head = ".".join(_b64(json.dumps(part).encode()) for part in parts)
    return f"{head}.{_b64(hmac.new(key.secret.encode(), head.encode(), hashlib.sha256).digest())}"


def _claims(call: Call) -> dict[str, Any]:
    parts = _bearer(call).split(".")
    try:
        told = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, IndexError):
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("exp"), int):
        raise _unauthorised()
    return told


def _bearer(call: Call) -> str:
    return call.headers.get("authorization", "").removeprefix("Bearer ")


def _b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _unauthorised() -> Refusal:
    return Refusal(401, "UNAUTHORIZED", 401)


def _allowed(key: Key, ip: str) -> bool:
    caller = ipaddress.ip_address(ip)
    return not key.ips or any(caller in ipaddress.ip_network(entry) for entry in key.ips)


def _login(caller: Caller) -> dict[str, str]:
    token = _token(caller.key, caller.call.ip, caller.call.now_ms + DAY_MS)
    return {"authorizer": caller.account.id, "ownerAuthorizer": caller.account.id, "token": token}


def _logout(caller: Caller) -> dict[str, Any]:
    caller.state.spend_nonce(_LOGGED_OUT, _bearer(caller.call))
    return {}


def _accounts(caller: Caller) -> list[dict[str, Any]]:
    return [
        {
            "tradingAccountId": caller.account.id,
            "tradingAccountName": caller.account.name,
            "isPrimaryAccount": "true",
            "isBorrowing": "false",
            "isLending": "false",
            "isDefaulted": "false",
            "rateLimitToken": hashlib.sha256(caller.account.id.encode()).hexdigest(),
        }
    ]


def _order(caller: Caller) -> dict[str, Any]:
    return {"message": "Command acknowledged - CreateOrder", "requestId": "1", "orderId": digits(15)}


RULES = Rules(
    name="bullish",
    form=Form(["ecdsa", "hmac"], max_ips=20, networks=True),
    claimed=lambda call: call.headers.get("bx-public-key", ""),
    admit=_admit,
    refused=lambda refusal: {
        "message": refusal.message,
        "raw": None,
        "errorCode": refusal.code,
        "errorCodeName": refusal.message,
    },
    denied=lambda _endpoint: Refusal(6105, "UNAUTHORIZED_COMMAND", 403),
    limited=lambda _blocked: Refusal(96000, "RATE_LIMIT_EXCEEDED", 429),
    public={
        ("GET", "/trading-api/v1/time"): lambda call: {"timestamp": call.now_ms},
        ("GET", "/trading-api/v1/nonce"): _bounds,
    },
    private={
        ("GET", LOGIN): Endpoint(_login),
        ("POST", ECDSA_LOGIN): Endpoint(_login),
        ("GET", "/trading-api/v1/users/logout"): Endpoint(_logout),
        ("GET", "/trading-api/v1/accounts/trading-accounts"): Endpoint(_accounts),
        ("GET", "/trading-api/v2/history/orders"): Endpoint(lambda _caller: []),
        ("POST", "/trading-api/v2/orders"): Endpoint(_order, ["hmac"]),
    },
    make=_make,
    account_id=lambda: digits(15),
    calls_per_second=50,
)
VENUE = partial(Table, RULES)
