"""BingX, REST: what a key may is told to the key itself; keys of sub-accounts are made and deleted by API.

Docs: https://bingx-api.github.io/docs-v3/ (as mirrored 2025-11-09 and 2026-02-28, the vendor's reference of
2026-04-21; read 2026-11-20); signing as in ccxt 4.5.90 and 4.5.84 (npm).

Surprises:
- The list of keys shows only their first and last two characters. So there is no list here: absence from it
  would prove nothing, and a key made and lost could not be named to be deleted. Rotations are guided.
- The answer that tells a key what it may has two documented shapes, numbers or flags; a new secret two names.
- `edit` is titled "Reset" but issues no secret; it replaces the permissions, and perhaps the addresses.
- The text signed is sorted and not percent-encoded; JSON bodies carry time and signature inside.
- "Internal transfer of sub-accounts" pays to any user by UID, phone or e-mail: it counts as withdrawing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, KeySpec, NewKey, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import flag, from_ms, rows, text, words
from keyguard_adapters._encoding import compact, encoded, pairs, plain, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._probes import probe
from keyguard_adapters._sign import demand_kind, hmac_sha256, unsigned
from keyguard_adapters._wishes import demand_account, demand_handle, demand_label

FACTS = facts("bingx")

MANAGER = "Manage Subaccounts"
SCOPES = ScopeNames(
    {
        "1": Scope.TRADE_SPOT | Scope.TRADE_MARGIN,
        "2": Scope.READ,
        "3": Scope.TRADE_DERIVATIVES,
        "4": Scope.TRANSFER_INTERNAL,
        "5": Scope.WITHDRAW,
        "7": Scope.TRANSFER_INTERNAL | Scope.WITHDRAW,
        "options": Scope.TRADE_DERIVATIVES,
        MANAGER: Scope.MANAGE_KEYS,
    }
)
FLAGS = {
    "enableSpotAndMarginTrading": "1",
    "enableReading": "2",
    "enableFutures": "3",
    "permitsUniversalTransfer": "4",
    "enableWithdrawals": "5",
    "enableInternalTransfer": "7",
    "enableVanillaOptions": "options",
}
"""The permissions of the answer's newer shape."""
SETTABLE = ("1", "2", "3", "4", "7")
PAGE = Page(
    FACTS,
    SCOPES,
    hint="spot includes margin; sub-accounts' keys are given Read, Spot, Perpetual and transfers only",
)

FAULTS = {
    "100001": Fault.SIGNATURE,
    "100412": Fault.SIGNATURE,
    "100413": Fault.KEY_UNKNOWN,
    "100419": Fault.IP,
    "100004": Fault.SCOPE,
    "100421": Fault.CLOCK,  # an order limit, too, by one page: no order is ever sent from here
    "100410": Fault.RATE,
}
_SUB_KEYS = "/openApi/subAccount/v1/apiKey"


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign the sorted plain parameters with HMAC-SHA256 in hex; the signature is one parameter more."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    headers = {"X-BX-APIKEY": who.key}
    if request.body is None:
        found = sorted([*pairs(request.query), ("timestamp", str(stamp.ms))])
        query = encoded([*found, ("signature", _signature(who, found))])
        return Wire(request.method, target(request.path, query), headers)
    body = dict(sorted({**request.body, "timestamp": stamp.ms}.items()))
    body["signature"] = _signature(who, [(name, _text(value)) for name, value in body.items()])
    headers["Content-Type"] = "application/json"
    return Wire(request.method, request.path, headers, compact(body).encode())


def _signature(who: Credential, found: list[tuple[str, str]]) -> str:
    return hmac_sha256(who.secret, plain(found)).hex()


