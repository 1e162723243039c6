"""Bybit, REST v5: sub-account keys managed by a manager key on the master account.

Docs: https://bybit-exchange.github.io/docs/v5/intro (repository snapshot of 2026-07-24, read 2026-11-20);
signing as in pybit 5.17.0, ccxt 4.5.90 and bybit-api 4.7.7.

Surprises:
- Leaving `readOnly` out of an update means read-write, leaving `ips` out may unbind: every field goes along.
- `delete-api` deletes the *calling* key. It appears nowhere here; a key is removed by `delete-sub-api`.
- A read-only key still lists its trade permissions: `readOnly` overrides them.
- Every live key can read, so every permission's meaning here includes READ.
- `Derivatives` is no parameter of `create-sub-api`: the venue adds it by the kind of account.
- A deleted key, one that never existed and one of another environment get the same answer, 10003.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from keyguard.core.errors import NotOffered, Refused, UsageError
from keyguard.core.exchange import (
    Adapter,
    Credential,
    Effect,
    Facts,
    Fault,
    Guide,
    KeyReport,
    KeySpec,
    Life,
    NewKey,
    Reply,
    Request,
    ScopeNames,
    Stamp,
    Step,
    Wire,
)
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._checks import cannot_grant, demand_exact, instant, rows, text
from keyguard_adapters._sign import (
    compact,
    demand_kind,
    encoded,
    hmac_sha256,
    pairs,
    rsa_sha256,
    target,
    unsigned,
)

FACTS = Facts(
    id="bybit",
    name="Bybit",
    base="https://api.bybit.com",
    docs="https://bybit-exchange.github.io/docs/v5/intro",
    checked="2026-11-20",
    key_page="https://www.bybit.com/app/user/api-management",
    kinds=(KeyKind.HMAC, KeyKind.RSA),
    clock_window=timedelta(seconds=1),  # ahead; 5 s (the receive window) behind
    lives=(
        Life(
            timedelta(days=90),
            source="https://bybit-exchange.github.io/docs/v5/intro (read 2026-11-20)",
            open_only=True,
        ),
    ),
    dead=frozenset({Fault.KEY_UNKNOWN}),  # an expired key (33004) can be renewed by a person
    env_names={
        "sdk": (("BYBIT_API_KEY", "key"), ("BYBIT_API_SECRET", "secret")),
        "ccxt": (("BYBIT_APIKEY", "key"), ("BYBIT_SECRET", "secret")),
        "freqtrade": (("FREQTRADE__EXCHANGE__KEY", "key"), ("FREQTRADE__EXCHANGE__SECRET", "secret")),
        "hummingbot": (("bybit_api_key", "key"), ("bybit_api_secret", "secret")),
    },
    unverified=(
        "lengths of key (18) and secret (36) as a rule; size and PEM form of RSA keys",
        "keys per account and addresses per key (third parties say 20 each); CIDR, IPv6",
        "rules for the note of a key",
        "whether the ban of IP edits by API (141019, 2026-02-10) also hits update-sub-api",
        "whether leaving out ips or readOnly in an update resets them (the docs say so)",
        "10003 for a deleted key; HTTP status sent with each retCode",
        "whether an update keeps permission categories it does not name: all are named",
        "wording of the web page",
    ),
)

READ_ONLY = "ReadOnly"
"""Pseudo permission: the key's `readOnly` is 1, whatever else it lists."""

_TRANSFER = Scope.READ | Scope.TRANSFER_INTERNAL | Scope.MANAGE_KEYS  # these rights also manage keys
_DERIVATIVES = Scope.READ | Scope.TRADE_DERIVATIVES
_OTHER = Scope.READ | Scope.OTHER

SCOPES = ScopeNames(
    {
        READ_ONLY: Scope.READ,
        "ContractTrade:Order": _DERIVATIVES,
        "ContractTrade:Position": _DERIVATIVES,
        "Spot:SpotTrade": Scope.READ | Scope.TRADE_SPOT,
        "Wallet:AccountTransfer": _TRANSFER,
        "Wallet:SubMemberTransfer": _TRANSFER,
        "Wallet:SubMemberTransferList": _TRANSFER,
        "Wallet:Withdraw": Scope.READ | Scope.WITHDRAW | Scope.MANAGE_KEYS,
        "Options:OptionsTrade": _DERIVATIVES,
        "Derivatives:DerivativesTrade": _DERIVATIVES,
        "Exchange:ExchangeHistory": _OTHER,
        "Earn:Earn": _OTHER,
        "BlockTrade:BlockTrade": _DERIVATIVES,
        "FiatP2P:FiatP2POrder": _OTHER,
        "FiatP2P:Advertising": _OTHER,
        "FiatBitPay:FaitPayOrder": _OTHER,  # sic
        "FiatBybitPay:FaitPayOrder": _OTHER,
        "FiatConvertBroker:FiatConvertBrokerOrder": _OTHER,
        "BitCard:BitCard": _OTHER,
        "ByXPost:ByXPost": _OTHER,
        "Affiliate:Affiliate": _OTHER,
        "CopyTrading:CopyTrading": _OTHER,  # deprecated
        "NFT:NFTQueryProductList": _OTHER,  # deprecated
    }
)

