"""Bitvavo, REST v2: no key management by API; a person does it, the venue's error codes tell what a key is.

Docs: https://docs.bitvavo.com (authentication, errors; read 2026-11-21); signing as in ccxt 4.5.90 and
python-bitvavo-api 1.4.3.

Surprises:
- A new key is refused with 306 until its holder has opened the link of an e-mail.
- Nothing tells what a key may: one harmless call shows whether it may read, no more.
- 305 answers a key that never was, one deleted and one switched off alike.
- A withdrawal by API asks for neither second factor nor e-mail.
- Clients differ in whether they sign the query encoded; the adapter signs what it sends.
"""

from __future__ import annotations

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters._encoding import compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._probes import Probe, inferred
from keyguard_adapters._sign import demand_kind, hmac_sha256, unsigned

FACTS = facts("bitvavo")

SCOPES = ScopeNames({"view": Scope.READ, "trade": Scope.TRADE_SPOT, "withdraw": Scope.WITHDRAW})
PAGE = Page(FACTS, SCOPES)

FAULTS = {
    "103": Fault.RATE,
    "104": Fault.RATE,
    "105": Fault.RATE,
    "300": Fault.SIGNATURE,
    "301": Fault.AMBIGUOUS,  # not 64 characters: mistyped, not deleted
    "302": Fault.CLOCK,
    "303": Fault.CLOCK,
    "304": Fault.CLOCK,
    "305": Fault.KEY_UNKNOWN,
    "306": Fault.KEY_DISABLED,
    "307": Fault.IP,
    "308": Fault.SIGNATURE,
    "309": Fault.SIGNATURE,
    "310": Fault.SCOPE,
    "311": Fault.SCOPE,
    "312": Fault.SCOPE,
}
PROBE = Probe("view", Request("GET", "/v2/account"), lambda told: told["fees"]["taker"])
UNPROBED = Scope.TRADE_SPOT | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL
"""What no safe call tells."""
NOTE = "whether it may trade or withdraw, and from which addresses, Bitvavo tells on its page only"

_WINDOW_MS = "10000"


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign time + method + target + body with HMAC-SHA256 in hex; the target as sent, with its query."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    where, body = target(request.path, encoded(pairs(request.query))), compact(request.body)
    headers = {
        "Bitvavo-Access-Key": who.key,
        "Bitvavo-Access-Signature": hmac_sha256(who.secret, f"{stamp.ms}{request.method}{where}{body}").hex(),
        "Bitvavo-Access-Timestamp": str(stamp.ms),
        "Bitvavo-Access-Window": _WINDOW_MS,
    }
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    return Wire(request.method, where, headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    return by_code(reply, member(reply, "errorCode"), FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/v2/time", signed=False)
    return int(reply.json["time"])


def whoami(public_id: str) -> Step[KeyReport]:
    """Ask for the account's fees: 311 says that the key lives but may not read."""
    return (yield from inferred(public_id, SCOPES, (PROBE,), UNPROBED, NOTE))


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential("FAKE" + "0fa4e9b7" * 7 + "c3d1", Secret("FAKE" + "7b1fa4e2" * 15 + "90d6")),
    clock=clock,
)
