"""Korbit, Korea (REST v2), being renamed Digital X: a key tells all about itself; a person makes and ends it.

Docs: https://docs.korbit.co.kr (reference as of 2026-07-19, read 2026-11-20); signing and errors as in the
official command line client, commits 67c53a4 and 9fbf349.

Surprises:
- The venue is moving to another name and other hosts; how long the old ones answer is not known. The home's
  configuration chooses between the two.
- The parameters are signed in the order they are sent, and a body is a form, never JSON.
- The secret looks like base64 and is used as text. A key may be an Ed25519 pair of the user's own instead.
- A clock that runs more than a second ahead is refused, and no window cures that.
- A key is unknown in its first minute. A deleted one is called deactivated, by a code that
  the reference leaves out.
"""

from __future__ import annotations

from functools import partial

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import commas, from_ms, rows, words
from keyguard_adapters._encoding import base64_text, carried
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, ed25519, form_signed, hmac_sha256, unsigned

FACTS = facts("korbit")

SCOPES = ScopeNames(
    {
        "readBalances": Scope.READ,
        "readOrders": Scope.READ,
        "writeOrders": Scope.TRADE_SPOT,
        "readDeposits": Scope.READ,
        "writeDeposits": Scope.OTHER,
        "readWithdrawals": Scope.READ,
        "writeWithdrawals": Scope.WITHDRAW,
    }
)
PAGE = Page(FACTS, SCOPES)

# Any other code of a 401 or 403 proves nothing: only KEY_NOT_FOUND stands in the public table.
FAULTS = {
    "KEY_NOT_FOUND": Fault.KEY_UNKNOWN,
    "KEY_DEACTIVATED": Fault.KEY_UNKNOWN,
    "KEY_EXPIRED": Fault.KEY_EXPIRED,
    "IP_NOT_ALLOWED": Fault.IP,
    "EXCEED_TIME_WINDOW": Fault.CLOCK,
    "INVALID_USER_STATUS": Fault.OTHER,  # the account is restricted
}
_ENABLED = {"activated": True, "deactivated": False}


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign the encoded parameters as they are sent, the time behind them: HMAC-SHA256 in hex, or Ed25519."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    params = {**carried(request), "timestamp": stamp.ms}
    return form_signed(request, params, {"X-KAPI-KEY": who.key}, partial(_signature, who))


def _signature(who: Credential, text: str) -> str:
    if who.kind is KeyKind.ED25519:
        return base64_text(ed25519(who.secret, text))
    return hmac_sha256(who.secret, text).hex()


def fault(reply: Reply) -> tuple[Fault, str] | None:
    return by_code(reply, member(reply, "error", "message"), FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/v2/time", signed=False)
    return int(reply.json["data"]["time"])


def whoami(public_id: str) -> Step[KeyReport]:
    reply = yield Request("GET", "/v2/currentKeyInfo")
    row = reply.json["data"]
    if row["apiKey"] != public_id:
        raise ValueError("the answer describes another key")
    grants = tuple(sorted(rows(row["permissions"])))
    # One printed sample has no list, although the reference calls it required.
    ips = commas(row["whitelist"]) if "whitelist" in row else None
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=words(row.get("label") or ""),
        account=words(row.get("userUuid") or ""),
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        ips=ips,
        ips_origin=Origin.UNKNOWN if ips is None else Origin.REPORTED,
        created_at=from_ms(row["createdAt"]),
        expires_at=from_ms(row["expiration"]),
        expiry_origin=Origin.REPORTED,
        enabled=_ENABLED[row["status"]],
    )


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "korbit4Hn8sQz2LrXw7Kd9Vb3Tm6Yc1Jf5Gp0-_",
        Secret("FAKE" + "korbitT7vKq9Rz3Nw5Xd2Lm8Hb4Jc6Pf1Sg0B_-"),
    ),
    clock=clock,
)