# What a sub-account's key can hold, in the order of the docs; the rest is for master keys.
SUB_PERMISSIONS = {
    "ContractTrade": ("Order", "Position"),
    "Spot": ("SpotTrade",),
    "Wallet": ("AccountTransfer", "SubMemberTransferList"),
    "Options": ("OptionsTrade",),
    "Derivatives": ("DerivativesTrade",),
    "Exchange": ("ExchangeHistory",),
    "Earn": ("Earn",),
}
_SUB_GRANTS = frozenset(f"{area}:{name}" for area, names in SUB_PERMISSIONS.items() for name in names)
_SETTABLE_ON_CREATE = tuple(area for area in SUB_PERMISSIONS if area != "Derivatives")
# The venue wants at least one box ticked; these, under readOnly 1, show orders, positions and balances.
_READABLE = ("ContractTrade:Order", "ContractTrade:Position", "Options:OptionsTrade", "Spot:SpotTrade")

FAULTS = {
    "-1": Fault.CLOCK,
    "-2015": Fault.KEY_EXPIRED,
    "429": Fault.RATE,
    "10000": Fault.BUSY,
    "10002": Fault.CLOCK,
    "10003": Fault.KEY_UNKNOWN,
    "10004": Fault.SIGNATURE,
    "10005": Fault.SCOPE,
    "10006": Fault.RATE,
    "10007": Fault.AMBIGUOUS,
    "10009": Fault.REGION,
    "10010": Fault.IP,
    "10014": Fault.NONCE,
    "10016": Fault.BUSY,
    "10018": Fault.RATE,
    "10024": Fault.REGION,
    "33004": Fault.KEY_EXPIRED,
}
WEB_ONLY = {
    "141019": "Bybit lets IP lists be changed on its web page only",
    "141020": "Bybit lets sensitive permissions be made read-write on its web page only",
    "81007": "Bybit Europe does not create keys by API",
    "20096": "Bybit wants the account's identity check (KYC) finished first",
}
"""Refusals that only a person on the web page gets past."""

_GRANTING = (
    "every key can read; a right to transfer also manages keys; only master keys withdraw;"
    " something beside Derivatives must be ticked"
)
_RECV_WINDOW = "5000"
_PAGE_SIZE = 20
_MAX_PAGES = 50


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign time + key + window + (query or body) with HMAC-SHA256 in hex, or RSA in base64.

    The query is signed percent-encoded, as it goes over the wire: clients that sign it plain get 10004
    as soon as a cursor holds a colon.
    """
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    query, body = encoded(pairs(request.query)), compact(request.body)
    text = f"{stamp.ms}{who.key}{_RECV_WINDOW}{query if request.method == 'GET' else body}"
    headers = {
        "X-BAPI-API-KEY": who.key,
        "X-BAPI-TIMESTAMP": str(stamp.ms),
        "X-BAPI-RECV-WINDOW": _RECV_WINDOW,
        "X-BAPI-SIGN": _signature(who, text),
    }
    if body:
        headers["Content-Type"] = "application/json"
    return Wire(request.method, target(request.path, query), headers, body.encode())


def _signature(who: Credential, text: str) -> str:
    if who.kind is KeyKind.RSA:
        return base64.b64encode(rsa_sha256(who.secret, text)).decode()
    return hmac_sha256(who.secret, text).hex()


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by `retCode`; by HTTP status where the answer has none."""
    code = _code(reply)
    if code not in ("", "0"):
        return FAULTS.get(code, Fault.OTHER), code
    if reply.status < 400:
        return None
    return _http_fault(reply), str(reply.status)


def _code(reply: Reply) -> str:
    try:
        answer = reply.json
    except ValueError:
        return ""
    return str(answer.get("retCode", "")) if isinstance(answer, dict) else ""


def _http_fault(reply: Reply) -> Fault:
    if reply.status >= 500:
        return Fault.BUSY
    if reply.status == 429 or (reply.status == 403 and b"too frequent" in reply.body.lower()):
        return Fault.RATE
    return {401: Fault.AMBIGUOUS, 403: Fault.REGION}.get(reply.status, Fault.OTHER)


