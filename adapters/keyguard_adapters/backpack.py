"""Backpack Exchange, REST v1: Ed25519 keys that a person makes on the key page; no key management by API.

Docs: https://docs.backpack.exchange (authentication, change log; snapshots of 2025-11-30 and 2026-02-23, read
2026-11-21); signing as in ccxt 4.5.90.

Surprises:
- The API key *is* the public key and the secret its seed, both base64: no network tells whether they fit.
- A call is signed under an instruction's name that stands in no URL; the parameters are sorted.
- A key is read-only or may do everything, withdrawing included: then only the second factor stands between,
  and not even that for saved addresses marked as needing none.
- Which code answers a deleted key is not documented: it is taken to look like a wrong signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, Guide, KeyReport, KeySpec, ScopeNames
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import text
from keyguard_adapters._encoding import base64_text, compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, ed25519_base64, unsigned

FACTS = facts("backpack")

_READ_ONLY, _FULL = "read_only", "full"
SCOPES = ScopeNames(
    {
        _READ_ONLY: Scope.READ,
        _FULL: Scope.READ
        | Scope.TRADE_SPOT
        | Scope.TRADE_MARGIN
        | Scope.TRADE_DERIVATIVES
        | Scope.TRANSFER_INTERNAL
        | Scope.WITHDRAW,
    }
)
PAGE = Page(FACTS, SCOPES, hint="a key is read-only, or it may do everything, withdrawing included")

FAULTS = {
    "INVALID_SIGNATURE": Fault.AMBIGUOUS,
    "UNAUTHORIZED": Fault.AMBIGUOUS,
    "TOO_MANY_REQUESTS": Fault.RATE,
    "RESOURCE_NOT_FOUND": Fault.NOT_FOUND,
    "MAINTENANCE": Fault.BUSY,
    "SERVER_ERROR": Fault.BUSY,
    "TIMEOUT": Fault.BUSY,
}

INSTRUCTIONS = {
    ("GET", "/api/v1/account"): "accountQuery",
    ("GET", "/api/v1/capital"): "balanceQuery",
    ("GET", "/api/v1/capital/collateral"): "collateralQuery",
    ("GET", "/api/v1/position"): "positionQuery",
    ("GET", "/api/v1/order"): "orderQuery",
    ("GET", "/api/v1/orders"): "orderQueryAll",
    ("POST", "/api/v1/order"): "orderExecute",
    ("POST", "/api/v1/orders"): "orderExecute",
    ("DELETE", "/api/v1/order"): "orderCancel",
    ("DELETE", "/api/v1/orders"): "orderCancelAll",
    ("GET", "/wapi/v1/history/fills"): "fillHistoryQueryAll",
    ("GET", "/wapi/v1/capital/deposits"): "depositQueryAll",
    ("GET", "/wapi/v1/capital/deposit/address"): "depositAddressQuery",
    ("GET", "/wapi/v1/capital/withdrawals"): "withdrawalQueryAll",
}
"""Calls a bot needs. Any other is signed under no name, and the venue refuses it: withdrawing, say."""

_WINDOW_MS = 5000


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign instruction, sorted parameters, time and window with Ed25519, in base64.

    A batch (a body that is a list) signs the instruction before each of its elements.
    """
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    body: Any = request.body
    name = INSTRUCTIONS.get((request.method, request.path), "")
    if isinstance(body, dict):
        body = dict(sorted(body.items()))
    parts = body if isinstance(body, list) else [body or request.query]
    lines = [encoded([("instruction", name), *_sorted(part)]) for part in parts]
    signed = "&".join([*lines, f"timestamp={stamp.ms}&window={_WINDOW_MS}"])
    headers = {
        "X-API-Key": who.key,
        "X-Timestamp": str(stamp.ms),
        "X-Window": str(_WINDOW_MS),
        "X-Signature": base64_text(ed25519_base64(who.secret, signed)),
    }
    if body is not None:
        headers["Content-Type"] = "application/json"
    where = target(request.path, encoded(_sorted(request.query)))
    return Wire(request.method, where, headers, compact(body).encode())


def _sorted(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    return pairs(dict(sorted(params.items())))


def fault(reply: Reply) -> tuple[Fault, str] | None:
    return by_code(reply, member(reply, "code"), FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/api/v1/time", signed=False)
    now = int(reply.json)
    if now < 10**12:
        raise ValueError("milliseconds were expected")
    return now


def whoami(public_id: str) -> Step[KeyReport]:
    """Probe by the account's settings: any live key may read them."""
    reply = yield Request("GET", "/api/v1/account")
    text(reply.json["leverageLimit"])  # another answer is not the one that proves a right
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        scopes=Scope.READ,
        scopes_unknown=SCOPES.names[_FULL] & ~Scope.READ,
        scopes_origin=Origin.INFERRED,
        notes=(
            "whether it is read-only, and from which addresses it works, Backpack tells on its page only",
        ),
    )


def guide_create(spec: KeySpec) -> Guide:
    """`ScopeNames.write` names the narrow permission beside the wide one; the switch has one position."""
    return PAGE.create(_settled(spec))


def guide_edit(current: KeyReport, wanted: KeySpec) -> Guide:
    return PAGE.edit(current, _settled(wanted))


def _settled(spec: KeySpec) -> KeySpec:
    return replace(spec, grants=(_FULL,)) if set(spec.grants) == {_FULL, _READ_ONLY} else spec


ADAPTER = Adapter(
    **PAGE.parts(create=guide_create, edit=guide_edit),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "backpack7Kq2Vw9Lr4Tz8Nm3Xd6Hb1Jc5Pf0Sg" + "0=",
        Secret("FAKE" + "3Tm6Yc1Jf5Gp0Hn8sQz2LrXw7Kd9Vb4RuEiAq" + "+g="),
        kind=KeyKind.ED25519,
    ),
    clock=clock,
)