def _text(value: Any) -> str:
    """A member of a body as it is signed: texts bare, numbers, flags and lists as JSON without spaces."""
    return value if isinstance(value, str) else compact(value)


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by `code`, of which 0 is success."""
    return by_code(reply, member(reply, "code"), FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/openApi/swap/v2/server/time", signed=False)
    return int(reply.json["data"]["serverTime"])


def whoami(public_id: str) -> Step[KeyReport]:
    """Read the key's permissions and account, then look whether it sees sub-accounts."""
    reply = yield Request("GET", "/openApi/v1/account/apiPermissions")
    told = _report(reply.json["data"], public_id)
    reply = yield Request("GET", "/openApi/account/v1/uid")
    told = replace(told, account=str(int(reply.json["data"]["uid"])))
    listing = Request("GET", "/openApi/subAccount/v1/list", query={"page": 1, "limit": 1})
    if not (yield from probe(listing)):
        return told
    return replace(
        told,
        scopes=told.scopes | Scope.MANAGE_KEYS,
        scopes_origin=Origin.INFERRED,
        grants=tuple(sorted((*told.grants, MANAGER))),
        notes=(*told.notes, "it is shown the sub-accounts, so it manages their keys, too"),
    )


def create_key(spec: KeySpec) -> Step[NewKey]:
    body = {"subUid": int(_sub_account(spec.account)), **_settings(spec)}
    reply = yield Request("POST", f"{_SUB_KEYS}/create", body=body, effect=Effect.KEY_CREATED)
    row = reply.json["data"]
    key = text(row["apiKey"])
    secret = Secret(text(row["apiSecret"] if "apiSecret" in row else row["secretKey"]))
    return NewKey(replace(_report(row, key), account=spec.account), Credential(key, secret))


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    named = {"subUid": int(_sub_account(current.account)), "apiKey": demand_handle(current)}
    body = {**named, **_settings(wanted)}
    reply = yield Request("POST", f"{_SUB_KEYS}/edit", body=body, effect=Effect.KEY_EDITED)
    row = {**reply.json["data"], "apiKey": current.ref}  # masked there
    return replace(_report(row, current.ref), account=current.account)


def delete_key(current: KeyReport) -> Step[None]:
    body = {"subUid": int(_sub_account(current.account)), "apiKey": demand_handle(current)}
    reply = yield Request("POST", f"{_SUB_KEYS}/del", body=body, effect=Effect.KEY_DELETED)
    if reply.json["code"] != 0:
        raise ValueError("the deletion was not confirmed")


def _settings(spec: KeySpec) -> dict[str, Any]:
    ticked = tuple(grant for grant in SETTABLE if grant in spec.grants)
    PAGE.demand(spec, ticked)
    label = demand_label(FACTS, spec.label)
    return {"note": label, "permissions": [int(one) for one in ticked], "ipAddresses": list(spec.ips)}


def _sub_account(account: str) -> str:
    return demand_account(FACTS, account, "uid", r"[0-9]+")


def _report(row: Mapping[str, Any], public_id: str) -> KeyReport:
    """Of either shape: numbers and addresses, or flags (then the addresses are told to exist, or not)."""
    ips: tuple[str, ...] | None
    if "permissions" in row:
        if row["apiKey"] != public_id:
            raise ValueError("the answer describes another key")
        grants = tuple(sorted(str(int(one)) for one in rows(row["permissions"])))
        ips = tuple(ip for ip in map(words, rows(row["ipAddresses"])) if ip)
    else:
        grants = tuple(sorted(grant for name, grant in FLAGS.items() if flag(row[name])))
        ips = None if flag(row["ipRestrict"]) else ()
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=words(row.get("note", "")),
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        ips=ips,
        ips_origin=Origin.UNKNOWN if ips is None else Origin.REPORTED,
        created_at=from_ms(row["createTime"]) if "createTime" in row else None,
        notes=("bound to addresses that BingX does not show",) if ips is None else (),
    )


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "k3b9d07e2c5a8416fd09e7b2c4a61d8f0L" + "9xV2mQ7" * 6 + "T",
        Secret("FAKE" + "s9e1f47a02d3b6f2581c0e9d7a4b3f682M" + "4hW8nR1" * 6 + "Z"),
    ),
    clock=clock,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
)
