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

from typing import Any

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import flag, text
from keyguard_adapters._encoding import base64url, compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._oauth import token_fault, told, with_token
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, ed25519, ed25519_base64, es256, unsigned

FACTS = facts("coinbase")

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
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "organizations/FAKE0000-0000-4000-8000-000000000000/apiKeys/FAKE1111-1111-4111-8111-111111111111",
        Secret("FAKE" * 10 + "FALqeGlDhij3ojdtrmc3/h78oJDl9oYDgumyA0JvSOCtiA=="),  # a pair, as they come
        kind=KeyKind.ED25519,
    ),
    clock=clock,
    oauth=told("coinbase"),
)
