"""HashKey Exchange, Hong Kong (REST v1): no key management by API, little told of a key, and an idle clock.

Docs: https://hashkeypro-apidoc.readme.io (changes of 2025-10 and 2025-12, read 2026-11-20); signing as in
ccxt 4.5.90, whose `hashkey` is HashKey Global: another venue with other keys, by the same scheme.

Surprises:
- A key unused for 90 days ends. Asking about it is believed to be a use: a parked key would be kept alive by
  being looked at, so it is asked about on demand only.
- Query and body are signed run together, without a sign between them.
- "Expired" (0103) is said of a key that ended, by age or for lack of use: that is no deletion.
- Every key reads.
"""

from __future__ import annotations

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import rows
from keyguard_adapters._encoding import carried
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, form_signed, hmac_sha256, unsigned

FACTS = facts("hashkey")

SCOPES = ScopeNames(
    {
        "read": Scope.READ,
        "trade": Scope.READ | Scope.TRADE_SPOT,
        "withdraw": Scope.READ | Scope.WITHDRAW,
    }
)
PAGE = Page(FACTS, SCOPES, hint="every key can read")
UNTOLD = Scope.TRADE_SPOT | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL
NOTE = (
    "that it may read is inferred; whether it may trade, withdraw or transfer, and from which addresses,"
    " HashKey tells nobody"
)

FAULTS = {
    "0001": Fault.SIGNATURE,  # so says the page; clients know it for a missing field
    "0002": Fault.SIGNATURE,
    "0003": Fault.RATE,
    "0102": Fault.KEY_UNKNOWN,
    "0103": Fault.KEY_EXPIRED,
    "0202": Fault.IP,
    "-1002": Fault.AMBIGUOUS,  # "unauthorized operation"
    "-1005": Fault.SCOPE,
    "-1021": Fault.CLOCK,
}


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign query and body as they are sent, the time in front, with HMAC-SHA256 in hex."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    params = {"timestamp": stamp.ms, **carried(request)}
    return form_signed(
        request, params, {"X-HK-APIKEY": who.key}, lambda text: hmac_sha256(who.secret, text).hex()
    )


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the code; some answers that are no refusals carry 0000."""
    code = member(reply, "code")
    return by_code(reply, "" if set(code) <= {"0"} else code, FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/api/v1/time", signed=False)
    return int(reply.json["serverTime"])


def whoami(public_id: str) -> Step[KeyReport]:
    reply = yield Request("GET", "/api/v1/account")
    told = reply.json
    rows(told["balances"])
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        account=str(told.get("userId", "")),
        scopes=Scope.READ,
        scopes_unknown=UNTOLD,
        scopes_origin=Origin.INFERRED,
        grants=("read",),
        notes=(NOTE,),
    )


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "hashkey7Kd9Vb3Tm6Yc1Jf5Gp0Hn8sQz2LrX4Hn8sQz2LrXw7Kd9Vb3Tm6Yc",
        Secret("FAKE" + "hashkeyLm8Hb4Jc6Pf1Sg0BT7vKq9Rz3Nw5XdLm8Hb4Jc6Pf1Sg0BT7vKq9Rz"),
    ),
    clock=clock,
)
