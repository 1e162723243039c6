"""FILL IN the venue, its API's version, and what keys can do by API.

Docs: https://docs.examplex.test/ FILL IN (read FILL IN); signing as in FILL IN the client and its version.

Surprises:
- FILL IN what would have gone wrong; each becomes a test of its own.
"""

from __future__ import annotations

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import own, rows, text, words
from keyguard_adapters._encoding import compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, hmac_sha256, unsigned

FACTS = facts("examplex")

SCOPES = ScopeNames({"read": Scope.READ, "FILL IN": Scope.TRADE_SPOT})
PAGE = Page(FACTS, SCOPES)
FAULTS = {"FILL IN": Fault.KEY_UNKNOWN}


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign FILL IN with HMAC-SHA256 in hex."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    where, body = target(request.path, encoded(pairs(request.query))), compact(request.body)
    signature = hmac_sha256(who.secret, f"{stamp.ms}{request.method}{where}{body}").hex()
    headers = {"X-KEY": who.key, "X-TIME": str(stamp.ms), "X-SIGN": signature}
    return Wire(request.method, where, headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the venue's own code."""
    return by_code(reply, member(reply, "code"), FAULTS)


def clock() -> Step[int]:
    """The venue's time; leave it out where there are no timestamps."""
    reply = yield Request("GET", "/v1/time", signed=False)
    return int(reply.json["time"])


def whoami(public_id: str) -> Step[KeyReport]:
    """What the venue tells the calling key of itself."""
    return own((yield from list_keys("")), public_id)


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    """The account's keys; leave it out where the venue has no list."""
    reply = yield Request("GET", "/v1/keys")
    reports = []
    for row in rows(reply.json["keys"]):
        public_id, grants = text(row["key"]), tuple(sorted(text(one) for one in rows(row["permissions"])))
        reports.append(
            KeyReport(
                public_id=public_id,
                ref=public_id,
                label=words(row["name"]),
                scopes=SCOPES.read(grants),
                scopes_origin=Origin.REPORTED,
                grants=grants,
                ips=tuple(text(ip) for ip in rows(row["ips"])),
                ips_origin=Origin.REPORTED,
            )
        )
    return tuple(reports)


# The operations that change something stand here, as in okx.py; those the venue lacks are left out.

ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential("FAKE" + "FILL IN", Secret("FAKE" + "FILL IN")),
    clock=clock,
    list_keys=list_keys,
)
