"""Bybit, REST v5: sub-account keys managed by a manager key on the master account.

Docs: https://bybit-exchange.github.io/docs/v5/intro (repository snapshot of 2026-07-24, read 2026-11-20);
signing as in pybit 5.17.0, ccxt 4.5.90 and bybit-api 4.7.7.

Surprises:
- Leaving `readOnly` out of an update means read-write, leaving `ips` out may unbind: every field goes along.
- `delete-api` deletes the *calling* key. It appears nowhere here; a key is removed by `delete-sub-api`.
- A read-only key still lists its trade permissions: `readOnly` overrides them.
- Every live key can read, so every permission's meaning here includes READ.
- `Derivatives` is no parameter of `create-sub-api`: the venue adds it by the kind of account.
- Clients that sign a query plain get 10004 as soon as a cursor holds a colon.
- A deleted key, one that never existed and one of another environment get the same answer, 10003.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, KeySpec, NewKey, ScopeNames
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import instant, own, rows, text, words
from keyguard_adapters._encoding import base64_text, compact, encoded, pairs, target
from keyguard_adapters._faults import STATUSES, by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, hmac_sha256, rsa_sha256, unsigned
from keyguard_adapters._wishes import (
    cannot_grant,
    changed,
    demand_account,
    demand_addresses,
    demand_exact,
    demand_handle,
)

FACTS = facts("bybit")

READ_ONLY = "ReadOnly"
"""Pseudo permission: the key's `readOnly` is 1, whatever else it lists."""

_DERIVATIVES = (
    "ContractTrade:Order ContractTrade:Position Options:OptionsTrade Derivatives:DerivativesTrade"
    " BlockTrade:BlockTrade"
)
_TRANSFERS = "Wallet:AccountTransfer Wallet:SubMemberTransfer Wallet:SubMemberTransferList"
_OTHERS = (
    "Exchange:ExchangeHistory Earn:Earn FiatP2P:FiatP2POrder FiatP2P:Advertising FiatBitPay:FaitPayOrder"
    " FiatBybitPay:FaitPayOrder FiatConvertBroker:FiatConvertBrokerOrder BitCard:BitCard ByXPost:ByXPost"
    " Affiliate:Affiliate CopyTrading:CopyTrading NFT:NFTQueryProductList"
)
SCOPES = ScopeNames(
    {
        READ_ONLY: Scope.READ,
        "Spot:SpotTrade": Scope.READ | Scope.TRADE_SPOT,
        "Wallet:Withdraw": Scope.READ | Scope.WITHDRAW | Scope.MANAGE_KEYS,
        **dict.fromkeys(_DERIVATIVES.split(), Scope.READ | Scope.TRADE_DERIVATIVES),
        # A right to transfer manages keys too.
        **dict.fromkeys(_TRANSFERS.split(), Scope.READ | Scope.TRANSFER_INTERNAL | Scope.MANAGE_KEYS),
        **dict.fromkeys(_OTHERS.split(), Scope.READ | Scope.OTHER),
    }
)

# What a sub-account's key can hold, in the order of the docs; the rest is for master keys.
SUB_GRANTS = (
    "ContractTrade:Order ContractTrade:Position Spot:SpotTrade Wallet:AccountTransfer Options:OptionsTrade"
    " Wallet:SubMemberTransferList Derivatives:DerivativesTrade Exchange:ExchangeHistory Earn:Earn"
).split()
# The venue wants at least one box ticked; these, under readOnly 1, show orders, positions and balances.
_READABLE = ("ContractTrade:Order", "ContractTrade:Position", "Options:OptionsTrade", "Spot:SpotTrade")

