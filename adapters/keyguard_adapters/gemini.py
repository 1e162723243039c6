"""Gemini, the exchange (REST v1): a key tells its roles, a person manages keys on the website.

Docs: https://docs.gemini.com (API keys, roles, error codes, rate limits; as of 2026-03-04, read 2026-11-20);
signing as in ccxt 4.5.90.

Surprises:
- The parameters travel in a header, base64 of JSON; the body stays empty.
- Asking disturbs twice: it moves the key's nonce on, and on a key that "requires heartbeat" it sets the
  30-second dead-man clock back, which may keep the orders of a dead program alive.
- A key with a "time based nonce" wants unix time; a time may be in milliseconds, and so ours is.
- `GEMINI_API_KEY` mostly holds another company's key: only `account-…` and `master-…` are of this venue.
- Auditor excludes the other roles, and these read as well. All about a key is fixed when it is made.
- An app's sign-in sends a bearer token with the same payload, without nonce (`oauth/gemini.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import UsageError
from keyguard.core.exchange import Adapter, Guide, KeyReport, KeySpec, ScopeNames
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import flag, rows
from keyguard_adapters._encoding import base64_text, compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._oauth import told
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import bearer, demand_kind, hmac_sha384, unsigned

FACTS = facts("gemini")

SCOPES = ScopeNames(
    {
        "Auditor": Scope.READ,
        "Trader": Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
        "FundManager": Scope.READ | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL,
        "Administrator": Scope.OTHER,
        "WealthManager": Scope.OTHER,
    }
)
PAGE = Page(FACTS, SCOPES, hint="Trader trades spot and derivatives; FundManager withdraws and moves inside")

FAULTS = {
    "InvalidApiKey": Fault.KEY_UNKNOWN,
    "InvalidSignature": Fault.SIGNATURE,
    "InvalidNonce": Fault.NONCE,
    "BadNonce": Fault.NONCE,  # older name, known from clients
    "MissingRole": Fault.SCOPE,
    "NotGroupApiCompatible": Fault.SCOPE,
    "AccountsOnGroupOnlyApi": Fault.SCOPE,
    "MissingAccounts": Fault.SCOPE,
    "RemoteAddressForbidden": Fault.IP,
    "invalid_grant": Fault.KEY_UNKNOWN,  # RFC 6749 §5.2: a code or refresh token that is spent or ended
    "invalid_token": Fault.AMBIGUOUS,  # RFC 6750 §3.1: expired, revoked, malformed
    "insufficient_scope": Fault.SCOPE,
    "RateLimit": Fault.RATE,
    "Maintenance": Fault.BUSY,
}


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Put request, nonce and parameters into a header and sign its text with HMAC-SHA384 in hex.

    Raises UsageError for the key of another company: it must not be sent here.
    """
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    if who.kind is KeyKind.OAUTH:
        return _with_token(request, who)
    if not re.match("(account|master)-", who.key):
        raise UsageError(
            "this is no key of the exchange Gemini: those begin with account- or master-",
            code="credential.shape",
            still="nothing was sent",
            hint="GEMINI_API_KEY is also the name of Google's keys",
        )
    payload = {"request": request.path, "nonce": stamp.nonce, **(request.body or {})}
    text = base64_text(compact(payload).encode())
    headers = {
        "Content-Type": "text/plain",
        "Cache-Control": "no-cache",
        "X-GEMINI-APIKEY": who.key,
        "X-GEMINI-PAYLOAD": text,
        "X-GEMINI-SIGNATURE": hmac_sha384(who.secret, text).hex(),
    }
    return Wire(request.method, target(request.path, encoded(pairs(request.query))), headers)


def _with_token(request: Request, who: Credential) -> Wire:
    payload = compact({"request": request.path, **(request.body or {})})
    headers = {**bearer(who), "X-GEMINI-PAYLOAD": base64_text(payload.encode())}
    return Wire(request.method, target(request.path, encoded(pairs(request.query))), headers)


def fault(reply: Reply) -> tuple[Fault, str] | None:
    return by_code(reply, member(reply, "reason") or member(reply, "error"), FAULTS)


def whoami(public_id: str) -> Step[KeyReport]:
    reply = yield Request("POST", "/v1/roles")
    grants = tuple(sorted(_roles(reply.json)))
    master = public_id.startswith("master-")
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        notes=("a master key: it reaches every account of the group",) if master else (),
    )


def _roles(row: Mapping[str, Any]) -> set[str]:
    if not {"isAuditor", "isFundManager", "isTrader"} <= set(row):
        raise ValueError("a role is not told")
    held = {name.removeprefix("is") for name in row if name.startswith("is") and flag(row[name])}
    return {"Administrator" if role == "AccountAdmin" else role for role in held}


def cancel_all() -> Step[int | None]:
    """Of the key's account, those placed on the website too; a master key would have to name an account."""
    reply = yield Request("POST", "/v1/order/cancel/all", effect=Effect.ORDERS_CANCELLED)
    details = reply.json["details"]
    if rows(details["cancelRejects"]):
        raise ValueError("not all orders were cancelled")
    return len(rows(details["cancelledOrders"]))


def guide_create(spec: KeySpec) -> Guide:
    """Raises UsageError for what no set of roles gives exactly; Auditor is left out beside another role."""
    PAGE.create(spec)
    grants = spec.grants or SCOPES.write(spec.scopes)
    others = tuple(grant for grant in grants if grant != "Auditor")
    return PAGE.create(replace(spec, grants=others or grants))


ADAPTER = Adapter(
    **PAGE.parts(create=guide_create),
    sign=sign,
    fault=fault,
    whoami=whoami,
    cancel_all=cancel_all,
    example=Credential("account-" + "FAKE8sQz2LrXw7Kd9Vb3", Secret("FAKE" + "gem1niTm6Yc1Jf5Gp0Rk8Ws2")),
    oauth=told("gemini"),
)
