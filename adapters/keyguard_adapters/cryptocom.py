"""Crypto.com Exchange (v1): a person manages keys on the website; no call describes a key.

Docs: https://exchange-developer.crypto.com (specification of 2026-05-21, read 2026-11-20); signing as in
ccxt 4.5.90.

Surprises:
- Key, request and signature stand in the body. What is signed has names and values without any separator.
- 40101 means a deleted key, a wrong secret and, it seems, a missing permission alike: it proves no death.
- The venue suspends and terminates accounts: such flags are told beside a key that still answers.
- The nonce is a time, good for 60 seconds, and no counter: asking disturbs nobody.
- Trading is one switch for spot, margin and derivatives. A key made under the master reaches it all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import text
from keyguard_adapters._encoding import compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, hmac_sha256, unsigned

FACTS = facts("cryptocom")

SCOPES = ScopeNames(
    {
        "read": Scope.READ,
        "trading": Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES,
        "withdrawal": Scope.WITHDRAW,
    }
)
PAGE = Page(FACTS, SCOPES, hint="trading is one switch for spot, margin and derivatives")
UNPROBED = (
    Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES | Scope.TRANSFER_INTERNAL | Scope.WITHDRAW
)
"""What no safe call tells: a refusal for want of permission could not be told from a dead key."""

FAULTS = {
    "40101": Fault.AMBIGUOUS,
    "40102": Fault.CLOCK,
    "40103": Fault.IP,
    "40006": Fault.NONCE,
    "40801": Fault.BUSY,
    "42901": Fault.RATE,
    "50001": Fault.BUSY,
    # older codes that clients still know
    "10002": Fault.AMBIGUOUS,
    "10003": Fault.IP,
    "10006": Fault.RATE,
    "10007": Fault.CLOCK,
}
_PREFIX = "/exchange/v1/"
_DEPTH = 3


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign method + id + key + parameters + nonce with HMAC-SHA256 in hex; id and nonce are the time."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    method, params, now = request.path.removeprefix(_PREFIX), dict(request.body or {}), str(stamp.ms)
    signed = f"{method}{now}{who.key}{flat(params)}{now}"
    envelope = {"id": now, "method": method, "params": params, "api_key": who.key}
    body = compact({**envelope, "sig": hmac_sha256(who.secret, signed).hex(), "nonce": now})
    where = target(request.path, encoded(pairs(request.query)))
    return Wire(request.method, where, {"Content-Type": "application/json"}, body.encode())


def flat(value: Any, depth: int = 0) -> str:
    """Names, sorted, each followed by its value, without separators; so too within, three objects deep."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping) and depth < _DEPTH:
        return "".join(f"{name}{flat(value[name], depth + 1)}" for name in sorted(value))
    if isinstance(value, list | tuple):
        return "".join(flat(one, depth) for one in value)
    return str(value)


def fault(reply: Reply) -> tuple[Fault, str] | None:
    return by_code(reply, member(reply, "code"), FAULTS)


def whoami(public_id: str) -> Step[KeyReport]:
    """Read the accounts: that shows where the key lives, and that it reads. The rest is unknown.

    Older answers name the master only; whether the key is the master's or a sub-account's stays open then.
    """
    reply = yield Request("POST", f"{_PREFIX}private/get-accounts", body={})
    found = reply.json["result"]
    parent = text(found["master_account"]["uuid"])
    own = found.get("this_account", {})
    account = text(own["uuid"]) if own else ""
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        account=account,
        parent=parent if account not in ("", parent) else "",
        scopes=Scope.READ,
        scopes_unknown=UNPROBED,
        scopes_origin=Origin.INFERRED,
        grants=("read",),
        notes=_notes(own),
    )


def _notes(account: Mapping[str, Any]) -> tuple[str, ...]:
    flags = [name for name in ("suspended", "terminated") if account.get(name)]
    told = [f"the account is {flag}" for flag in flags]
    return (*told, "no call describes a key: that it reads was tried, its switches are unknown")


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential("FAKE" + "cd8sQz2LrXw7Kd9Vb3", Secret("cxakp_" + "FAKE" + "cdTm6Yc1Jf5Gp0Rk8Ws")),
)
