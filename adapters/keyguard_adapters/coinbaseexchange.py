"""Coinbase Exchange (REST, once GDAX and Coinbase Pro): a person manages keys on the website.

Docs: https://docs.cdp.coinbase.com/exchange (authentication, rate limits, accounts; read 2026-11-20); signing
as in ccxt 4.5.90 and coinbase-api (npm) 1.2.6.

Surprises:
- Nothing tells a key's permissions, and a key that may only trade reads as well: View and Trade look alike.
- The docs say the path is signed, clients sign path *and* query: so does this, exactly as sent.
- The passphrase is the person's choice and is kept hashed by the venue: without it a key is lost.
- Refusals are known by their words only; the words separate unknown key, signature, passphrase and clock.
- Transfer withdraws without a second factor; Manage changes the address book.
"""

from __future__ import annotations

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import rows, text
from keyguard_adapters._encoding import base64_text, compact, decoded, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, demand_passphrase, hmac_sha256, unsigned

FACTS = facts("coinbaseexchange")

SCOPES = ScopeNames(
    {
        "view": Scope.READ,
        "trade": Scope.READ | Scope.TRADE_SPOT,
        "transfer": Scope.WITHDRAW | Scope.TRANSFER_INTERNAL,
        "manage": Scope.OTHER,
    }
)
PAGE = Page(FACTS, SCOPES, hint="trade reads too; transfer covers withdrawing and moving inside")
UNPROBED = Scope.TRADE_SPOT | Scope.TRANSFER_INTERNAL | Scope.WITHDRAW | Scope.OTHER
"""What only calls that write would tell, so nobody asks."""

FAULTS = {
    "invalid-api-key": Fault.KEY_UNKNOWN,
    "invalid-signature": Fault.SIGNATURE,
    "invalid-passphrase": Fault.SIGNATURE,  # a secret part that does not belong to the key
    "request-timestamp-expired": Fault.CLOCK,
    "ip-does-not-match-ip-whitelist": Fault.IP,
    "forbidden": Fault.SCOPE,
    "private-rate-limit-exceeded": Fault.RATE,
    "notfound": Fault.NOT_FOUND,
}


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign time (seconds) + method + path with query + body with HMAC-SHA256, key and result in base64."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    where = target(request.path, encoded(pairs(request.query)))
    body, seconds = compact(request.body), str(stamp.ms // 1000)
    signature = hmac_sha256(decoded(who.secret), f"{seconds}{request.method}{where}{body}")
    headers = {
        "CB-ACCESS-KEY": who.key,
        "CB-ACCESS-SIGN": base64_text(signature),
        "CB-ACCESS-TIMESTAMP": seconds,
        "CB-ACCESS-PASSPHRASE": demand_passphrase(who).reveal(),
        "Content-Type": "application/json",
    }
    return Wire(request.method, where, headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the words, capitals aside: there is no code."""
    return by_code(reply, member(reply, "message").lower().replace(" ", "-"), FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/time", signed=False)
    return int(float(reply.json["epoch"]) * 1000)


def whoami(public_id: str) -> Step[KeyReport]:
    """Read the accounts: that shows the profile and that the key reads. The rest is unknown."""
    scopes, profile = Scope.NONE, ""
    try:
        reply = yield Request("GET", "/accounts")
    except Refused as refusal:
        if refusal.fault is not Fault.SCOPE:
            raise
    else:
        (profile,) = {text(row["profile_id"]) for row in rows(reply.json)}
        scopes = Scope.READ
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        account=profile,
        scopes=scopes,
        scopes_unknown=UNPROBED,
        scopes_origin=Origin.INFERRED,
        notes=("Coinbase Exchange tells no permissions: that it reads was tried, View and Trade look alike",),
    )


def cancel_all() -> Step[int | None]:
    """Of the key's profile, all products; the answer names the orders that were cancelled."""
    reply = yield Request("DELETE", "/orders", effect=Effect.ORDERS_CANCELLED)
    return len([text(order) for order in rows(reply.json)])


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "0a1b2c3d4e5f60718293a4b5c6d7",
        Secret(
            "FAKE" + "cbExch4Hn8sQz2LrXw7Kd9Vb3Tm6Yc1Jf5Gp0Rk8Ws2Zx4Vy6Bt1Nq3Mu5Ph7Cj9Dg0Fl2Ae4yRs7KdQmQ=="
        ),
        Secret("FAKE" + "-passphrase"),
    ),
    clock=clock,
    cancel_all=cancel_all,
)
