"""MEXC, spot REST v3: keys of sub-accounts managed by a key of the master account.

Docs: https://www.mexc.com/api-docs/ (as mirrored 2025-11-29 and 2026, read 2026-11-20); signing as in ccxt
4.5.90.

Surprises:
- No call tells a key what it may: what account/ says is of the account. Reading calls are probed instead.
- A master key that may only read makes and deletes keys of sub-accounts.
- A wrong signature and an expired key get the same answer, 700002.
- A key's permissions cannot be changed, only its addresses; whether those given are added to or replace the
  old ones is not clear, so the answer must show exactly the list wanted.
- Everything travels in the query, also of POST and DELETE. Futures are signed in another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import NotOffered
from keyguard.core.exchange import Adapter, KeyReport, KeySpec, NewKey, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import commas, from_ms, rows, text, words
from keyguard_adapters._encoding import encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._probes import probe
from keyguard_adapters._sign import demand_kind, hmac_sha256, unsigned
from keyguard_adapters._wishes import demand_account, demand_addresses, demand_handle, demand_label

FACTS = facts("mexc")

MASTER = "master account"
"""Pseudo permission: reading the account with a key of the master account."""
_READ = (
    "SPOT_ACCOUNT SPOT_DEAL SPOT_WITHDRAW SPOT_DEPOSIT SPOT_TRANSFER CONTRACT_ACCOUNT CONTRACT_DEAL".split()
)
SCOPES = ScopeNames(
    {
        **{f"{area}_READ": Scope.READ for area in _READ},
        MASTER: Scope.MANAGE_KEYS,
        "SPOT_ACCOUNT_WRITE": Scope.MANAGE_KEYS | Scope.OTHER,  # sets the addresses of keys
        "SPOT_DEAL_WRITE": Scope.TRADE_SPOT,
        "CONTRACT_DEAL_WRITE": Scope.TRADE_DERIVATIVES,
        "CONTRACT_ACCOUNT_WRITE": Scope.TRADE_DERIVATIVES,
        "SPOT_TRANSFER_WRITE": Scope.TRANSFER_INTERNAL,
        "SPOT_WITHDRAW_WRITE": Scope.WITHDRAW,
        "SPOT_DEPOSIT_WRITE": Scope.OTHER,
    }
)
NOT_FOR_SUBS = frozenset({MASTER, "SPOT_WITHDRAW_WRITE", "SPOT_DEPOSIT_WRITE"})
PAGE = Page(
    FACTS, SCOPES, hint="sub-accounts cannot withdraw, and what a master key does is no permission of its own"
)

# Reading calls without side effects; the first also tells a dead key.
PROBES: dict[str, tuple[str, dict[str, str]]] = {
    "SPOT_ACCOUNT_READ": ("/api/v3/uid", {}),
    "SPOT_DEAL_READ": ("/api/v3/openOrders", {"symbol": "BTCUSDT"}),
    "SPOT_WITHDRAW_READ": ("/api/v3/capital/withdraw/history", {}),
    "SPOT_TRANSFER_READ": (
        "/api/v3/capital/transfer",
        {"fromAccountType": "SPOT", "toAccountType": "FUTURES"},
    ),
    "CONTRACT_ACCOUNT_READ": ("/api/v1/private/account/assets", {}),
    "CONTRACT_DEAL_READ": ("/api/v1/private/position/open_positions", {}),
    MASTER: ("/api/v3/sub-account/list", {}),
}
UNPROBED = (
    Scope.TRADE_SPOT
    | Scope.TRADE_DERIVATIVES
    | Scope.TRANSFER_INTERNAL
    | Scope.WITHDRAW
    | Scope.MANAGE_KEYS
    | Scope.OTHER
)
FAULTS = {
    "10072": Fault.KEY_UNKNOWN,
    "402": Fault.KEY_EXPIRED,  # futures
    **dict.fromkeys(("400", "700001"), Fault.SIGNATURE),  # no key, or a malformed one
    **dict.fromkeys(("602", "700002"), Fault.AMBIGUOUS),  # wrong signature, or expired
    **dict.fromkeys(("513", "10073", "700003", "700005"), Fault.CLOCK),
    **dict.fromkeys(("406", "700006"), Fault.IP),
    **dict.fromkeys(("401", "403", "701", "702", "703", "704", "700007"), Fault.SCOPE),
    **dict.fromkeys(("730703", "730705"), Fault.LIMIT),
    "730706": Fault.NOT_FOUND,
    "510": Fault.RATE,
    "429": Fault.RATE,
}
_KEYS = "/api/v3/sub-account/apiKey"
_FUTURES = "/api/v1/"


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign the encoded query with HMAC-SHA256 in hex and append it; futures calls: key, time and query."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    headers = {"Content-Type": "application/json"}
    if request.path.startswith(_FUTURES):
        query = encoded(sorted(pairs(request.query)))
        signature = hmac_sha256(who.secret, f"{who.key}{stamp.ms}{query}").hex()
        headers |= {"ApiKey": who.key, "Request-Time": str(stamp.ms), "Signature": signature}
    else:
        params = {**request.query, "timestamp": stamp.ms, "recvWindow": 5000}
        query = encoded(pairs(params))
        query = f"{query}&signature={hmac_sha256(who.secret, query).hex()}"
        headers["X-MEXC-APIKEY"] = who.key
    return Wire(request.method, target(request.path, query), headers)


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by `code`, of spot and futures alike; good answers have none, 0 or 200."""
    code = member(reply, "code")
    return by_code(reply, "" if code == "200" else code, FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/api/v3/time", signed=False)
    return int(reply.json["serverTime"])


def whoami(public_id: str) -> Step[KeyReport]:
    """Probe what the key may read; what it may write, and from where, no call tells."""
    held = []
    for grant, (path, query) in PROBES.items():
        read = _uid if grant == "SPOT_ACCOUNT_READ" else bool
        if (yield from probe(Request("GET", path, query=query), read)):
            held.append(grant)
    grants = tuple(sorted(held))
    scopes = SCOPES.read(grants)
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        scopes=scopes,
        scopes_unknown=UNPROBED & ~scopes,
        scopes_origin=Origin.INFERRED,
        grants=grants,
        notes=("reading is inferred from probes; the rest, and the IP list, only a master key's list tells",),
    )


