"""bitFlyer, Japan (REST v1): no key management by API; a key tells which calls it may make.

Docs: https://lightning.bitflyer.com/docs (read 2026-11-20); signing as in ccxt 4.5.90.

Surprises:
- The permissions are the paths of the calls, one box each. A path this version does not know is an error.
- Ordering covers spot and CFD alike: neither can be had alone.
- The timestamp is signed in seconds: clients do so, and a client that sent milliseconds was refused all its
  calls (github.com/bmf-san/go-bitflyer-api-client, 2026-02-27), although the documents' sample sends those.
- What a wrong key, secret or permission is answered is in no document. No list of keys, no other sign: a
  deleted key is inferred to be dead at best, from being refused where it worked before.
"""

from __future__ import annotations

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import rows, text
from keyguard_adapters._encoding import compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, hmac_sha256, unsigned

FACTS = facts("bitflyer")

_TRADE = Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES
_BOXES = {
    Scope.READ: (
        "getaddresses getbalance getbalancehistory getbankaccounts getchildorders getcoinins getcoinouts"
        " getcollateral getcollateralaccounts getcollateralhistory getdeposits getexecutions getparentorder"
        " getparentorders getpositions gettradingcommission getwithdrawals"
    ),
    Scope.WITHDRAW: "sendcoin withdraw",
    _TRADE: "cancelallchildorders cancelchildorder cancelparentorder sendchildorder sendparentorder",
}
SCOPES = ScopeNames({f"/v1/me/{name}": scope for scope, names in _BOXES.items() for name in names.split()})
PAGE = Page(FACTS, SCOPES, hint="the calls that order spot order CFD too")
_ALWAYS = "/v1/me/getpermissions"
"""What every key may call: there is no box for it."""

FAULTS = {
    "-2": Fault.BUSY,  # maintenance
    "-500": Fault.AMBIGUOUS,
    "-505": Fault.SECOND_FACTOR,
    "-700": Fault.OTHER,  # the account is not authenticated yet
}


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign seconds + method + target + body with HMAC-SHA256 in hex."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    where, body = target(request.path, encoded(pairs(request.query))), compact(request.body)
    seconds = str(stamp.ms // 1000)
    headers = {
        "ACCESS-KEY": who.key,
        "ACCESS-TIMESTAMP": seconds,
        "ACCESS-SIGN": hmac_sha256(who.secret, f"{seconds}{request.method}{where}{body}").hex(),
        "Content-Type": "application/json",
    }
    return Wire(request.method, where, headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by `status`, a negative number; -500 is said of anything wrong with key and signature."""
    return by_code(reply, member(reply, "status"), FAULTS)


def whoami(public_id: str) -> Step[KeyReport]:
    reply = yield Request("GET", _ALWAYS)
    told = {text(path) for path in rows(reply.json)}
    if not told:
        raise ValueError("a key that may call nothing would not have been answered")
    grants = tuple(sorted(told - {_ALWAYS}))
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
    )


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "bf7Kd9Vb3Tm6Yc1Jf5", Secret("FAKE" + "bfLm8Hb4Jc6Pf1Sg0BT7vKq9Rz3Nw5XdLm8Hb4J=")
    ),
)
