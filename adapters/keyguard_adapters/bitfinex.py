"""Bitfinex, REST v2: no key management by API; a person does it, `auth/r/permissions` tells of the result.

Docs: https://docs.bitfinex.com (key permissions of 2025-06-10, generate token of 2025-07-04, glossary; read
2026-11-21); signing as in ccxt 4.5.90 and bitfinex-api-py 4.0.0.

Surprises:
- The signed path begins with /api, the sent one does not.
- A nonce only grows, per key: what asks about a key can make a bot's next number too small.
- 10100 `apikey: invalid` answers an unknown key and a wrong signature alike, so it proves no death.
- Nearly every refusal is an HTTP 500; the code in its body says what it was.
- A key tells its permissions and nothing else: neither name nor addresses, birth or end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import rows, text
from keyguard_adapters._encoding import compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, hmac_sha384, unsigned

FACTS = facts("bitfinex")

_TRADES = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES
SCOPES = ScopeNames(
    {
        "account:read": Scope.READ,
        "account:write": Scope.OTHER,
        "bfxpay:read": Scope.READ,
        "bfxpay:write": Scope.OTHER,
        "funding:read": Scope.READ,
        "funding:write": Scope.TRADE_MARGIN,
        "history:read": Scope.READ,
        "history:write": Scope.OTHER,
        "orders:read": Scope.READ,
        "orders:write": _TRADES,
        "positions:read": Scope.READ,
        "positions:write": Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES,
        "settings:read": Scope.READ,
        "settings:write": Scope.OTHER,
        "ui_withdraw:read": Scope.WITHDRAW,
        "ui_withdraw:write": Scope.WITHDRAW,
        "wallets:read": Scope.READ,
        "wallets:write": Scope.TRANSFER_INTERNAL,
        "withdraw:read": Scope.WITHDRAW,
        "withdraw:write": Scope.WITHDRAW,
    }
)
PAGE = Page(FACTS, SCOPES, hint="ordering is one switch for spot, margin and derivatives")

FAULTS = {
    "10001": Fault.SCOPE,
    "10100": Fault.AMBIGUOUS,
    "10111": Fault.SIGNATURE,
    "10112": Fault.SIGNATURE,
    "10113": Fault.SIGNATURE,
    "10114": Fault.NONCE,
    "11010": Fault.RATE,
}


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign /api + path + nonce + body with HMAC-SHA384 in hex; no body counts as the empty text."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    body = compact(request.body)
    headers = {
        "Content-Type": "application/json",
        "bfx-nonce": stamp.nonce,
        "bfx-apikey": who.key,
        "bfx-signature": hmac_sha384(who.secret, f"/api{request.path}{stamp.nonce}{body}").hex(),
    }
    where = target(request.path, encoded(pairs(request.query)))
    return Wire(request.method, where, headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the code of `["error", code, text]`: its HTTP status is 500 whatever the reason."""
    code = member(reply, 1) if member(reply, 0) == "error" else ""
    if code and code not in FAULTS and reply.status != 429:
        return Fault.OTHER, code
    return by_code(reply, code, FAULTS)


def whoami(public_id: str) -> Step[KeyReport]:
    reply = yield Request("POST", "/v2/auth/r/permissions", body={})
    grants = tuple(sorted(_held(reply.json)))
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        notes=("Bitfinex tells a key's permissions only: neither its addresses nor when it was made",),
    )


def _held(listed: Any) -> Iterator[str]:
    if not rows(listed):
        raise ValueError("a list of permissions was expected")
    for area, *bits in map(rows, listed):
        for level, bit in zip(("read", "write"), bits[:2], strict=True):
            if bit not in (0, 1, None):
                raise ValueError("a bit was expected")
            if bit:
                yield f"{text(area)}:{level}"


def cancel_all() -> Step[int | None]:
    """Orders of exchange, margin and derivatives alike; the answer is a notification around them."""
    body = {"all": 1}
    reply = yield Request("POST", "/v2/auth/w/order/cancel/multi", body=body, effect=Effect.ORDERS_CANCELLED)
    if reply.json[6] != "SUCCESS":
        raise ValueError("the cancellation was not confirmed")
    return len(rows(reply.json[4]))


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    cancel_all=cancel_all,
    example=Credential(
        "FAKE" + "-bfx_7Kq2Vw9Lr4Tz8Nm3Xd6Hb1Jc5Pf0SgQyAe",
        Secret("FAKE" + "-sec_3Tm6Yc1Jf5Gp0Hn8sQz2LrXw7Kd9Vb4RuEi"),
    ),
)
