"""Kraken, spot: a key describes itself, a person manages keys on the website.

Docs: https://docs.kraken.com (authentication, GetApiKeyInfo with its permissions as of 2026-05-27; read
2026-11-20); signing as in krakenex 2.2.2, python-kraken-sdk 3.5.1 and ccxt 4.5.90.

Surprises:
- `EAPI:Invalid key` is the answer for a deleted key and, now and then, for one that lives (ccxt issues
  6002, 8634): one answer proves nothing, and asking again and again leads to a lockout.
- Every call moves the key's nonce on. A program that counts lower is refused; one that counts in micro- or
  nanoseconds leaves no room for ours, and its key cannot be asked about.
- A key may want a second factor (`otp`): a fixed password, kept as the passphrase, or codes. Without it a
  call that needs no permission is denied for lack of permission (npm-kraken-api issue 61).
- Errors come with HTTP 200. Withdrawal *addresses* have permissions of their own.
- Calls that manage keys exist for Prime and for partners' apps only: other kinds of keys. An app's sign-in
  (`oauth/kraken.toml`) names its user; that it may call the trading API is not documented.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from keyguard.core.calls import Ask, Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import from_seconds, rows, text, whole
from keyguard_adapters._encoding import base64_text, compact, decoded, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._oauth import token_fault, told, with_token
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, hmac_sha512, unsigned

FACTS = facts("kraken")

_TRADE = Scope.TRADE_SPOT | Scope.TRADE_MARGIN
SCOPES = ScopeNames(
    {
        "query-funds": Scope.READ,
        "add-funds": Scope.OTHER,
        "withdraw-funds": Scope.WITHDRAW,
        "earn-funds": Scope.OTHER,
        "query-open-trades": Scope.READ,
        "query-closed-trades": Scope.READ,
        "modify-trades": _TRADE,
        "close-trades": _TRADE,
        "query-ledger": Scope.READ,
        "export-data": Scope.READ,
        "create-ws-token": Scope.READ,
        "add-withdraw-address": Scope.OTHER,
        "update-withdraw-address": Scope.OTHER,
    }
)
PAGE = Page(FACTS, SCOPES, hint="orders are spot and margin alike")

FAULTS = {
    "EAPI:Invalid-key": Fault.AMBIGUOUS,
    "EAPI:Invalid-signature": Fault.SIGNATURE,
    "EAPI:Invalid-nonce": Fault.NONCE,
    "EAPI:Rate-limit-exceeded": Fault.RATE,
    "EGeneral:Permission-denied": Fault.SCOPE,
    **dict.fromkeys(("EGeneral:Temporary-lockout", "EGeneral:Too-many-requests"), Fault.RATE),
    **dict.fromkeys(("EGeneral:Internal-error", "EService:Busy", "EService:Unavailable"), Fault.BUSY),
}
_INFO = "/0/private/GetApiKeyInfo"


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign path + SHA-256(nonce + body) with HMAC-SHA512; the nonce, and a fixed `otp`, stand in the body."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    if who.kind is KeyKind.OAUTH:
        return with_token(request, who)
    otp = {"otp": who.passphrase.reveal()} if who.passphrase else {}
    params = {"nonce": stamp.nonce, **otp, **(request.body or {})}
    nested = any(isinstance(value, list | dict) for value in params.values())
    body = compact(params) if nested else encoded(pairs(params))
    headers = {
        "API-Key": who.key,
        "API-Sign": signature(request.path, stamp.nonce, body, who.secret),
        "Content-Type": "application/json" if nested else "application/x-www-form-urlencoded",
    }
    return Wire(request.method, target(request.path, encoded(pairs(request.query))), headers, body.encode())


def signature(path: str, nonce: str, body: str, secret: Secret) -> str:
    """The signature of exactly this body, in base64."""
    digest = hashlib.sha256(f"{nonce}{body}".encode()).digest()
    return base64_text(hmac_sha512(decoded(secret), path.encode() + digest))


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the first error's family and name; what follows them are details."""
    if (of_token := token_fault(reply)) is not None:
        return of_token
    name = ":".join(member(reply, "error", 0).split(":")[:2])
    return by_code(reply, name.replace(" ", "-"), FAULTS)


def whoami(public_id: str) -> Step[KeyReport]:
    """Ask the key about itself. That needs no permission: a denial means that a code is wanted."""
    try:
        reply = yield Request("POST", _INFO, body={})
    except Refused as refusal:
        if refusal.fault is not Fault.SCOPE:
            raise
        code = yield Ask("totp", "the second factor of this Kraken key, as set for its use by API")
        reply = yield Request("POST", _INFO, body={"otp": code})
    return _report(reply.json["result"], public_id)


def cancel_all() -> Step[int | None]:
    """Of the spot account; the key's second factor is its fixed password, or the venue refuses."""
    reply = yield Request("POST", "/0/private/CancelAll", body={}, effect=Effect.ORDERS_CANCELLED)
    return whole(reply.json["result"]["count"])


def _report(row: Mapping[str, Any], public_id: str) -> KeyReport:
    if row["apiKey"] != public_id:
        raise ValueError("the answer describes another key")
    grants, ends = tuple(sorted(rows(row["permissions"]))), row["validUntil"]
    addresses = any(grant.endswith("-withdraw-address") for grant in grants)
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=str(row["apiKeyName"]),
        account=text(row["iban"]),
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        ips=tuple(text(ip) for ip in rows(row["ipAllowlist"])),
        ips_origin=Origin.REPORTED,
        created_at=from_seconds(row["createdTime"]),
        expires_at=None if str(ends) == "0" else from_seconds(ends),
        expiry_origin=Origin.REPORTED,
        notes=("it may add or change withdrawal addresses",) if addresses else (),
    )


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    cancel_all=cancel_all,
    example=Credential(
        "FAKE" + "kr4ken8sQz2LrXw7Kd9Vb3Tm6Yc1Jf5Gp0Rk8Ws2Zx4Vy6Bt1Nq3",
        Secret(
            "FAKE" + "kr4kenS4Hn8sQz2LrXw7Kd9Vb3Tm6Yc1Jf5Gp0Rk8Ws2Zx4Vy6Bt1Nq3Mu5Ph7Cj9Dg0Fl2Ae4yRs7KdQQ=="
        ),
    ),
    oauth=told("kraken"),
)
