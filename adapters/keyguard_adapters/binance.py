"""Binance (binance.com): keys of sub-accounts, managed with a key of the master account.

Docs: https://developers.binance.com/docs (snapshot of 2026-07-21, read 2026-11-20; the calls for sub-account
keys as in binance-sdk-sub-account 8.5.0); signing as there and in ccxt 4.5.90.

Surprises:
- -2015 says three things at once: no such key, a foreign address, a permission missing.
- A key of a master account is made, changed and deleted on the web only; keys of sub-accounts by API too.
- That a key is bound to addresses is told, the addresses are not, nor its account; and no flag says that it
  may manage other keys: every key of a master account may.
- Parameters are signed as encoded (since 2026-01-15), query directly followed by the body.
- A key without addresses loses the permission to trade after 30 days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, KeySpec, NewKey, ScopeNames
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import flag, from_ms, own, rows, text
from keyguard_adapters._encoding import base64_text, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, ed25519, hmac_sha256, rsa_sha256, unsigned
from keyguard_adapters._wishes import (
    demand_account,
    demand_addresses,
    demand_exact,
    demand_handle,
    demand_label,
)

FACTS = facts("binance")

_SPOT = Scope.TRADE_SPOT | Scope.TRADE_MARGIN
SCOPES = ScopeNames(
    {
        "enableReading": Scope.READ,
        "enableSpotAndMarginTrading": _SPOT,
        "enableMargin": Scope.TRADE_MARGIN | Scope.TRANSFER_INTERNAL,
        "enableFutures": Scope.TRADE_DERIVATIVES,
        "enableVanillaOptions": Scope.TRADE_DERIVATIVES,
        "enablePortfolioMarginTrading": Scope.TRADE_DERIVATIVES,
        "permitsUniversalTransfer": Scope.TRANSFER_INTERNAL,
        "enableInternalTransfer": Scope.TRANSFER_INTERNAL,
        "enableWithdrawals": Scope.WITHDRAW,
        "enableFixApiTrade": _SPOT,
        "enableFixReadOnly": Scope.READ,
    }
)
SETTABLE = {
    "canTrade": "enableSpotAndMarginTrading",
    "canMarginLoanRepay": "enableMargin",
    "canFuturesTrade": "enableFutures",
    "canUniversalTransfer": "permitsUniversalTransfer",
    "canVanillaOptions": "enableVanillaOptions",
}
"""What a sub-account's key can be given by API, beside reading, which each has."""
PAGE = Page(FACTS, SCOPES, hint="spot and margin are one permission; a sub-account's key always reads")

FAULTS = {
    **dict.fromkeys(("-1000", "-1001", "-1006", "-1007", "-1008", "-1016"), Fault.BUSY),
    "-1002": Fault.SCOPE,
    "-1003": Fault.RATE,
    "-1021": Fault.CLOCK,
    "-1022": Fault.SIGNATURE,
    "-2008": Fault.KEY_UNKNOWN,
    "-2014": Fault.AMBIGUOUS,  # malformed: something on the way may have mangled it
    "-2015": Fault.AMBIGUOUS,
}
_KEYS = "/sapi/v1/sub-account/subAccountApi"
_ADDRESSES = "/sapi/v2/sub-account/subAccountApi/ipRestriction"


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign the parameters, timestamp last, in the query or as a form: HMAC in hex, RSA, Ed25519 in base64."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    payload = encoded(pairs({**request.query, **(request.body or {}), "timestamp": stamp.ms}))
    sent = f"{payload}&signature={quote(_signature(who, payload), safe='')}"
    headers = {"X-MBX-APIKEY": who.key}
    if request.body is None:
        return Wire(request.method, target(request.path, sent), headers)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return Wire(request.method, request.path, headers, sent.encode())


def _signature(who: Credential, payload: str) -> str:
    if who.kind is KeyKind.HMAC:
        return hmac_sha256(who.secret, payload).hex()
    by = rsa_sha256 if who.kind is KeyKind.RSA else ed25519
    return base64_text(by(who.secret, payload))