FAULTS = {
    **dict.fromkeys(("-1", "10002"), Fault.CLOCK),
    **dict.fromkeys(("-2015", "33004"), Fault.KEY_EXPIRED),
    **dict.fromkeys(("429", "10006", "10018"), Fault.RATE),
    **dict.fromkeys(("10000", "10016"), Fault.BUSY),
    **dict.fromkeys(("10009", "10024"), Fault.REGION),
    "10003": Fault.KEY_UNKNOWN,
    "10004": Fault.SIGNATURE,
    "10005": Fault.SCOPE,
    "10007": Fault.AMBIGUOUS,
    "10010": Fault.IP,
    "10014": Fault.NONCE,
}
WEB_ONLY = {
    "141019": "Bybit lets IP lists be changed on its web page only",
    "141020": "Bybit lets sensitive permissions be made read-write on its web page only",
    "81007": "Bybit Europe does not create keys by API",
    "20096": "Bybit wants the account's identity check (KYC) finished first",
}
_GRANTING = "every key can read; a right to transfer also manages keys; only master keys withdraw"
PAGE = Page(FACTS, SCOPES, f"{_GRANTING}; something beside Derivatives must be ticked")
_RECV_WINDOW = "5000"
_UID = ("UID (digits)", "[0-9]+")


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign time, key, window and the query as encoded (or the body): HMAC-SHA256 in hex, RSA in base64."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    query, body = encoded(pairs(request.query)), compact(request.body)
    signed = f"{stamp.ms}{who.key}{_RECV_WINDOW}{query if request.method == 'GET' else body}"
    if who.kind is KeyKind.RSA:
        signature = base64_text(rsa_sha256(who.secret, signed))
    else:
        signature = hmac_sha256(who.secret, signed).hex()
    headers = {
        "X-BAPI-API-KEY": who.key,
        "X-BAPI-TIMESTAMP": str(stamp.ms),
        "X-BAPI-RECV-WINDOW": _RECV_WINDOW,
        "X-BAPI-SIGN": signature,
        **({"Content-Type": "application/json"} if body else {}),
    }
    return Wire(request.method, target(request.path, query), headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by `retCode`; of answers without one, 403 is a blocked region, or too many calls."""
    often = reply.status == 403 and b"too frequent" in reply.body.lower()
    blocked = Fault.RATE if often else Fault.REGION
    return by_code(reply, member(reply, "retCode"), FAULTS, {**STATUSES, 403: blocked, 404: Fault.OTHER})


def clock() -> Step[int]:
    reply = yield Request("GET", "/v5/market/time", signed=False)
    return int(reply.json["result"]["timeNano"]) // 1_000_000


def whoami(public_id: str) -> Step[KeyReport]:
    reply = yield Request("GET", "/v5/user/query-api")
    row = reply.json["result"]
    parent = str(row["parentUid"])
    told = _report(row, account=str(row["userID"]), parent="" if parent == "0" else parent)
    return own([told], public_id)


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    query: dict[str, Any] = {"subMemberId": demand_account(FACTS, account, *_UID), "limit": 20}
    found: list[KeyReport] = []
    for _ in range(50):
        reply = yield Request("GET", "/v5/user/sub-apikeys", query=dict(query))
        page = reply.json["result"]
        found.extend(_report(row, account=account) for row in rows(page["result"]))
        if page["nextPageCursor"] == "":
            return tuple(found)
        if page["nextPageCursor"] == query.get("cursor"):
            break
        query["cursor"] = page["nextPageCursor"]
    raise ValueError("the list of keys does not end")  # cut short, it would pass for a proof of absence


def create_key(spec: KeySpec) -> Step[NewKey]:
    body = {
        "subuid": int(demand_account(FACTS, spec.account, *_UID)),
        "note": spec.label,
        **_settings(spec, without="Derivatives", fallback=_READABLE),
    }
    request = Request("POST", "/v5/user/create-sub-api", body=body, effect=Effect.KEY_CREATED)
    row = (yield from changed(request, WEB_ONLY, FACTS, "no key was made")).json["result"]
    credential = Credential(text(row["apiKey"]), Secret(text(row["secret"])))
    return NewKey(_report(row, account=spec.account), credential)


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    kept = tuple(g for g in current.grants if g in SUB_GRANTS and not g.startswith("Wallet:"))
    body = {"apikey": demand_handle(current), **_settings(wanted, fallback=kept or _READABLE)}
    request = Request("POST", "/v5/user/update-sub-api", body=body, effect=Effect.KEY_EDITED)
    reply = yield from changed(request, WEB_ONLY, FACTS, "the key is as it was")
    return _report(reply.json["result"], account=current.account, parent=current.parent)


def delete_key(current: KeyReport) -> Step[None]:
    body = {"apikey": demand_handle(current)}
    reply = yield Request("POST", "/v5/user/delete-sub-api", body=body, effect=Effect.KEY_DELETED)
    if reply.json["retCode"] != 0:  # anything else that is no refusal is not the venue's word
        raise ValueError("the deletion was not confirmed")


def _settings(spec: KeySpec, *, fallback: tuple[str, ...], without: str = "") -> dict[str, Any]:
    """All of a key's settings as the venue takes them; raises UsageError unless they are exactly `spec`.

    `ScopeNames.write` names every permission within the scopes, those of master keys and READ_ONLY
    among them. Master-only ones are left out; what remains must add up to the very scopes asked for.
    """
    demand_addresses(FACTS, spec.ips)
    read_only = READ_ONLY in spec.grants and spec.scopes == Scope.READ
    ticked = tuple(grant for grant in spec.grants if grant in SUB_GRANTS)
    if read_only:
        ticked = ticked or fallback
    else:
        demand_exact("Bybit", SCOPES, ticked, spec.scopes, hint=PAGE.hint)
    permissions: dict[str, list[str]] = {}
    for area, name in (grant.split(":") for grant in SUB_GRANTS):
        if area != without:
            permissions.setdefault(area, []).extend([name] if f"{area}:{name}" in ticked else [])
    if not any(permissions.values()):
        raise cannot_grant("Bybit", spec.scopes, hint=PAGE.hint)
    return {"readOnly": int(read_only), "ips": ",".join(spec.ips) or "*", "permissions": permissions}


def _report(row: Mapping[str, Any], *, account: str, parent: str = "") -> KeyReport:
    read_only = bool(row["readOnly"])  # 0/1, in the list false/true
    listed = tuple(f"{area}:{name}" for area, names in row["permissions"].items() for name in names)
    held = SCOPES.read(listed) | Scope.READ
    lasting = "expiredAt" not in row or row.get("deadlineDay", 0) < 0
    ends = None if lasting else instant(row["expiredAt"])
    notes = {
        "a master key: only the web page changes or deletes it": row.get("isMaster"),
        "connected to a third-party application": row.get("type") == 2,
        "expired": row.get("status") == 2,
        "a self-generated RSA key": row.get("rsaPublicKey") or row.get("flag") == "rsa",
    }
    # The answer to a creation does not tell addresses.
    ips = tuple(str(ip) for ip in row["ips"] if ip != "*") if "ips" in row else None
    public_id = text(row["apiKey"])
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=words(row["note"]),
        account=account,
        parent=parent,
        scopes=Scope.READ if read_only else held,
        scopes_origin=Origin.REPORTED,
        grants=tuple(sorted((*listed, READ_ONLY) if read_only else listed)),
        ips=ips,
        ips_origin=Origin.UNKNOWN if ips is None else Origin.REPORTED,
        created_at=instant(row["createdAt"]) if "createdAt" in row else None,
        expires_at=ends if ends and ends.year > 1970 else None,  # a bound key has 1970, or less than no days
        expiry_origin=Origin.REPORTED if "expiredAt" in row else Origin.UNKNOWN,
        enabled=row.get("status") != 2,
        notes=tuple(note for note, holds in notes.items() if holds),
    )


def _on_page(spec: KeySpec) -> KeySpec:
    """A key that only reads has one mode there, whatever it shall show."""
    return replace(spec, grants=(READ_ONLY,)) if spec.scopes == Scope.READ else spec


ADAPTER = Adapter(
    **PAGE.parts(
        create=lambda spec: PAGE.create(_on_page(spec)),
        edit=lambda current, wanted: PAGE.edit(current, _on_page(wanted)),
    ),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential("FAKE" + "Rv6mmrsJsalNUr", Secret("FAKE" + "PMIE9aJD8AQWOYtXGpcnvM843025c7uB")),
    clock=clock,
    list_keys=list_keys,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
)
