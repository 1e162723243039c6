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
from datetime import timedelta
from typing import Any

from keyguard.core.exchange import (
    Adapter,
    Credential,
    Effect,
    Facts,
    Fault,
    KeyReport,
    KeySpec,
    Life,
    Limit,
    NewKey,
    Reply,
    Request,
    ScopeNames,
    Since,
    Stamp,
    Step,
    Wire,
)
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters import _checks as check
from keyguard_adapters import _sign as signing
from keyguard_adapters._env import env_names
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page

_TRADE = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES
FACTS = Facts(
    id="bingx",
    name="BingX",
    base="https://open-api.bingx.com",
    docs="https://bingx-api.github.io/docs-v3/",
    checked="2026-11-20",
    key_page="https://bingx.com/en/accounts/api",
    clock_window=timedelta(seconds=5),
    max_ips=20,
    lives=(
        Life(
            timedelta(days=14),
            source="https://bingx.com/en/accounts/api (effective date unverified, read 2026-11-20)",
            since=Since.USE,
            open_only=True,
            scopes=_TRADE | Scope.TRANSFER_INTERNAL | Scope.MANAGE_KEYS,
        ),
    ),
    limit=Limit(2, timedelta(seconds=1)),
    label_pattern=r"[A-Za-z0-9_-]{1,20}",
    dead=frozenset({Fault.KEY_UNKNOWN}),
    env_names=env_names(
        sdk=("BINGX_API_KEY", "BINGX_SECRET_KEY"),
        ccxt="BINGX",
        hummingbot=("bingx_api_key", "bingx_api_secret"),
    ),
    unverified=(
        "which shape of the answer is live (both are read), and the name of a new secret (either)",
        "the number of Manage Subaccounts (the right is inferred from a list of sub-accounts), and what 6 is:"
        " a key that is told a number not known here is an error",
        "whether an edit without addresses clears them: they are always sent",
        "date of the 14-day rule; lengths of key and secret; how fast a change takes effect; CIDR, IPv6",
    ),
)

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
_GRANTING = "spot includes margin; sub-accounts' keys are given Read, Spot, Perpetual and transfers only"
PAGE = Page(FACTS, SCOPES, hint=_GRANTING)

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
        return signing.unsigned(request)
    signing.demand_kind(who, FACTS)
    headers = {"X-BX-APIKEY": who.key}
    if request.body is None:
        found = sorted([*signing.pairs(request.query), ("timestamp", str(stamp.ms))])
        query = signing.encoded([*found, ("signature", _signature(who, found))])
        return Wire(request.method, signing.target(request.path, query), headers)
    body = dict(sorted({**request.body, "timestamp": stamp.ms}.items()))
    body["signature"] = _signature(who, [(name, _text(value)) for name, value in body.items()])
    headers["Content-Type"] = "application/json"
    return Wire(request.method, request.path, headers, signing.compact(body).encode())


def _signature(who: Credential, found: list[tuple[str, str]]) -> str:
    return signing.hmac_sha256(who.secret, signing.plain(found)).hex()


def _text(value: Any) -> str:
    """A member of a body as it is signed: texts bare, numbers, flags and lists as JSON without spaces."""
    return value if isinstance(value, str) else signing.compact(value)


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
    if not (yield from check.probe(listing)):
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
    key = check.text(row["apiKey"])
    secret = Secret(check.text(row["apiSecret"] if "apiSecret" in row else row["secretKey"]))
    return NewKey(replace(_report(row, key), account=spec.account), Credential(key, secret))


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    named = {"subUid": int(_sub_account(current.account)), "apiKey": check.demand_handle(current)}
    body = {**named, **_settings(wanted)}
    reply = yield Request("POST", f"{_SUB_KEYS}/edit", body=body, effect=Effect.KEY_EDITED)
    row = {**reply.json["data"], "apiKey": current.ref}  # masked there
    return replace(_report(row, current.ref), account=current.account)


def delete_key(current: KeyReport) -> Step[None]:
    body = {"subUid": int(_sub_account(current.account)), "apiKey": check.demand_handle(current)}
    reply = yield Request("POST", f"{_SUB_KEYS}/del", body=body, effect=Effect.KEY_DELETED)
    if reply.json["code"] != 0:
        raise ValueError("the deletion was not confirmed")


def _settings(spec: KeySpec) -> dict[str, Any]:
    check.demand_addresses(FACTS, spec.ips)
    ticked = tuple(grant for grant in SETTABLE if grant in spec.grants)
    check.demand_exact("BingX", SCOPES, ticked, spec.scopes, hint=_GRANTING)
    label = check.demand_label(FACTS, spec.label)
    return {"note": label, "permissions": [int(one) for one in ticked], "ipAddresses": list(spec.ips)}


def _sub_account(account: str) -> str:
    return check.demand_account(FACTS, account, "uid", r"[0-9]+")


def _report(row: Mapping[str, Any], public_id: str) -> KeyReport:
    """Of either shape: numbers and addresses, or flags (then the addresses are told to exist, or not)."""
    ips: tuple[str, ...] | None
    if "permissions" in row:
        if row["apiKey"] != public_id:
            raise ValueError("the answer describes another key")
        grants = tuple(sorted(str(int(one)) for one in check.rows(row["permissions"])))
        ips = tuple(ip for ip in map(check.words, check.rows(row["ipAddresses"])) if ip)
    else:
        grants = tuple(sorted(grant for name, grant in FLAGS.items() if check.flag(row[name])))
        ips = None if check.flag(row["ipRestrict"]) else ()
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=check.words(row.get("note", "")),
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        ips=ips,
        ips_origin=Origin.UNKNOWN if ips is None else Origin.REPORTED,
        created_at=check.from_ms(row["createTime"]) if "createTime" in row else None,
        notes=("bound to addresses that BingX does not show",) if ips is None else (),
    )


ADAPTER = Adapter(
    FACTS,
    sign,
    fault,
    SCOPES,
    whoami,
    *(PAGE.create, PAGE.edit, PAGE.delete),
    Credential(
        "FAKE" + "k3b9d07e2c5a8416fd09e7b2c4a61d8f0L" + "9xV2mQ7" * 6 + "T",
        Secret("FAKE" + "s9e1f47a02d3b6f2581c0e9d7a4b3f682M" + "4hW8nR1" * 6 + "Z"),
    ),
    clock=clock,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
)