def clock() -> Step[int]:
    reply = yield Request("GET", "/v5/market/time", signed=False)
    return int(reply.json["result"]["timeNano"]) // 1_000_000


def whoami(public_id: str) -> Step[KeyReport]:
    reply = yield Request("GET", "/v5/user/query-api")
    row = reply.json["result"]
    if row["apiKey"] != public_id:
        raise ValueError("the answer describes another key")
    parent = str(row["parentUid"])
    return _report(row, account=str(row["userID"]), parent="" if parent == "0" else parent)


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    query: dict[str, Any] = {"subMemberId": _sub_account(account), "limit": _PAGE_SIZE}
    found: list[KeyReport] = []
    seen = {""}
    for _ in range(_MAX_PAGES):
        reply = yield Request("GET", "/v5/user/sub-apikeys", query=dict(query))
        page = reply.json["result"]
        found.extend(_report(row, account=account) for row in rows(page["result"]))
        query["cursor"] = page["nextPageCursor"]
        if query["cursor"] in seen:
            break
        seen.add(query["cursor"])
    if query["cursor"]:  # a list cut short must not pass for a proof of absence
        raise ValueError("the list of keys does not end")
    return tuple(found)


def create_key(spec: KeySpec) -> Step[NewKey]:
    body = {
        "subuid": int(_sub_account(spec.account)),
        "note": spec.label,
        **_settings(spec, areas=_SETTABLE_ON_CREATE, fallback=_READABLE),
    }
    request = Request("POST", "/v5/user/create-sub-api", body=body, effect=Effect.KEY_CREATED)
    try:
        reply = yield request
    except Refused as refusal:
        raise _explained(refusal, still="no key was made") from None
    row = reply.json["result"]
    credential = Credential(text(row["apiKey"]), Secret(text(row["secret"])))
    return NewKey(report=_report(row, account=spec.account), credential=credential)


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    kept = tuple(
        grant for grant in current.grants if grant in _SUB_GRANTS and not grant.startswith("Wallet:")
    )
    body = {
        "apikey": _handle(current),
        **_settings(wanted, areas=tuple(SUB_PERMISSIONS), fallback=kept or _READABLE),
    }
    request = Request("POST", "/v5/user/update-sub-api", body=body, effect=Effect.KEY_EDITED)
    try:
        reply = yield request
    except Refused as refusal:
        raise _explained(refusal, still="the key is as it was") from None
    return _report(reply.json["result"], account=current.account, parent=current.parent)


def delete_key(current: KeyReport) -> Step[None]:
    body = {"apikey": _handle(current)}
    reply = yield Request("POST", "/v5/user/delete-sub-api", body=body, effect=Effect.KEY_DELETED)
    if reply.json["retCode"] != 0:  # anything else that is no refusal is not the venue's word
        raise ValueError("the deletion was not confirmed")


def _settings(spec: KeySpec, *, areas: tuple[str, ...], fallback: tuple[str, ...]) -> dict[str, Any]:
    """All of a key's settings as the venue takes them; raises UsageError unless they are exactly `spec`.

    `ScopeNames.write` names every permission within the scopes, those of master keys and READ_ONLY
    among them. Master-only ones are left out; what remains must add up to the very scopes asked for.
    """
    read_only = READ_ONLY in spec.grants and spec.scopes == Scope.READ
    ticked = tuple(grant for grant in spec.grants if grant in _SUB_GRANTS)
    if read_only:
        ticked = ticked or fallback
    else:
        demand_exact("Bybit", SCOPES, ticked, spec.scopes, hint=_GRANTING)
    permissions = {
        area: [name for name in SUB_PERMISSIONS[area] if f"{area}:{name}" in ticked] for area in areas
    }
    if not any(permissions.values()):
        raise cannot_grant("Bybit", spec.scopes, hint=_GRANTING)
    return {
        "readOnly": 1 if read_only else 0,
        "ips": ",".join(spec.ips) or "*",
        "permissions": permissions,
    }


def _report(row: Mapping[str, Any], *, account: str, parent: str = "") -> KeyReport:
    read_only = bool(row["readOnly"])  # 0/1, in the list false/true
    listed = tuple(f"{area}:{name}" for area, names in row["permissions"].items() for name in names)
    held = SCOPES.read(listed) | Scope.READ
    ips, expires_at = _addresses(row), _expiry(row)
    public_id = text(row["apiKey"])
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=row["note"],
        account=account,
        parent=parent,
        scopes=Scope.READ if read_only else held,
        scopes_origin=Origin.REPORTED,
        grants=tuple(sorted((*listed, READ_ONLY) if read_only else listed)),
        ips=ips,
        ips_origin=Origin.UNKNOWN if ips is None else Origin.REPORTED,
        created_at=instant(row["createdAt"]) if "createdAt" in row else None,
        expires_at=expires_at,
        expiry_origin=Origin.REPORTED if "expiredAt" in row else Origin.UNKNOWN,
        enabled=row.get("status") != 2,
        notes=_notes(row),
    )


