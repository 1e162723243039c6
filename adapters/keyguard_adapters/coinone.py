"""Coinone, Korea (REST 2.1): no key management by API and nothing told of a key; probes and a person do it.

Docs: https://docs.coinone.co.kr (authentication, error codes, rate limits, issue of keys; read 2026-11-20);
signing as in ccxt 4.5.90 and @1xp-ai/coinone-skill 1.4.0.

Surprises:
- Every call is a POST, reading ones too; the access token travels inside the signed payload, where anybody
  who sees the header can read it.
- Whether the secret signs as issued or in capitals is disputed: the 2.1 page and two clients say as issued,
  ccxt and the older page say capitals. It is used as issued; where a live key answers 123, enter it anew with
  its secret in capitals, which is the other reading.
- Refusals may come with HTTP status 200: the code decides.
- An order that cannot exist could be cancelled to learn of the right to trade. That is never done here.
"""

from __future__ import annotations

import base64
from typing import Any

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters._encoding import compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._probes import Probe, inferred
from keyguard_adapters._sign import demand_kind, hmac_sha512, unsigned

FACTS = facts("coinone")

SCOPES = ScopeNames(
    {
        "잔고 조회": Scope.READ,
        "고객 정보": Scope.READ,
        "입출금 조회": Scope.READ,
        "주문 조회": Scope.READ,
        "주문 권한": Scope.TRADE_SPOT,
        "출금 권한": Scope.WITHDRAW,
    }
)
"""The page's own words: the API names no permission."""
PAGE = Page(FACTS, SCOPES)

FAULTS = {
    "4": Fault.OTHER,  # blocked user
    "10": Fault.IP,
    "12": Fault.KEY_UNKNOWN,
    "27": Fault.KEY_UNKNOWN,
    "40": Fault.SCOPE,
    "120": Fault.SIGNATURE,
    "121": Fault.SIGNATURE,
    "122": Fault.NONCE,
    "123": Fault.SIGNATURE,
    "130": Fault.NONCE,
    "131": Fault.NONCE,
    "132": Fault.NONCE,
    "133": Fault.NONCE,
    "151": Fault.OTHER,  # a token of version 1
    "4290": Fault.RATE,  # documented for the WebSocket
}


def _success(told: Any) -> None:
    if told["result"] != "success":
        raise ValueError("neither a refusal nor a success")


_MARKET = {"quote_currency": "KRW", "target_currency": "BTC"}
PROBES = (
    Probe("잔고 조회", Request("POST", "/v2.1/account/balance/all", body={}), _success),
    Probe("주문 조회", Request("POST", "/v2.1/order/active_orders", body=_MARKET), _success),
    Probe("입출금 조회", Request("POST", "/v2.1/transaction/krw/history", body={}), _success),
)
UNPROBED = Scope.TRADE_SPOT | Scope.WITHDRAW
NOTE = (
    "reading permissions are inferred from probes; whether it may order or withdraw, until when it lives and"
    " from which addresses it works, Coinone tells nobody"
)


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign the base64 of the whole request with HMAC-SHA512 in hex; the secret is used as issued."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    members = {"access_token": who.key, "nonce": stamp.nonce, **(request.body or {})}
    payload = base64.b64encode(compact(members).encode())
    headers = {
        "Content-Type": "application/json",
        "X-COINONE-PAYLOAD": payload.decode(),
        "X-COINONE-SIGNATURE": hmac_sha512(who.secret, payload).hex(),
    }
    where = target(request.path, encoded(pairs(request.query)))
    return Wire(request.method, where, headers, b"" if request.body is None else payload)


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the code; 2.1 and the older version spell its name differently."""
    return by_code(reply, member(reply, "error_code") or member(reply, "errorCode"), FAULTS)


def whoami(public_id: str) -> Step[KeyReport]:
    return inferred(public_id, SCOPES, PROBES, UNPROBED, NOTE)


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "e111-2222-4333-8444-0123456789ab", Secret("FAKE" + "beef-cafe-4bad-8ace-abcdefabcdef")
    ),
)