def fault(reply: Reply) -> tuple[Fault, str] | None:
    return by_code(reply, member(reply, "code"), FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/api/v3/time", signed=False)
    return int(reply.json["serverTime"])


def whoami(public_id: str) -> Step[KeyReport]:
    """Describe the calling key; the answer does not name it."""
    reply = yield Request("GET", "/sapi/v1/account/apiRestrictions")
    row = reply.json
    grants = _grants(row)
    bound, lapses = flag(row["ipRestrict"]), row.get("tradingAuthorityExpirationTime")
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        scopes=SCOPES.read(grants),
        scopes_unknown=Scope.MANAGE_KEYS,
        scopes_origin=Origin.REPORTED,
        grants=grants,
        ips=None if bound else (),
        ips_origin=Origin.UNKNOWN if bound else Origin.REPORTED,
        created_at=from_ms(row["createTime"]),
        expires_at=None if lapses is None else from_ms(lapses),
        expiry_origin=Origin.UNKNOWN if lapses is None else Origin.REPORTED,
        notes=("whether its account is a master's, whose keys manage those of sub-accounts, is not told",),
    )


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    email, found = _email(account), list[KeyReport]()
    for page in range(1, 21):
        reply = yield Request("GET", _KEYS, query={"email": email, "page": page, "size": 100})
        found += [_report(row, text(row["apikey"]), account) for row in rows(reply.json["rows"])]
        if len(found) >= int(reply.json["total"]):
            return tuple(found)
    raise ValueError("the list of keys does not end")  # cut short, it would pass for a proof of absence


def create_key(spec: KeySpec) -> Step[NewKey]:
    named = {"email": _email(spec.account), "apiName": demand_label(FACTS, spec.label)}
    body = {**named, **_flags(spec), **_addresses(spec)}
    reply = yield Request("POST", _KEYS, body=body, effect=Effect.KEY_CREATED)
    row = reply.json
    credential = Credential(text(row["apiKey"]), Secret(text(row["secretKey"])))
    return NewKey(_bound(_report(row, credential.key, spec.account), row), credential)


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    """Two effects, permissions and addresses; the name stays."""
    permissions, addresses = ({**_which(current), **part(wanted)} for part in (_flags, _addresses))
    reply = yield Request("POST", f"{_KEYS}Permission", body=permissions, effect=Effect.KEY_EDITED)
    row = reply.json
    report = own([_report(row, text(row["apikey"]), current.account)], current.public_id)
    reply = yield Request("POST", _ADDRESSES, body=addresses, effect=Effect.KEY_EDITED)
    return _bound(report, reply.json)


def delete_key(current: KeyReport) -> Step[None]:
    reply = yield Request("DELETE", _KEYS, query=_which(current), effect=Effect.KEY_DELETED)
    if reply.json != {}:  # anything else that is no refusal is not the venue's word
        raise ValueError("the deletion was not confirmed")


def _flags(spec: KeySpec) -> dict[str, bool]:
    """Every permission that can be set; UsageError unless they, and reading, are exactly what is asked."""
    ticked = {"enableReading", *(set(SETTABLE.values()) & set(spec.grants))}
    demand_exact(FACTS.name, SCOPES, tuple(ticked), spec.scopes, hint=PAGE.hint)
    return {name: grant in ticked for name, grant in SETTABLE.items()}


def _addresses(spec: KeySpec) -> dict[str, Any]:
    demand_addresses(FACTS, spec.ips)
    return {"status": 2, "ipAddress": ",".join(spec.ips)} if spec.ips else {"status": 1}


def _grants(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The permissions a row switches on; raises ValueError for one not known here, and where it has none."""
    flags = {name: flag(on) for name, on in row.items() if name.startswith(("enable", "permits", "can"))}
    if not flags:
        raise ValueError("no permissions are told")
    return tuple(sorted(SETTABLE.get(name, name) for name, on in flags.items() if on))


def _report(row: Mapping[str, Any], public_id: str, account: str) -> KeyReport:
    grants = tuple(sorted({"enableReading", *_grants(row)}))
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=text(row["apiName"]),
        account=account,
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        created_at=from_ms(row["timestamp"]) if "timestamp" in row else None,
    )


def _bound(report: KeyReport, row: Mapping[str, Any]) -> KeyReport:
    """With the addresses an answer tells: status 1 is any, 2 those listed."""
    ips = {"1": (), "2": tuple(text(ip) for ip in row.get("ipList") or ())}[str(row["status"])]
    if text(row["apiKey"]) != report.public_id or (str(row["status"]) == "2" and not ips):
        raise ValueError("the answer describes another key, or none of its addresses")
    return replace(report, ips=ips, ips_origin=Origin.REPORTED)


def _email(account: str) -> str:
    return demand_account(FACTS, account, "e-mail address", r"[^@\s]+@[^@\s]+")


def _which(current: KeyReport) -> dict[str, str]:
    return {"email": _email(current.account), "subAccountApiKey": demand_handle(current)}


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "XK87POu9fzVgGBUBSkLq0uwu1yF1nRC9lBccrK1Uqpg102UYbVMLddrNkqLI",
        Secret("FAKE" + "P2qkAJry3vtHSx9E3bAFDIVghGGQ7KJQK73ssrGdxFHUHc4q52uSDHomDVWi"),
    ),
    clock=clock,
    list_keys=list_keys,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
)