def _addresses(row: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The answer to a creation does not tell them."""
    if "ips" not in row:
        return None
    return tuple(str(ip) for ip in row["ips"] if ip != "*")


def _expiry(row: Mapping[str, Any]) -> datetime | None:
    """The end of a key; a bound key has 1970 or a negative number of days left, which is no end."""
    if "expiredAt" not in row or row.get("deadlineDay", 0) < 0:
        return None
    moment = instant(row["expiredAt"])
    return None if moment.year <= 1970 else moment


def _notes(row: Mapping[str, Any]) -> tuple[str, ...]:
    notes = []
    if row.get("isMaster"):
        notes.append("a master key: only the web page changes or deletes it")
    if row.get("type") == 2:
        notes.append("connected to a third-party application")
    if row.get("status") == 2:
        notes.append("expired")
    if row.get("rsaPublicKey") or row.get("flag") == "rsa":
        notes.append("a self-generated RSA key")
    return tuple(notes)


def _sub_account(account: str) -> str:
    if not (account.isascii() and account.isdigit()):
        raise UsageError(
            "Bybit manages keys of a sub-account by API only, and its UID (digits) is not known",
            code="account.needed",
            hint="ask the venue about the key first (keyguard key inspect), or give --account UID",
        )
    return account


def _handle(current: KeyReport) -> str:
    """The key to act on; without one, the calls would act on the calling key."""
    if not current.ref:
        raise UsageError("the key to change is not named", code="key.unknown")
    return current.ref


def _explained(refusal: Refused, *, still: str) -> Refused | NotOffered:
    reason = WEB_ONLY.get(refusal.venue_code)
    if reason is None:
        return refusal
    return NotOffered(reason, code="exchange.web_only", still=still, hint=FACTS.key_page)


def guide_create(spec: KeySpec) -> Guide:
    boxes = [grant for grant in spec.grants if grant != READ_ONLY]
    mode = "Read-Only" if spec.scopes == Scope.READ else "Read-Write"
    return Guide(
        page=FACTS.key_page,
        title="Create a Bybit API key",
        steps=(
            "Log in to the account (or sub-account) the key is for and open API Management.",
            "Choose Create New Key, System-generated API Keys, API Transaction.",
            f"Name: {spec.label}",
            f"Permissions: {mode}",
            _address_step(spec.ips),
            f"Tick exactly: {', '.join(boxes) or 'what the key shall read'}. Leave everything else unticked.",
            "Confirm with the second factor; the secret is shown only once.",
        ),
    )


def guide_edit(current: KeyReport, wanted: KeySpec) -> Guide:
    boxes = [grant for grant in wanted.grants if grant != READ_ONLY]
    mode = "Read-Only" if wanted.scopes == Scope.READ else "Read-Write"
    return Guide(
        page=FACTS.key_page,
        title="Change a Bybit API key",
        steps=(
            f"Open API Management and choose Edit beside the key {current.public_id}.",
            f"Permissions: {mode}",
            _address_step(wanted.ips),
            f"Tick exactly: {', '.join(boxes) or 'what the key shall read'}. Untick everything else.",
            "Confirm with the second factor.",
        ),
    )


def guide_delete(current: KeyReport) -> Guide:
    return Guide(
        page=FACTS.key_page,
        title="Delete a Bybit API key",
        steps=(
            f"Open API Management and choose Delete beside the key {current.public_id}.",
            "Compare the whole key before confirming: deletion is at once and cannot be undone.",
            "Confirm with the second factor.",
        ),
    )


def _address_step(ips: tuple[str, ...]) -> str:
    if not ips:
        return "IP addresses: No IP restriction. Such a key ends after 90 days."
    return f"IP addresses: only those granted: {','.join(ips)}"


ADAPTER = Adapter(
    facts=FACTS,
    sign=sign,
    fault=fault,
    scopes=SCOPES,
    clock=clock,
    whoami=whoami,
    list_keys=list_keys,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
    guide_create=guide_create,
    guide_edit=guide_edit,
    guide_delete=guide_delete,
    example=Credential("FAKE" + "Rv6mmrsJsalNUr", Secret("FAKE" + "PMIE9aJD8AQWOYtXGpcnvM843025c7uB")),
)
