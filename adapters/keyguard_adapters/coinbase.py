"""Coinbase, Advanced Trade (v3) with CDP keys: a person manages keys in the portal.

Docs: https://docs.cdp.coinbase.com (API key authentication, key permissions, REST scopes; read 2026-11-20);
the token's claims as coinbase-advanced-py 1.8.4 sends them.

Surprises:
- 401 says nothing: wrong key, deleted key, wrong signature, wrong clock and, it seems, a foreign address get
  the same answer, and live keys were seen to get it now and then (coinbase-advanced-py issue 132, 2026-05).
- The token covers method, host and path, not the query and not the body.
- The private key is a PEM (P-256) or the base64 of an Ed25519 key; there is no secret in the usual sense.
- Nothing tells a key's label, addresses, age or id: it is known by the name it signs with.
- Clients differ in the claims they send (`uri` or `uris`, `aud`, `iss`); this is the vendor's own set.
- An app's sign-in (`oauth/coinbase.toml`) sees the v2 API of Coinbase App, not key_permissions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from keyguard.core.exchange import (
    Adapter,
    Credential,
    Facts,
    Fault,
    IpForm,
    KeyReport,
    Limit,
    NonceKind,
    Reply,
    Request,
    ScopeNames,
    Stamp,
    Step,
    Wire,
)
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._checks import flag, text
from keyguard_adapters._env import env_names
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._oauth import token_fault, told, with_token
from keyguard_adapters._page import Page
from keyguard_adapters._sign import (
    base64url,
    compact,
    demand_kind,
    ed25519,
    ed25519_base64,
    encoded,
    es256,
    pairs,
    target,
    unsigned,
)

FACTS = Facts(
    id="coinbase",
    name="Coinbase",
    base="https://api.coinbase.com",
    docs="https://docs.cdp.coinbase.com",
    checked="2026-11-20",
    key_page="https://portal.cdp.coinbase.com",
    kinds=(KeyKind.OAUTH, KeyKind.ED25519, KeyKind.ES256),
    nonce=NonceKind.UUID,
    clock_window=timedelta(seconds=1),  # ahead, not documented; behind, the 120 s of the token's life
    ip_forms=frozenset(IpForm),
    limit=Limit(30, timedelta(seconds=1)),
    dead=frozenset({Fault.AMBIGUOUS}),
    env_names=env_names(
        sdk=("COINBASE_API_KEY", "COINBASE_API_SECRET"),
        ccxt="COINBASE",
        hummingbot=("coinbase_advanced_trade_api_key", "coinbase_advanced_trade_api_secret"),
    ),
    unverified=(
        "the name of the flag for inbound payments (any can_… flag that speaks of receiving is taken for it)",
        "which permission key_permissions itself needs",
        "what a 401 says for a deleted key and for a foreign address; how far a clock may be off",
        "how many addresses a key's list takes; how many keys an account (an older page says 100)",
        "how soon a new key works (third parties speak of up to two days)",
        "whether the portal changes the permissions of a key that exists",
        "30 calls a second: known from third parties",
    ),
)

SCOPES = ScopeNames(
    {
        "view": Scope.READ,
        "trade": Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
        "transfer": Scope.WITHDRAW | Scope.TRANSFER_INTERNAL,
        "receive": Scope.OTHER,
    }
)
PAGE = Page(FACTS, SCOPES, hint="trade covers spot and derivatives, transfer sending within and outside")

FAULTS = {
    "permission_denied": Fault.SCOPE,
    "missing_required_scopes": Fault.SCOPE,
    "invalid_scope": Fault.SCOPE,
    "rate_limit_exceeded": Fault.RATE,
    "resource_exhausted": Fault.RATE,
    "not_found": Fault.NOT_FOUND,
}
_LIFE_S = 120


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Make a token (JWT, ES256 or EdDSA) for this method, host and path, good for two minutes."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    if who.kind is KeyKind.OAUTH:
        return with_token(request, who)
    now = stamp.ms // 1000
    algorithm = "ES256" if who.kind is KeyKind.ES256 else "EdDSA"
    header = {"alg": algorithm, "kid": who.key, "nonce": stamp.nonce, "typ": "JWT"}
    uri = f"{request.method} {stamp.host}{request.path}"
    claims = {"sub": who.key, "iss": "cdp", "nbf": now, "exp": now + _LIFE_S, "uri": uri}
    signed = ".".join(base64url(compact(part).encode()) for part in (header, claims))
    headers = {"Authorization": f"Bearer {signed}.{base64url(_signature(who, signed))}"}
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    where = target(request.path, encoded(pairs(request.query)))
    return Wire(request.method, where, headers, compact(request.body).encode())


def _signature(who: Credential, signed: str) -> bytes:
    if who.kind is KeyKind.ES256:
        return es256(who.secret, signed)
    in_pem = who.secret.reveal().lstrip().startswith("-----BEGIN")
    return ed25519(who.secret, signed) if in_pem else ed25519_base64(who.secret, signed)


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the error's name; a 401 means too many things, whatever its body says."""
    name = member(reply, "errors", 0, "id") or member(reply, "error_details") or member(reply, "error")
    if (of_token := token_fault(reply)) is not None:
        return of_token
    if reply.status == 401:
        return Fault.AMBIGUOUS, name or "401"
    return by_code(reply, name.lower().replace(" ", "_"), FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/api/v3/brokerage/time", signed=False)
    return int(text(reply.json["epochMillis"]))


def whoami(public_id: str) -> Step[KeyReport]:
    reply = yield Request("GET", "/api/v3/brokerage/key_permissions")
    row = reply.json
    grants = tuple(sorted(_grants(row)))
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        account=text(row["portfolio_uuid"]),
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        notes=("it sees one portfolio only",),
    )


def _grants(row: dict[str, Any]) -> set[str]:
    held = {name.removeprefix("can_") for name in row if name.startswith("can_") and flag(row[name])}
    if not {"can_view", "can_trade", "can_transfer"} <= set(row):
        raise ValueError("a permission is not told")
    return {"receive" if "receive" in name else name for name in held}


ADAPTER = Adapter(
    facts=FACTS,
    sign=sign,
    fault=fault,
    scopes=SCOPES,
    clock=clock,
    whoami=whoami,
    guide_create=PAGE.create,
    guide_edit=PAGE.edit,
    guide_delete=PAGE.delete,
    example=Credential(
        "organizations/FAKE0000-0000-4000-8000-000000000000/apiKeys/FAKE1111-1111-4111-8111-111111111111",
        Secret("FAKE" * 10 + "FALqeGlDhij3ojdtrmc3/h78oJDl9oYDgumyA0JvSOCtiA=="),  # a pair, as they come
        kind=KeyKind.ED25519,
    ),
    oauth=told("coinbase"),
)
