"""Bithumb, Korea (REST 2.x): no key management by API; a person does it, the venue's answers prove it.

Docs: https://apidocs.bithumb.com (authentication, API keys of 2026-04-22, errors of 2026-10-27, rate limits;
read 2026-11-20); signing as in ccxt 4.5.90.

Surprises:
- The token looks like Upbit's, but its hash covers the parameters percent-encoded, as they are sent, with the
  brackets of lists left plain; and it carries a timestamp in milliseconds.
- `GET /v1/api_keys` tells the expiry of every key of the account, and neither permissions nor addresses.
- What a deleted, an expired or an unknown key is answered, the error list does not say: only the key list,
  asked with another key, proves a death.
- Keys that have expired still count towards the ten of an account.
- A key lives one year and cannot be extended; its permissions cannot be changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import own, rows
from keyguard_adapters._encoding import bracketed, compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._probes import Probe, dated, inferred
from keyguard_adapters._sign import demand_kind, jwt_hs256, unsigned

FACTS = facts("bithumb")

SCOPES = ScopeNames(
    {
        "자산조회": Scope.READ,
        "주문조회": Scope.READ,
        "주문하기": Scope.TRADE_SPOT,
        "출금조회": Scope.READ,
        "출금하기": Scope.WITHDRAW,
        "입금조회": Scope.READ,
        "입금하기": Scope.OTHER,
    }
)
"""The page's own words: the API names no permission."""
PAGE = Page(FACTS, SCOPES, fixed=True)

FAULTS = {
    "jwt_verification": Fault.AMBIGUOUS,  # a wrong secret for sure; a key that is gone, for all we know
    "expired_jwt": Fault.CLOCK,
    "invalid_query_payload": Fault.SIGNATURE,
    "NotAllowIP": Fault.IP,
    "out_of_scope": Fault.SCOPE,
}

PROBES = (
    Probe("자산조회", Request("GET", "/v1/accounts"), rows),
    Probe("주문조회", Request("GET", "/v1/orders", query={"limit": 1}), rows),
    Probe("출금조회", Request("GET", "/v1/withdraws", query={"limit": 1}), rows),
    Probe("입금조회", Request("GET", "/v1/deposits", query={"limit": 1}), rows),
)
UNPROBED = Scope.TRADE_SPOT | Scope.WITHDRAW | Scope.OTHER
NOTE = (
    "reading permissions are inferred from probes; whether it may order, withdraw or deposit, and from which"
    " addresses, Bithumb tells nobody"
)


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Make a JWT (HS256) over key, nonce, time and the SHA-512 of the parameters as they are sent."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    claims: dict[str, Any] = {"access_key": who.key, "nonce": stamp.nonce, "timestamp": stamp.ms}
    query = _encoded(request.query)
    if params := query or _encoded(request.body or {}):
        claims["query_hash"] = hashlib.sha512(params.encode()).hexdigest()
        claims["query_hash_alg"] = "SHA512"
    headers = {"Authorization": f"Bearer {jwt_hs256(claims, who.secret)}"}
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    return Wire(request.method, target(request.path, query), headers, compact(request.body).encode())


def _encoded(params: Mapping[str, Any]) -> str:
    # In a value the equals sign would be encoded too, so this is a name's end.
    return encoded(pairs(bracketed(params))).replace("%5B%5D=", "[]=")


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the error's name; another 401 may be what a deleted key gets."""
    found = by_code(reply, member(reply, "error", "name"), FAULTS)
    if found and found[0] is Fault.OTHER and reply.status == 401:
        return Fault.AMBIGUOUS, found[1]
    return found


def whoami(public_id: str) -> Step[KeyReport]:
    """Find the key in the list, which tells its expiry, and probe what it may read."""
    listed = own((yield from list_keys("")), public_id)
    report = yield from inferred(public_id, SCOPES, PROBES, UNPROBED, NOTE)
    return replace(report, expires_at=listed.expires_at, expiry_origin=listed.expiry_origin)


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    reply = yield Request("GET", "/v1/api_keys")
    return dated(reply.json)


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "bithumb7Kd9Vb3Tm6Yc1Jf5Gp0Hn8sQz2LrX",
        Secret("FAKE" + "bithumbLm8Hb4Jc6Pf1Sg0BT7vKq9Rz3Nw5Xd"),
    ),
    list_keys=list_keys,
)