def _uid(answer: Any) -> str:
    return text(str(answer["uid"]))


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    """List the keys of a sub-account, which goes by its name."""
    reply = yield Request("GET", _KEYS, query={"subAccount": _sub_account(account)})
    return tuple(_report(row, account) for row in rows(reply.json["subAccount"]))


def create_key(spec: KeySpec) -> Step[NewKey]:
    ticked = tuple(grant for grant in spec.grants if grant not in NOT_FOR_SUBS)
    PAGE.demand(spec, ticked)
    query = {
        "subAccount": _sub_account(spec.account),
        "note": demand_label(FACTS, spec.label),
        "permissions": ",".join(ticked),
        **({"ip": ",".join(spec.ips)} if spec.ips else {}),
    }
    reply = yield Request("POST", _KEYS, query=query, effect=Effect.KEY_CREATED)
    row = reply.json
    credential = Credential(text(row["apiKey"]), Secret(text(row["secretKey"])))
    return NewKey(_report(row, spec.account), credential)


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    """Set note and addresses; raises NotOffered for other permissions, and for opening a key."""
    if set(wanted.grants) != set(current.grants) or not wanted.ips:
        raise NotOffered(
            "MEXC changes nothing of a key by API but its addresses, and opens none to all of them",
            code="exchange.not_offered",
            still="the key is as it was",
            hint="make a new key with what is wanted, then delete this one: keyguard key rotate",
        )
    demand_addresses(FACTS, wanted.ips)
    query = {
        "apikey": demand_handle(current),
        "ipWhiteList": ",".join(wanted.ips),
        "note": demand_label(FACTS, wanted.label),
    }
    reply = yield Request("POST", "/api/v3/apiKeyInfo", query=query, effect=Effect.KEY_EDITED)
    told = commas(reply.json["ipWhiteList"])
    if set(told) != set(wanted.ips):
        raise ValueError("the list is not what was sent")
    return replace(current, label=wanted.label, ips=told, ips_origin=Origin.REPORTED)


def delete_key(current: KeyReport) -> Step[None]:
    query = {"subAccount": _sub_account(current.account), "apiKey": demand_handle(current)}
    reply = yield Request("DELETE", _KEYS, query=query, effect=Effect.KEY_DELETED)
    if reply.json["subAccount"] != current.account:
        raise ValueError("the deletion was not confirmed")


def _sub_account(account: str) -> str:
    return demand_account(FACTS, account, "name", r"[A-Za-z0-9_-]+")


def _report(row: Mapping[str, Any], account: str) -> KeyReport:
    grants, public_id = tuple(sorted(commas(row["permissions"]))), text(row["apiKey"])
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=words(row["note"]),
        account=account,
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        ips=commas(row["ip"]),
        ips_origin=Origin.REPORTED,
        created_at=from_ms(row["creatTime"] if "creatTime" in row else row["createTime"]),
    )


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential("FAKEmx0b3d9e07f2a5", Secret("FAKE" + "7c2e91d4b6a08f350e7d9a2c6b14")),
    clock=clock,
    list_keys=list_keys,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
)
