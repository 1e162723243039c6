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
    id="kucoin",
    name="KuCoin",
    base="https://api.kucoin.com",
    docs="https://www.kucoin.com/docs-new/authentication",
    checked="2026-11-20",
    key_page="https://www.kucoin.com/account/api",
    clock_window=timedelta(seconds=5),
    max_ips=20,
    lives=(
        Life(
            timedelta(days=30),
            source="https://www.kucoin.com/support/360015102174 (undated copy, read 2026-11-20)",
            since=Since.USE,
            open_only=True,
            scopes=_TRADE,
        ),
    ),
    limit=Limit(100, timedelta(seconds=30)),  # 2000 weight, 20 a call
    label_pattern=r"[A-Za-z0-9_-]{1,24}",
    dead=frozenset({Fault.KEY_UNKNOWN}),
    env_names=env_names(
        sdk=("API_KEY", "API_SECRET", "API_PASSPHRASE"),
        ccxt="KUCOIN",
        hummingbot=("kucoin_api_key", "kucoin_secret_key", "kucoin_passphrase"),
    ),
    unverified=(
        "whether the addresses of the calling key are really masked, as in the documents' examples",
        "code of an expired key; whether the address is checked before the signature",
        "how fast a change takes effect; keys per account; CIDR and IPv6",
        "that General alone lets a master key manage keys (documented so, and taken for true here)",
        "whether an edit without `expire` keeps a key's end",
        "parameters and permission names of the unified account (UTA)",
        "whether key version header 3 is taken from keys of version 2",
    ),
)

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
_GRANTING = "a sub-account's key has General and any of Spot, Futures, Margin, InnerTransfer"
PAGE = Page(FACTS, SCOPES, hint=_GRANTING)

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
        return signing.unsigned(request)
    signing.demand_kind(who, FACTS)
    query, body = signing.pairs(request.query), signing.compact(request.body)
    text = f"{stamp.ms}{request.method}{signing.target(request.path, signing.plain(query))}{body}"
    headers = {
        "KC-API-KEY": who.key,
        "KC-API-SIGN": signing.base64_text(signing.hmac_sha256(who.secret, text)),
        "KC-API-TIMESTAMP": str(stamp.ms),
        "KC-API-PASSPHRASE": signing.base64_text(
            signing.hmac_sha256(who.secret, signing.demand_passphrase(who).reveal())
        ),
        "KC-API-KEY-VERSION": "3",
        "Content-Type": "application/json",
    }
    return Wire(request.method, signing.target(request.path, signing.encoded(query)), headers, body.encode())


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
    return tuple(_report(row) for row in check.rows(reply.json["data"]))


def create_key(spec: KeySpec) -> Step[NewKey]:
    sub, label, settings = _sub_account(spec.account), check.demand_label(FACTS, spec.label), _settings(spec)
    passphrase = yield from check.new_passphrase(FACTS)
    body = {"subName": sub, "passphrase": passphrase, "remark": label, **settings, "expire": "-1"}
    reply = yield Request("POST", _KEYS, body=body, effect=Effect.KEY_CREATED)
    row = reply.json["data"]
    credential = Credential(check.text(row["apiKey"]), Secret(check.text(row["apiSecret"])), passphrase)
    return NewKey(_report(row), credential)


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    """Set permissions and addresses; KuCoin cannot change a key's remark.

    `expire` is left out: the key's end is not told, so naming any would move it.
    """
    sub, key, settings = _sub_account(current.account), check.demand_handle(current), _settings(wanted)
    passphrase = yield from check.passphrase_of(FACTS, current)
    body = {"subName": sub, "apiKey": key, "passphrase": passphrase, **settings}
    reply = yield Request("POST", f"{_KEYS}/update", body=body, effect=Effect.KEY_EDITED)
    row = reply.json["data"]
    return replace(_report({"remark": current.label, **row}), parent=current.parent)


def delete_key(current: KeyReport) -> Step[None]:
    query: dict[str, Any] = {"apiKey": check.demand_handle(current), "subName": _sub_account(current.account)}
    query["passphrase"] = yield from check.passphrase_of(FACTS, current)
    reply = yield Request("DELETE", _KEYS, query=query, effect=Effect.KEY_DELETED)
    if reply.json["data"]["apiKey"] != current.ref:
        raise ValueError("the deletion was not confirmed")


def _settings(spec: KeySpec) -> dict[str, str]:
    """Permissions and addresses; raises UsageError unless KuCoin can grant exactly these to a sub key."""
    check.demand_addresses(FACTS, spec.ips)
    ticked = tuple(grant for grant in SETTABLE if grant in spec.grants)
    check.demand_exact("KuCoin", SCOPES, ticked, spec.scopes, hint=_GRANTING)
    if "General" not in ticked:
        raise check.cannot_grant("KuCoin", spec.scopes, hint=_GRANTING)
    return {"permission": ",".join(ticked), "ipWhitelist": ",".join(spec.ips)}


def _sub_account(account: str) -> str:
    return check.demand_account(FACTS, account, "name", r"[A-Za-z0-9]+")


def _report(row: Mapping[str, Any]) -> KeyReport:
    grants, ips, sub = (
        check.commas(row["permission"]),
        check.commas(row["ipWhitelist"]),
        check.words(row.get("subName", "")),
    )
    masked = any("*" in ip for ip in ips)
    if check.flag(row.get("isMaster", False)) and "General" in grants:
        grants += (MASTER,)
    public_id = check.text(row["apiKey"])
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=check.words(row.get("remark", "")),
        account=sub or str(int(row["uid"])),
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=tuple(sorted(grants)),
        ips=None if masked else ips,
        ips_origin=Origin.UNKNOWN if masked else Origin.REPORTED,
        created_at=check.from_ms(row["createdAt"]) if "createdAt" in row else None,
        notes=(f"bound to {len(ips)} addresses, which KuCoin shows masked",) if masked else (),
    )


ADAPTER = Adapter(
    FACTS,
    sign,
    fault,
    SCOPES,
    whoami,
    *(PAGE.create, PAGE.edit, PAGE.delete),
    Credential(
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
