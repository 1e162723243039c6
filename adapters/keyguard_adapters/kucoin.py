"""KuCoin, REST v1: sub-account keys managed by a key of the master account.

Docs: https://www.kucoin.com/docs-new/authentication and the OpenAPI files of the official universal SDK (read
2026-11-20); signing as in kucoin-universal-sdk 1.3.2 and ccxt 4.5.90.

Surprises:
- A master key that may only read (General) makes, edits and deletes keys of sub-accounts.
- To edit or delete a key its own passphrase is needed, in a deletion even in the address.
- An edit replaces what it names, and leaving out `permission` means General: every field goes along.
- The query is signed as a person reads it, the address is percent-encoded.
- The documents mask the addresses they show (203.**.154): a masked list is "not told".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, KeySpec, NewKey, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import commas, flag, from_ms, rows, text, words
from keyguard_adapters._encoding import base64_text, compact, encoded, pairs, plain, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, demand_passphrase, hmac_sha256, unsigned
from keyguard_adapters._wishes import (
    cannot_grant,
    demand_account,
    demand_handle,
    demand_label,
    new_passphrase,
    passphrase_of,
)

FACTS = facts("kucoin")

_TRADE = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES
MASTER = "master account"
"""Pseudo permission: General on a key of the master account."""
SCOPES = ScopeNames(
    {
        "General": Scope.READ,
        MASTER: Scope.MANAGE_KEYS,
        "Spot": Scope.TRADE_SPOT,
        "Margin": Scope.TRADE_MARGIN,
        "Futures": Scope.TRADE_DERIVATIVES,
        "Unified": _TRADE,
        "UTA": _TRADE,
        "Trade": _TRADE,  # legacy
        "InnerTransfer": Scope.TRANSFER_INTERNAL,
        "FlexTransfers": Scope.TRANSFER_INTERNAL,
        "Transfer": Scope.WITHDRAW,
        "Withdrawal": Scope.WITHDRAW,
        "Earn": Scope.OTHER,
        "LeadtradeFutures": Scope.OTHER,
    }
)
SETTABLE = ("General", "Spot", "Futures", "Margin", "InnerTransfer")
"""What a key of a sub-account can be given by API, in the order of the documents."""
PAGE = Page(
    FACTS, SCOPES, hint="a sub-account's key has General and any of Spot, Futures, Margin, InnerTransfer"
)

FAULTS = {
    "400001": Fault.SIGNATURE,
    "400002": Fault.CLOCK,
    "400003": Fault.KEY_UNKNOWN,
    "400004": Fault.SIGNATURE,  # the passphrase
    "400005": Fault.SIGNATURE,
    "400006": Fault.IP,
    "400007": Fault.SCOPE,
    "400008": Fault.OTHER,  # the key's version is too old for this call
    "400009": Fault.OTHER,
    "404000": Fault.NOT_FOUND,
    "429000": Fault.RATE,
}
_KEYS = "/api/v1/sub/api-key"


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign time, method, plain target and body, and the passphrase by itself, with HMAC-SHA256 in base64."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    query, body = pairs(request.query), compact(request.body)
    signed = f"{stamp.ms}{request.method}{target(request.path, plain(query))}{body}"
    headers = {
        "KC-API-KEY": who.key,
        "KC-API-SIGN": base64_text(hmac_sha256(who.secret, signed)),
        "KC-API-TIMESTAMP": str(stamp.ms),
        "KC-API-PASSPHRASE": base64_text(hmac_sha256(who.secret, demand_passphrase(who).reveal())),
        "KC-API-KEY-VERSION": "3",
        "Content-Type": "application/json",
    }
    return Wire(request.method, target(request.path, encoded(query)), headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by `code`, of which 200000 is success."""
    code = member(reply, "code")
    return by_code(reply, "" if code == "200000" else code, FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/api/v1/timestamp", signed=False)
    return int(reply.json["data"])


def whoami(public_id: str) -> Step[KeyReport]:
    reply = yield Request("GET", "/api/v1/user/api-key")
    report = _report(reply.json["data"])
    if report.public_id != public_id:
        raise ValueError("the answer describes another key")
    return report


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    """List the keys of a sub-account, which goes by its name."""
    reply = yield Request("GET", _KEYS, query={"subName": _sub_account(account)})
    return tuple(_report(row) for row in rows(reply.json["data"]))


def create_key(spec: KeySpec) -> Step[NewKey]:
    sub, label, settings = _sub_account(spec.account), demand_label(FACTS, spec.label), _settings(spec)
    passphrase = yield from new_passphrase(FACTS)
    body = {"subName": sub, "passphrase": passphrase, "remark": label, **settings, "expire": "-1"}
    reply = yield Request("POST", _KEYS, body=body, effect=Effect.KEY_CREATED)
    row = reply.json["data"]
    credential = Credential(text(row["apiKey"]), Secret(text(row["apiSecret"])), passphrase)
    return NewKey(_report(row), credential)


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    """Set permissions and addresses; KuCoin cannot change a key's remark.

    `expire` is left out: the key's end is not told, so naming any would move it.
    """
    sub, key, settings = _sub_account(current.account), demand_handle(current), _settings(wanted)
    passphrase = yield from passphrase_of(FACTS, current)
    body = {"subName": sub, "apiKey": key, "passphrase": passphrase, **settings}
    reply = yield Request("POST", f"{_KEYS}/update", body=body, effect=Effect.KEY_EDITED)
    row = reply.json["data"]
    return replace(_report({"remark": current.label, **row}), parent=current.parent)


def delete_key(current: KeyReport) -> Step[None]:
    query: dict[str, Any] = {"apiKey": demand_handle(current), "subName": _sub_account(current.account)}
    query["passphrase"] = yield from passphrase_of(FACTS, current)
    reply = yield Request("DELETE", _KEYS, query=query, effect=Effect.KEY_DELETED)
    if reply.json["data"]["apiKey"] != current.ref:
        raise ValueError("the deletion was not confirmed")


def _settings(spec: KeySpec) -> dict[str, str]:
    """Permissions and addresses; raises UsageError unless KuCoin can grant exactly these to a sub key."""
    ticked = tuple(grant for grant in SETTABLE if grant in spec.grants)
    PAGE.demand(spec, ticked)
    if "General" not in ticked:
        raise cannot_grant("KuCoin", spec.scopes, hint=PAGE.hint)
    return {"permission": ",".join(ticked), "ipWhitelist": ",".join(spec.ips)}


def _sub_account(account: str) -> str:
    return demand_account(FACTS, account, "name", r"[A-Za-z0-9]+")


def _report(row: Mapping[str, Any]) -> KeyReport:
    grants, ips, sub = (
        commas(row["permission"]),
        commas(row["ipWhitelist"]),
        words(row.get("subName", "")),
    )
    masked = any("*" in ip for ip in ips)
    if flag(row.get("isMaster", False)) and "General" in grants:
        grants += (MASTER,)
    public_id = text(row["apiKey"])
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=words(row.get("remark", "")),
        account=sub or str(int(row["uid"])),
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=tuple(sorted(grants)),
        ips=None if masked else ips,
        ips_origin=Origin.UNKNOWN if masked else Origin.REPORTED,
        created_at=from_ms(row["createdAt"]) if "createdAt" in row else None,
        notes=(f"bound to {len(ips)} addresses, which KuCoin shows masked",) if masked else (),
    )


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "c01e9b7d2a4f6058e3b1",
        Secret("FAKE" + "7c2e-91d4-4b6a-8f35-0e7d9a2c6b14"),
        Secret("FAKE" + "pass7Kq2"),
    ),
    clock=clock,
    list_keys=list_keys,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
)
