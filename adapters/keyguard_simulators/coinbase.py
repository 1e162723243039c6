"""Coinbase Advanced Trade: tokens signed by P-256 or Ed25519 keys, and the one answer for whatever is wrong.

Which claims the venue wants is not settled: clients send `uri` or `uris`, and different `iss` and `aud`. Here
`sub`, `nbf`, `exp` and one of the two forms of the address are checked. An address carries the host the
request was sent to.

Apps' sign-ins are as `authority.py` says; a revocation, answered alike whether it did anything, ends the one
sign-in. What refuses a token that is no longer good is chosen: the API's own `invalid_token`.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from keyguard_simulators.accounts import Key
from keyguard_simulators.authority import Authority, bearer, is_opaque
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table, body_of, within
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Answer, Call

PERMISSIONS = ("view", "trade", "transfer")
_LIFE_S = 120
_SKEW_S = 5


def _unauthorized() -> Refusal:
    return Refusal("401", "Unauthorized", 401)


def _parts(call: Call) -> tuple[str, dict[str, Any], dict[str, Any], bytes]:
    """What was signed, header, claims and signature of the token; raises Refusal."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    signed, _, signature = token.rpartition(".")
    try:
        header, claims = (json.loads(_b64(part)) for part in signed.split("."))
        if scheme == "Bearer" and isinstance(header, dict) and isinstance(claims, dict):
            return signed, header, claims, _b64(signature)
    except ValueError:
        pass
    raise _unauthorized()


def _b64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _claimed(call: Call) -> str:
    try:
        return str(_parts(call)[1].get("kid", ""))
    except Refusal:
        return ""


def _admit(state: State, call: Call) -> Key:
    if is_opaque(call) and (signed_in := bearer(state, call)) is not None:
        return signed_in
    signed, header, claims, signature = _parts(call)
    key = state.book.usable(str(header.get("kid", "")), call.now_ms)
    if key is None or not key.enabled or claims.get("sub") != key.public_id:
        raise _unauthorized()
    if not _verified(key.public_key, str(header.get("alg", "")), signed, signature):
        raise _unauthorized()
    if not _timely(claims, call.now_ms) or not _meant(claims, call) or not within(key.ips, call.ip):
        raise _unauthorized()
    if not state.spend_nonce(key.public_id, str(header.get("nonce", ""))):
        raise _unauthorized()
    return key


def _verified(pem: str, algorithm: str, signed: str, signature: bytes) -> bool:
    key = load_pem_public_key(pem.encode())
    try:
        if isinstance(key, ed25519.Ed25519PublicKey) and algorithm == "EdDSA":
            key.verify(signature, signed.encode())
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm == "ES256" and len(signature) == 64:
            halves = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
            key.verify(utils.encode_dss_signature(*halves), signed.encode(), ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _timely(claims: Mapping[str, Any], now_ms: int) -> bool:
    begin, end = claims.get("nbf"), claims.get("exp")
    if not isinstance(begin, int) or not isinstance(end, int) or end - begin > _LIFE_S:
        return False
    return (begin - _SKEW_S) * 1000 <= now_ms < (end + _SKEW_S) * 1000


def _meant(claims: Mapping[str, Any], call: Call) -> bool:
    """Whether the token names this call: method, host and path, without the query."""
    named = claims.get("uris", [claims.get("uri")])
    return isinstance(named, list) and f"{call.method} {call.headers.get('host', '')}{call.path}" in named


def _refused(refusal: Refusal) -> Any:
    if refusal.code == "invalid_token":
        return {"errors": [{"id": refusal.code, "message": refusal.message}]}
    if refusal.status == 401:
        return "Unauthorized"
    return {"error": refusal.code, "error_details": refusal.message, "message": refusal.message}


def _make(_state: State, form: KeyForm) -> Mapping[str, Any]:
    """A name and a fresh Ed25519 key; a form that brings a public key keeps it, as for P-256 in the tests."""
    name = f"organizations/{uuid.uuid4()}/apiKeys/{uuid.uuid4()}"
    if form.public_key:
        return {"public_id": name, "secret": "", "public_key": form.public_key}
    private = ed25519.Ed25519PrivateKey.generate()
    seed = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    public = private.public_key()
    both = seed + public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "public_id": str(uuid.uuid4()),
        "secret": base64.b64encode(both).decode(),
        "public_key": pem.decode(),
    }


