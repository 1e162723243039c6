"""HTX, REST v1 and v2: keys of sub users managed by a key of the parent user.

Docs: https://www.htx.com/en-us/opend/newApiPages/ (as mirrored 2025-11-25, read 2026-11-20); signing as in
ccxt 4.5.90 and htx-api 0.0.9.

Surprises:
- Every failed authentication has the same code: only the English half of a bilingual text tells them apart.
  v2 calls may say no more than 1003, so a key is asked about on a v1 call first.
- Bodies are not signed; the host is, as it is called.
- `trade` is all trading, transfers and, on a parent user's key, the management of sub users' keys.
- Making a key needs a one-time code of the parent user; editing and deleting one needs none.
- A sub user's key may not ask what it may; its parent's key can.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from keyguard.core.calls import Ask, Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, KeyReport, KeySpec, NewKey, ScopeNames
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import commas, from_ms, rows, text, words
from keyguard_adapters._encoding import base64_text, compact, encoded, pairs
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._probes import probe
from keyguard_adapters._sign import demand_kind, ed25519, hmac_sha256, unsigned
from keyguard_adapters._wishes import cannot_grant, demand_account, demand_handle, demand_label

FACTS = facts("htx")

_TRADE = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES | Scope.TRANSFER_INTERNAL
PARENT = "parent user"
"""Pseudo permission: `trade` on a key of the parent user."""
SCOPES = ScopeNames(
    {"readOnly": Scope.READ, "trade": _TRADE, "withdraw": Scope.WITHDRAW, PARENT: Scope.MANAGE_KEYS}
)
SETTABLE = ("readOnly", "trade")
PAGE = Page(
    FACTS,
    SCOPES,
    hint="every key reads; trade is all trading and transfers in one; sub users cannot withdraw",
)

FAULTS = {
    "login-required": Fault.SIGNATURE,
    "403": Fault.SCOPE,
    "1002": Fault.SCOPE,
    "2000": Fault.IP,
    "2014": Fault.LIMIT,
    "40403": Fault.RATE,
    "frequent-invoke": Fault.RATE,
}
AUTHENTICATION = ("api-signature-not-valid", "1003")
"""Codes that say nothing by themselves."""
TEXTS = {
    "incorrect access key": Fault.KEY_UNKNOWN,
    "apikey has expired": Fault.KEY_EXPIRED,
    "incorrect ip address": Fault.IP,
    "no permission": Fault.SCOPE,
    "submission time": Fault.CLOCK,
    "verification failure": Fault.SIGNATURE,
    "signature method": Fault.SIGNATURE,
    "invalid signature": Fault.SIGNATURE,
}
_SUB_KEYS = "/v2/sub-user/api-key"


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign method, host, path and sorted query with HMAC-SHA256 or Ed25519; bodies are not covered."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    hmac = who.kind is KeyKind.HMAC
    moment = datetime.fromtimestamp(stamp.ms // 1000, UTC)
    params = {
        "AccessKeyId": who.key,
        "SignatureMethod": "HmacSHA256" if hmac else "Ed25519",
        "SignatureVersion": "2",
        "Timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}",
        **request.query,
    }
    query = encoded(sorted(pairs(params)))
    signed = "\n".join((request.method, stamp.host.lower(), request.path, query))
    signature = (hmac_sha256 if hmac else ed25519)(who.secret, signed)
    where = f"{request.path}?{query}&{encoded([('Signature', base64_text(signature))])}"
    headers = {} if request.body is None else {"Content-Type": "application/json"}
    return Wire(request.method, where, headers, compact(request.body).encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the code; where that only says that authentication failed, by the text."""
    code = member(reply, "err-code") or member(reply, "code")
    if code in AUTHENTICATION:
        said = (member(reply, "err-msg") or member(reply, "message")).lower()
        return next((found for part, found in TEXTS.items() if part in said), Fault.AMBIGUOUS), code
    return by_code(reply, "" if code == "200" else code, FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/v1/common/timestamp", signed=False)
    return int(reply.json["data"])


def whoami(public_id: str) -> Step[KeyReport]:
    """Ask a v1 call, which refuses in words; then, as far as the key may, for its information."""
    reply = yield Request("GET", "/v1/account/accounts")
    rows(reply.json["data"])
    uid = yield from _told(Request("GET", "/v2/user/uid"))
    account = "" if uid is None else str(int(uid))
    if account:
        query = {"uid": account, "accessKey": public_id}
        found = yield from _told(Request("GET", "/v2/user/api-key", query=query))
        if found is not None:
            (row,) = [row for row in rows(found) if row["accessKey"] == public_id]
            is_parent = yield from probe(Request("GET", "/v2/sub-user/user-list"))
            return _report(row, account, parent=bool(is_parent))
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        account=account,
        scopes=Scope.READ,
        scopes_unknown=_TRADE,
        scopes_origin=Origin.INFERRED,
        grants=("readOnly",),
        notes=("a sub user's key: whether it trades, and from where, HTX tells to its parent's key only",),
    )


