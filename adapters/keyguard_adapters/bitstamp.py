"""Bitstamp (REST v2): a person manages keys on the website; harmless calls tell a little of what a key may.

Docs: https://www.bitstamp.net/api/ (authentication errors, change log of 2023-09-29; read 2026-11-20);
signing as in ccxt 4.5.90.

Surprises:
- The only call about keys, revoke_all_api_keys, ends *every* key of the user, sub-accounts' too. It appears
  nowhere here.
- The host is signed. A body that is empty must have no content type, in the header as in what is signed.
- A nonce need only differ from those of the last minutes, so asking disturbs nobody.
- A new key is dead until its holder opens a link in an e-mail.
- `API0003`, permission missing, shows a key alive; every other refusal has a code of its own as well.
"""

from __future__ import annotations

from typing import Any

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import rows, text
from keyguard_adapters._encoding import encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._probes import Probe, inferred
from keyguard_adapters._sign import demand_kind, hmac_sha256, unsigned

FACTS = facts("bitstamp")

SCOPES = ScopeNames(
    {
        "account_balance": Scope.READ,
        "user_transactions": Scope.READ,
        "open_orders": Scope.READ,
        "order_status": Scope.READ,
        "limit_order": Scope.TRADE_SPOT,
        "market_order": Scope.TRADE_SPOT,
        "instant_order": Scope.TRADE_SPOT,
        "cancel_order": Scope.TRADE_SPOT,
        "derivatives": Scope.TRADE_DERIVATIVES,
        "transfer": Scope.TRANSFER_INTERNAL,
        "withdrawal": Scope.WITHDRAW,
        "deposit_address": Scope.OTHER,
        "earn": Scope.OTHER,
    }
)
PAGE = Page(FACTS, SCOPES)
UNPROBED = Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES | Scope.TRANSFER_INTERNAL | Scope.WITHDRAW | Scope.OTHER
"""What no safe call tells."""

FAULTS = {
    "API0001": Fault.KEY_UNKNOWN,
    "API0002": Fault.IP,
    "API0003": Fault.SCOPE,
    "API0004": Fault.NONCE,
    "API0005": Fault.SIGNATURE,
    **dict.fromkeys(("API0012", "API0013", "API0014", "API0015", "API0016"), Fault.SIGNATURE),
    "API0017": Fault.CLOCK,
    "API0018": Fault.CLOCK,
    **dict.fromkeys(("400.002", "400.067", "400.068"), Fault.RATE),
}
_FORM = "application/x-www-form-urlencoded"


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign key, method, host, path, query, content type, nonce, time and body with HMAC-SHA256 in hex."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    where = target(request.path, encoded(pairs(request.query)))
    body = encoded(pairs(request.body or {}))
    caller, form = f"BITSTAMP {who.key}", _FORM if body else ""
    signed = f"{caller}{request.method}{stamp.host}{where}{form}{stamp.nonce}{stamp.ms}v2{body}"
    headers = {
        "X-Auth": caller,
        "X-Auth-Nonce": stamp.nonce,
        "X-Auth-Timestamp": str(stamp.ms),
        "X-Auth-Version": "v2",
        "X-Auth-Signature": hmac_sha256(who.secret, signed).hex(),
    }
    if form:
        headers["Content-Type"] = form
    return Wire(request.method, where, headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    return by_code(reply, member(reply, "code"), FAULTS)


def whoami(public_id: str) -> Step[KeyReport]:
    """Try three calls that only read; a key that may none of them is alive all the same."""
    note = "Bitstamp tells no permissions: three that read were tried, the others are unknown"
    return inferred(public_id, SCOPES, PROBES, UNPROBED, note)


def _balances(answer: Any) -> None:
    if not {text(row["currency"]) for row in rows(answer)}:
        raise ValueError("no balances are told")


PROBES = (
    Probe("account_balance", Request("POST", "/api/v2/account_balances/"), _balances),
    Probe("user_transactions", Request("POST", "/api/v2/user_transactions/", body={"limit": 1}), rows),
    Probe("open_orders", Request("POST", "/api/v2/open_orders/"), rows),
)

ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "b1tstamp8sQz2LrXw7Kd9Vb3Tm6Y", Secret("FAKE" + "b1tstampT7vKq9Rz3Nw5Xd2Lm8Hb")
    ),
)
