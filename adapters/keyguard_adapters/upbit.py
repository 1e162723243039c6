"""Upbit, Korea (REST v1): no key management by API; a person does it, the venue's answers prove it.

Docs: https://docs.upbit.com/kr (authentication, error guide of 2026-08-31, key list, pockets; read
2026-11-20); signing as in upbit-sdk 1.1.0 and ccxt 4.5.90.

Surprises:
- `GET /v1/api_keys` needs no permission and tells the expiry of every key of the account, nothing else.
- Permissions and IPs are told to a main-pocket key with 포켓관리 only, which no desk's key should have.
- The hash covers the parameters *not* percent-encoded, in the order sent; the URL itself is encoded.
- A key lives one year and cannot be extended; its permissions cannot be changed, only its IPs.
- Error names differ between versions of the docs, and so do their HTTP statuses: the name decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, Guide, KeyReport, KeySpec, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import instant, own, rows
from keyguard_adapters._encoding import bracketed, compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._probes import Probe, dated, inferred
from keyguard_adapters._sign import demand_kind, jwt_hs256, unsigned
from keyguard_adapters._wishes import cannot_grant

FACTS = facts("upbit")

SCOPES = ScopeNames(
    {
        "view_account": Scope.READ,
        "view_orders": Scope.READ,
        "make_orders": Scope.TRADE_SPOT,
        "view_withdrawals": Scope.READ,
        "withdraw": Scope.WITHDRAW,
        "view_deposits": Scope.READ,
        "deposit": Scope.OTHER,
        "transfer": Scope.TRANSFER_INTERNAL,
        "manage_pockets": Scope.READ | Scope.TRANSFER_INTERNAL | Scope.MANAGE_KEYS,
    }
)
PAGE = Page(FACTS, SCOPES, fixed=True)
MAIN_POCKET_ONLY = frozenset({"view_withdrawals", "withdraw", "view_deposits", "deposit", "manage_pockets"})
SUB_POCKET_ONLY = frozenset({"transfer"})

FAULTS = {
    "invalid_access_key": Fault.KEY_UNKNOWN,
    "expired_access_key": Fault.KEY_EXPIRED,
    "jwt_verification": Fault.SIGNATURE,
    "invalid_query_payload": Fault.SIGNATURE,
    "no_authorization_token": Fault.SIGNATURE,
    "nonce_used": Fault.NONCE,
    "no_authorization_ip": Fault.IP,
    "no_authorization_i_p": Fault.IP,  # older spelling
    "out_of_scope": Fault.SCOPE,
    "open_api_withdraw_locked": Fault.SCOPE,
    "pocket_not_found": Fault.NOT_FOUND,
    "too_many_requests": Fault.RATE,
}

# Reading calls without side effects; each needs just the one permission.
PROBES = (
    Probe("view_account", Request("GET", "/v1/accounts"), rows),
    Probe("view_orders", Request("GET", "/v1/orders/open", query={"limit": 1}), rows),
    Probe("view_withdrawals", Request("GET", "/v1/withdraws", query={"limit": 1}), rows),
    Probe("view_deposits", Request("GET", "/v1/deposits", query={"limit": 1}), rows),
)
UNPROBED = Scope.TRADE_SPOT | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL | Scope.OTHER
"""What no safe probe tells. MANAGE_KEYS is not among it: the pocket call was refused for lack of it."""
NOTE = (
    "reading permissions are inferred from probes; whether it may order, withdraw, deposit or"
    " transfer, and from which addresses, Upbit tells only to a key with 포켓관리"
)


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Make a JWT (HS256) over key, nonce and the SHA-512 of the parameters as the person reads them."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    claims = {"access_key": who.key, "nonce": stamp.nonce}
    # A body's lists are hashed as they would stand in a query.
    params = [*pairs(request.query), *pairs(bracketed(request.body or {}))]
    if params:
        plain = "&".join(f"{name}={value}" for name, value in params)
        claims["query_hash"] = hashlib.sha512(plain.encode()).hexdigest()
        claims["query_hash_alg"] = "SHA512"
    headers = {"Authorization": f"Bearer {jwt_hs256(claims, who.secret)}"}
    if request.body is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
    where = target(request.path, encoded(pairs(request.query)))
    return Wire(request.method, where, headers, compact(request.body).encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the error's name; some refusals carry their HTTP status in its place."""
    name = member(reply, "error", "name")
    if member(reply, "error", "message") == "This key has expired.":
        return Fault.KEY_EXPIRED, name
    if name.isdigit():
        return by_code(replace(reply, status=int(name)), "", FAULTS)
    return by_code(reply, name, FAULTS)


def whoami(public_id: str) -> Step[KeyReport]:
    """Read the pockets' key list; a key that may not is found in the plain list and probed."""
    try:
        reply = yield Request("GET", "/v1/pockets/api_keys")
    except Refused as refusal:
        if refusal.fault not in (Fault.SCOPE, Fault.NOT_FOUND):
            raise
        return (yield from _probed(public_id))
    (found,) = [
        _pocket_report(row, str(pocket["uuid"]))
        for pocket in rows(reply.json)
        for row in pocket["keys"]
        if row["access_key"] == public_id
    ]
    return found


def _probed(public_id: str) -> Step[KeyReport]:
    listed = own((yield from list_keys("")), public_id)
    report = yield from inferred(public_id, SCOPES, PROBES, UNPROBED, NOTE)
    return replace(report, expires_at=listed.expires_at, expiry_origin=listed.expiry_origin)


def _pocket_report(row: Mapping[str, Any], pocket: str) -> KeyReport:
    grants = tuple(sorted(row["permissions"]))
    return KeyReport(
        public_id=row["access_key"],
        ref=row["access_key"],
        account=pocket,
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        ips=tuple(str(ip) for ip in row["allowed_ips"]),
        ips_origin=Origin.REPORTED,
        created_at=instant(row["created_at"]),
        expires_at=instant(row["expired_at"]),
        expiry_origin=Origin.REPORTED,
    )


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    """List the live keys of the whole account, whichever pocket the caller's is of."""
    reply = yield Request("GET", "/v1/api_keys")
    return dated(reply.json)


def guide_create(spec: KeySpec) -> Guide:
    """Raises UsageError where no kind of pocket has all these permissions."""
    guide, grants = PAGE.create(spec), set(spec.grants)
    if grants & SUB_POCKET_ONLY and grants & MAIN_POCKET_ONLY:
        hint = "자산이전 (transfer) is for sub pockets, some of the others for the main one"
        raise cannot_grant("Upbit", spec.scopes, hint=hint)
    return guide


ADAPTER = Adapter(
    **PAGE.parts(create=guide_create),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "upbit4Hn8sQz2LrXw7Kd9Vb3Tm6Yc1Jf5Gp0",
        Secret("FAKE" + "upbitT7vKq9Rz3Nw5Xd2Lm8Hb4Jc6Pf1Sg0B"),
    ),
    list_keys=list_keys,
)
