"""BitMEX: closed on 2026-09-23. Its keys are found where they leaked; nothing there can be asked.

Docs: https://www.bitmex.com/blog/bitmex-closure (2026-07-23, read 2026-11-21); signing as in ccxt 4.4.100 and
bitmex 0.2.2, the venue's own client.

Surprises:
- A refusal, a static page or silence proves nothing about a key any more, so no request is made.
- A leaked key cannot be revoked; what matters is that the account was emptied before the end.
"""

from __future__ import annotations

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters._encoding import compact, encoded, pairs, target
from keyguard_adapters._faults import by_code
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, hmac_sha256, unsigned
from keyguard_adapters._wishes import no_longer_open

FACTS = facts("bitmex")

SCOPES = ScopeNames(
    {
        "order": Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
        "orderCancel": Scope.READ | Scope.TRADE_DERIVATIVES,
        "withdraw": Scope.READ | Scope.WITHDRAW,
    }
)
PAGE = Page(FACTS, SCOPES)

_EXPIRES_S = 5


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign method + target + expiry (unix seconds) + body with HMAC-SHA256 in hex."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    where, body = target(request.path, encoded(pairs(request.query))), compact(request.body)
    expires = stamp.ms // 1000 + _EXPIRES_S
    headers = {
        "api-expires": str(expires),
        "api-key": who.key,
        "api-signature": hmac_sha256(who.secret, f"{request.method}{where}{expires}{body}").hex(),
    }
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    return Wire(request.method, where, headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """By the status alone: what its error texts meant no longer counts."""
    return by_code(reply, "", {})


def whoami(public_id: str) -> Step[KeyReport]:
    """Raises NotOffered, before anything is sent."""
    raise no_longer_open(FACTS)


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "_bmx7Kq2Vw9Lr4Tz8Nm3", Secret("FAKE" + "-bmx3Tm6Yc1Jf5Gp0Hn8sQz2LrXw7Kd9Vb4RuEiAqOpLk")
    ),
)
