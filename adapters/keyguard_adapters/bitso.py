"""Bitso, REST v3: no key management by API; a person does it, the venue's error codes tell what a key is.

Docs: https://docs.bitso.com (signed requests, nonce of the second kind, error codes, changes up to
2025-08-22; read 2026-11-21); signing as in ccxt 4.5.90.

Surprises:
- Nonces of the second kind (since 2025-03-14) are unique, not growing: milliseconds and up to six digits.
- Growing nonces were to be refused from November 2025 on; ccxt 4.5.90 still sends them.
- Nothing tells what a key may; two harmless calls show what it may read.
- `account_status` would do for a probe too, but answers with the holder's personal data: never called.
- Bitso transfers pay third parties: they count as withdrawing.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import rows, text
from keyguard_adapters._encoding import compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._probes import Probe, inferred
from keyguard_adapters._sign import demand_kind, hmac_sha256, unsigned

FACTS = facts("bitso")

SCOPES = ScopeNames(
    {
        "view_account": Scope.READ,
        "view_balances": Scope.READ,
        "view_orders": Scope.READ,
        "place_orders": Scope.TRADE_SPOT,
        "withdrawals": Scope.WITHDRAW,
        "transfers": Scope.WITHDRAW,
    }
)
PAGE = Page(FACTS, SCOPES)

FAULTS = {
    "104": Fault.NONCE,
    "0201": Fault.KEY_UNKNOWN,
    "0202": Fault.SCOPE,
    "0203": Fault.AMBIGUOUS,
    "0204": Fault.SECOND_FACTOR,
    "0206": Fault.NONCE,
    "0207": Fault.NONCE,
    "0208": Fault.AMBIGUOUS,
    "0209": Fault.SECOND_FACTOR,
    "0210": Fault.SECOND_FACTOR,
    "0211": Fault.SECOND_FACTOR,
    "0213": Fault.IP,
    "0215": Fault.SIGNATURE,
    "0326": Fault.KEY_DISABLED,
}

PROBES = (
    Probe("view_balances", Request("GET", "/api/v3/balance"), lambda told: rows(told["payload"]["balances"])),
    Probe("view_orders", Request("GET", "/api/v3/open_orders"), lambda told: rows(told["payload"])),
)
"""Reading calls without side effects or personal data. A key that may neither may still see the account."""
UNPROBED = Scope.TRADE_SPOT | Scope.WITHDRAW
NOTE = "whether it may order or withdraw, and from which addresses, Bitso tells on its page only"


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign nonce + method + target + body with HMAC-SHA256 in hex; the target as sent, with its query."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    where, body = target(request.path, encoded(pairs(request.query))), compact(request.body)
    nonce = _nonce(stamp)
    signature = hmac_sha256(who.secret, f"{nonce}{request.method}{where}{body}").hex()
    headers = {"Authorization": f"Bitso {who.key}:{nonce}:{signature}"}
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    return Wire(request.method, where, headers, body.encode())


def _nonce(stamp: Stamp) -> str:
    """Milliseconds and six digits out of the unique text; a number is another client's own nonce."""
    if stamp.nonce.isdecimal():
        return stamp.nonce
    return f"{stamp.ms:013d}{uuid.UUID(stamp.nonce).int % 1_000_000:06d}"


def fault(reply: Reply) -> tuple[Fault, str] | None:
    return by_code(reply, member(reply, "error", "code"), FAULTS)


def whoami(public_id: str) -> Step[KeyReport]:
    told = yield from inferred(public_id, SCOPES, PROBES, UNPROBED, NOTE)
    return told if told.grants else replace(told, scopes_unknown=UNPROBED | Scope.READ)


def cancel_all() -> Step[int | None]:
    reply = yield Request("DELETE", "/api/v3/orders/all", effect=Effect.ORDERS_CANCELLED)
    return len([text(order) for order in rows(reply.json["payload"])])


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    cancel_all=cancel_all,
    example=Credential("FAKE" + "bitsoK", Secret("FAKE" + "4e7a9d1fc350b8264e7a9d1fc350")),
)
