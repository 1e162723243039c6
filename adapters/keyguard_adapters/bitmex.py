"""BitMEX: closed on 2026-09-23. Its keys are found where they leaked; nothing there can be asked.

Docs: https://www.bitmex.com/blog/bitmex-closure (2026-07-23, read 2026-11-21); signing as in ccxt 4.4.100 and
bitmex 0.2.2, the venue's own client.

Surprises:
- A refusal, a static page or silence proves nothing about a key any more, so no request is made.
- A leaked key cannot be revoked; what matters is that the account was emptied before the end.
"""

from __future__ import annotations

from datetime import timedelta

from keyguard.core.exchange import (
    Adapter,
    Credential,
    Facts,
    Fault,
    Guide,
    IpForm,
    KeyReport,
    KeySpec,
    Reply,
    Request,
    ScopeNames,
    Stamp,
    Step,
    Wire,
)
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters._checks import no_longer_open
from keyguard_adapters._faults import by_code
from keyguard_adapters._page import Page
from keyguard_adapters._sign import compact, demand_kind, encoded, hmac_sha256, pairs, target, unsigned

FACTS = Facts(
    id="bitmex",
    name="BitMEX",
    base="https://www.bitmex.com",
    docs="https://www.bitmex.com/blog/bitmex-closure",
    checked="2026-11-21",
    key_page="https://www.bitmex.com/app/apiKeys",
    closed="2026-09-23",
    clock_window=timedelta(seconds=5),
    ip_forms=frozenset({IpForm.IPV4, IpForm.NETWORK4}),
    label_pattern=r"[ -~]{1,64}",
    dead=frozenset({Fault.AMBIGUOUS}),
    env_names={
        "sdk": (("BITMEX_API_KEY", "key"), ("BITMEX_API_SECRET", "secret")),
        "ccxt": (("BITMEX_APIKEY", "key"), ("BITMEX_SECRET", "secret")),
    },
    unverified=(
        "anything after 2026-09-23 04:00 UTC, reading and withdrawing by API among it",
        "whether the key list ever carried secrets",
    ),
)

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


def guide_create(spec: KeySpec) -> Guide:
    """Raises NotOffered."""
    raise no_longer_open(FACTS)


def guide_edit(current: KeyReport, wanted: KeySpec) -> Guide:
    """Raises NotOffered."""
    raise no_longer_open(FACTS)


ADAPTER = Adapter(
    facts=FACTS,
    sign=sign,
    fault=fault,
    scopes=SCOPES,
    whoami=whoami,
    guide_create=guide_create,
    guide_edit=guide_edit,
    guide_delete=PAGE.delete,
    example=Credential(
        "FAKE" + "_bmx7Kq2Vw9Lr4Tz8Nm3", Secret("FAKE" + "-bmx3Tm6Yc1Jf5Gp0Hn8sQz2LrXw7Kd9Vb4RuEiAqOpLk")
    ),
)