def _told(request: Request) -> Step[Any]:
    """The data of an answer; None where this key may not ask."""
    try:
        reply = yield request
    except Refused as refusal:
        if refusal.fault not in (Fault.SCOPE, Fault.OTHER, Fault.NOT_FOUND, Fault.AMBIGUOUS):
            raise
        return None
    return reply.json["data"]


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    reply = yield Request("GET", "/v2/user/api-key", query={"uid": _sub_user(account)})
    return tuple(_report(row, account) for row in rows(reply.json["data"]))


def create_key(spec: KeySpec) -> Step[NewKey]:
    body = {"subUid": int(_sub_user(spec.account)), **_settings(spec)}
    code = yield Ask("totp", "HTX wants the code that the parent user's Google Authenticator shows now")
    body = {"otpToken": code.strip(), **body}
    reply = yield Request("POST", f"{_SUB_KEYS}-generation", body=body, effect=Effect.KEY_CREATED)
    row = reply.json["data"]
    credential = Credential(text(row["accessKey"]), Secret(text(row["secretKey"])))
    return NewKey(_report(row, spec.account), credential)


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    named = {"subUid": int(_sub_user(current.account)), "accessKey": demand_handle(current)}
    body = {**named, **_settings(wanted)}
    reply = yield Request("POST", f"{_SUB_KEYS}-modification", body=body, effect=Effect.KEY_EDITED)
    told = _report({**reply.json["data"], "accessKey": current.ref}, current.account)
    return replace(told, created_at=current.created_at)


def delete_key(current: KeyReport) -> Step[None]:
    body = {"subUid": int(_sub_user(current.account)), "accessKey": demand_handle(current)}
    reply = yield Request("POST", f"{_SUB_KEYS}-deletion", body=body, effect=Effect.KEY_DELETED)
    if reply.json["code"] != 200:
        raise ValueError("the deletion was not confirmed")


def _settings(spec: KeySpec) -> dict[str, str]:
    """Note, permissions and addresses; raises UsageError unless HTX can grant exactly these to a sub user."""
    ticked = tuple(grant for grant in SETTABLE if grant in spec.grants)
    PAGE.demand(spec, ticked)
    if "readOnly" not in ticked:
        raise cannot_grant("HTX", spec.scopes, hint=PAGE.hint)
    note = demand_label(FACTS, spec.label)
    return {"note": note, "permission": ",".join(ticked), "ipAddresses": ",".join(spec.ips)}


def _sub_user(account: str) -> str:
    return demand_account(FACTS, account, "uid", r"[0-9]+")


def _report(row: Mapping[str, Any], account: str, *, parent: bool = False) -> KeyReport:
    grants, public_id = commas(row["permission"]), text(row["accessKey"])
    if parent and "trade" in grants:
        grants += (PARENT,)
    days = row.get("validDays")
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=words(row["note"]),
        account=account,
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=tuple(sorted(grants)),
        ips=commas(row["ipAddresses"]),
        ips_origin=Origin.REPORTED,
        created_at=from_ms(row["createTime"]) if "createTime" in row else None,
        expiry_origin=Origin.REPORTED if days == -1 else Origin.UNKNOWN,
        enabled=row.get("status", "normal") == "normal",
        notes=() if days in (None, -1) else (f"valid for {int(days)} days, HTX says",),
    )


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential("FAKEb0c1-3d9e07f2-ghxertfvbf-a1b2", Secret("FAKE7e2a-91d4c6b0-8f350e7d-9a2c6")),
    clock=clock,
    list_keys=list_keys,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
)