def _time(call: Call) -> Any:
    return {"iso": "", "epochSeconds": str(call.now_ms // 1000), "epochMillis": str(call.now_ms)}


def _permissions(caller: Caller) -> Any:
    held = {f"can_{name}": name in caller.key.grants for name in PERMISSIONS}
    return {**held, "portfolio_uuid": caller.account.id, "portfolio_type": "DEFAULT"}


def _accounts(caller: Caller) -> Any:
    rows = [
        {
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{caller.account.id} {coin}")),
            "name": f"{coin} Wallet",
            "currency": coin,
            "available_balance": {"value": amount, "currency": coin},
            "hold": {"value": "0", "currency": coin},
            "active": True,
            "ready": True,
            "type": "ACCOUNT_TYPE_CRYPTO",
            "retail_portfolio_id": caller.account.id,
        }
        for coin, amount in caller.account.balances.items()
    ]
    return {"accounts": rows, "has_next": False, "cursor": "", "size": len(rows)}


def _user(caller: Caller) -> Any:
    return {"data": {"id": caller.account.id, "name": caller.account.name, "resource": "user"}}


def _wallets(caller: Caller) -> Any:
    rows = [{"id": coin, "currency": coin, "type": "wallet"} for coin in caller.account.balances]
    return {"pagination": {}, "data": rows}


def _orders(_caller: Caller) -> Any:
    return {"orders": [], "has_next": False, "cursor": ""}


RULES = Rules(
    name="coinbase",
    form=Form(PERMISSIONS, max_ips=100, networks=True),
    claimed=_claimed,
    admit=_admit,
    refused=_refused,
    denied=lambda _endpoint: Refusal("PERMISSION_DENIED", "Missing required scopes", 403),
    limited=lambda _harder: Refusal("rate_limit_exceeded", "too many requests", 429),
    missing=Refusal("NOT_FOUND", "not found", 404),
    private={
        ("GET", "/api/v3/brokerage/key_permissions"): Endpoint(_permissions, PERMISSIONS),
        ("GET", "/v2/user"): Endpoint(_user, {"view", "wallet:user:read"}),
        ("GET", "/v2/accounts"): Endpoint(_wallets, {"view", "wallet:accounts:read"}),
        ("GET", "/api/v3/brokerage/accounts"): Endpoint(_accounts, {"view"}),
        ("GET", "/api/v3/brokerage/orders/historical/batch"): Endpoint(_orders, {"view"}),
        ("POST", "/api/v3/brokerage/orders/preview"): Endpoint(lambda _caller: {"errs": []}, {"trade"}),
    },
    public={("GET", "/api/v3/brokerage/time"): _time},
    account_id=lambda: str(uuid.uuid4()),
    make=_make,
    calls_per_second=30,
)


def _authority() -> Authority:
    return Authority(access_life_s=3_600, keeps="offline_access")


@dataclass
class Coinbase(Table):
    """The venue, with its sign-in of apps beside the keys."""

    rules: Rules = RULES
    authority: Authority = field(default_factory=_authority)

    def answer(self, call: Call) -> Answer:
        """Serve one call."""
        try:
            match call.method, call.path:
                case "GET", "/oauth2/auth":
                    return self.authority.consent(call)
                case "POST", "/oauth2/token":
                    return Answer(self.authority.token(self.state, call, body_of(call)))
                case "POST", "/oauth2/revoke":
                    self.authority.revoke(self.state, call, body_of(call))
                    return Answer({})
                case _:
                    pass
        except Refusal as refusal:
            body = {"error": refusal.code, "error_description": refusal.message}
            return Answer(body, refusal.status, code=str(refusal.code))
        return super().answer(call)


VENUE = Coinbase
