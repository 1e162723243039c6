"""GOPAX, Korea (REST): no key management by API and next to nothing told of a key.

Docs: https://gopax.github.io/API/ (changes to 2024-11-19; a copy of February 2026, read 2026-11-20); signing
as in ccxt 1.50.1, the last that knew GOPAX, and the documents' Python sample.

Surprises:
- The query is signed for `GET /orders` and for no other call.
- Addresses restrict withdrawals only, say the documents; the DAXA standard has probably changed that.
- "Unusable" (10233) is said of a key that has expired or was deleted; which, is not. "Not authorized" (10004)
  is said of nearly everything, and proves nothing.
- What can be ticked on the key page is not known: take every key for one that may trade.
"""

from __future__ import annotations

from typing import Any

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import rows, text
from keyguard_adapters._encoding import base64_text, compact, decoded, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._probes import Probe, inferred
from keyguard_adapters._sign import demand_kind, hmac_sha512, unsigned

FACTS = facts("gopax")

SCOPES = ScopeNames({"조회": Scope.READ, "주문": Scope.TRADE_SPOT, "출금": Scope.WITHDRAW})
"""By what the calls do: what the page calls it, and whether it parts it so, is not known."""
PAGE = Page(FACTS, SCOPES)

FAULTS = {
    "10004": Fault.AMBIGUOUS,
    "10064": Fault.OTHER,  # the user is locked
    "10105": Fault.RATE,
    "10155": Fault.KEY_UNKNOWN,
    "10229": Fault.SIGNATURE,
    "10233": Fault.KEY_DISABLED,  # unusable for good: nothing is known that makes such a key usable again
    "10263": Fault.CLOCK,
    "10264": Fault.CLOCK,
    "10298": Fault.CLOCK,
    "10364": Fault.RATE,  # the address is banned for a while: no IP list
}


def _assets(told: Any) -> None:
    if not [text(row["asset"]) for row in rows(told)]:
        raise ValueError("every asset is listed, held or not")


PROBES = (Probe("조회", Request("GET", "/balances"), _assets),)
UNPROBED = Scope.TRADE_SPOT | Scope.WITHDRAW
NOTE = (
    "that it may read is inferred from a probe; whether it may order or withdraw, until when it lives and"
    " from which addresses it works, GOPAX tells nobody"
)


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign time + method + path + body with HMAC-SHA512 in base64; the secret is base64 too."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    body, where = compact(request.body), target(request.path, encoded(pairs(request.query)))
    signed = where if (request.method, request.path) == ("GET", "/orders") else request.path
    signature = hmac_sha512(decoded(who.secret), f"t{stamp.ms}{request.method}{signed}{body}")
    headers = {
        "api-key": who.key,
        "timestamp": str(stamp.ms),
        "signature": base64_text(signature),
    }
    if body:
        headers["Content-Type"] = "application/json"
    return Wire(request.method, where, headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the code; "not authorized" with status 403 is the only word for a missing permission."""
    code = member(reply, "errorCode")
    if (reply.status, code) == (403, "10004"):
        return Fault.SCOPE, code
    return by_code(reply, code, FAULTS)


def whoami(public_id: str) -> Step[KeyReport]:
    """Probe; what would pass for a death counts only when it is said twice."""
    try:
        return (yield from inferred(public_id, SCOPES, PROBES, UNPROBED, NOTE))
    except Refused as refusal:
        if refusal.fault not in FACTS.dead:
            raise
    return (yield from inferred(public_id, SCOPES, PROBES, UNPROBED, NOTE))


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "gopaxT7Kd9Vb3Tm6Yc1Jf5Gp0Hn8sQz2LrX4Hn8sQz2LrXw7Kd9Vb3Tm6Yc1",
        Secret(
            "FAKE" + "gopaxTLm8Hb4Jc6Pf1Sg0BT7vKq9Rz3Nw5XdLm8Hb4Jc6Pf1Sg0BT7vKq9Rz3Nw5XdLm8Hb4Jc6Pf1Sg0A=="
        ),
    ),
)
