"""OKX, REST v5 (global host): keys of sub-accounts, managed with a key of the master account.

Docs: https://www.okx.com/docs-v5/en/ (copies of 2025-11-30 and 2026-03-06, read 2026-11-20); signing as in
ccxt 4.5.90 and python-okx 0.4.4.

Surprises:
- A key has a passphrase besides, of four kinds of characters; OKX keeps only its hash.
- A key manages others only while it is bound to addresses (else 50035), and only with `trade`.
- `trade` means spot, margin, derivatives and transfers between the firm's own accounts, undivided.
- A key of another region's host gets 50119, as a deleted one does.
- A key with `trade` or `withdraw` and without addresses ends after 14 days without use.
- Sub-accounts are called by name in key management; introspection tells numbers only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.exchange import Adapter, KeyReport, KeySpec, NewKey, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import commas, from_ms, own, rows, text, words
from keyguard_adapters._encoding import base64_text, compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, demand_passphrase, hmac_sha256, unsigned
from keyguard_adapters._wishes import changed, demand_account, demand_handle, demand_label, new_passphrase

FACTS = facts("okx")

_TRADE = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES | Scope.TRANSFER_INTERNAL
SCOPES = ScopeNames({"read_only": Scope.READ, "trade": _TRADE, "withdraw": Scope.WITHDRAW})
PAGE = Page(
    FACTS, SCOPES, hint="trade is one permission for all markets and for transfers between own accounts"
)

FAULTS = {
    **dict.fromkeys(("50001", "50004", "50013", "50026"), Fault.BUSY),
    **dict.fromkeys(("50011", "50061"), Fault.RATE),
    **dict.fromkeys(("50030", "50035", "50120", "59500", "59604"), Fault.SCOPE),
    **dict.fromkeys(("50102", "50112"), Fault.CLOCK),
    **dict.fromkeys(("50105", "50113"), Fault.SIGNATURE),
    **dict.fromkeys(("50110", "50118"), Fault.IP),
    **dict.fromkeys(("50111", "50114"), Fault.AMBIGUOUS),
    **dict.fromkeys(("59501", "59503"), Fault.LIMIT),
    **dict.fromkeys(("59506", "59510"), Fault.NOT_FOUND),
    "50100": Fault.KEY_DISABLED,
    "50119": Fault.KEY_UNKNOWN,
    "50121": Fault.REGION,
}
WEB_ONLY = {"50035": "OKX lets only a key that is bound to addresses manage keys"}

_SUB = "/api/v5/users/subaccount/"
_CREATE = f"{_SUB}apikey"


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign time, method, encoded target and body with HMAC-SHA256 in base64; the passphrase goes along."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    passphrase = demand_passphrase(who)
    where, body = target(request.path, encoded(pairs(request.query))), compact(request.body)
    moment = datetime.fromtimestamp(stamp.ms / 1000, UTC).isoformat(timespec="milliseconds")
    when = moment.replace("+00:00", "Z")
    signature = hmac_sha256(who.secret, f"{when}{request.method}{where}{body}")
    headers = {
        "OK-ACCESS-KEY": who.key,
        "OK-ACCESS-SIGN": base64_text(signature),
        "OK-ACCESS-TIMESTAMP": when,
        "OK-ACCESS-PASSPHRASE": passphrase.reveal(),
        **({"Content-Type": "application/json"} if body else {}),
    }
    return Wire(request.method, where, headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    return by_code(reply, member(reply, "code"), FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/api/v5/public/time", signed=False)
    (row,) = rows(reply.json["data"])
    return int(row["ts"])


def whoami(public_id: str) -> Step[KeyReport]:
    """Describe the calling key; the answer names its account by number, its key not at all."""
    reply = yield Request("GET", "/api/v5/account/config")
    (row,) = rows(reply.json["data"])
    uid, master = text(row["uid"]), text(row["mainUid"])
    report = _report(row, public_id, account="", parent="" if uid == master else master)
    manages = uid == master and "trade" in report.grants and report.ips
    return replace(report, scopes=report.scopes | Scope.MANAGE_KEYS) if manages else report


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    sub = _sub_account(account)
    reply = yield Request("GET", _CREATE, query={"subAcct": sub})
    return tuple(_report(row, text(row["apiKey"]), account=sub) for row in rows(reply.json["data"]))


def create_key(spec: KeySpec) -> Step[NewKey]:
    settings = {"label": demand_label(FACTS, spec.label), **_settings(spec)}
    sub = _sub_account(spec.account)
    drawn = yield from new_passphrase(FACTS)
    passphrase = Secret(f"{drawn.reveal()}!")  # OKX wants a special character too
    body = {"subAcct": sub, "passphrase": passphrase, **settings}
    request = Request("POST", _CREATE, body=body, effect=Effect.KEY_CREATED)
    row = yield from _changed(request, "no key was made")
    credential = Credential(text(row["apiKey"]), Secret(text(row["secretKey"])), passphrase)
    return NewKey(_report(row, credential.key, account=spec.account), credential)


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    body = {**_which(current), "label": demand_label(FACTS, wanted.label), **_settings(wanted)}
    request = Request("POST", f"{_SUB}modify-apikey", body=body, effect=Effect.KEY_EDITED)
    row = yield from _changed(request, "the key is as it was")
    return own([_report(row, text(row["apiKey"]), account=current.account)], current.public_id)


def delete_key(current: KeyReport) -> Step[None]:
    which = _which(current)
    request = Request("POST", f"{_SUB}delete-apikey", body=which, effect=Effect.KEY_DELETED)
    row = yield from _changed(request, "the key is as it was")
    if row["subAcct"] != which["subAcct"]:
        raise ValueError("the deletion was not confirmed")


def _changed(request: Request, still: str) -> Step[Mapping[str, Any]]:
    reply = yield from changed(request, WEB_ONLY, FACTS, still)
    (row,) = rows(reply.json["data"])
    told: Mapping[str, Any] = row
    return told


def _settings(spec: KeySpec) -> dict[str, str]:
    """Permissions and addresses, all of them; raises UsageError unless they are exactly `spec`."""
    ticked = tuple(grant for grant in ("read_only", "trade") if grant in spec.grants)
    PAGE.demand(spec, ticked)
    return {"perm": ",".join(ticked), "ip": ",".join(spec.ips)}


def _report(row: Mapping[str, Any], public_id: str, *, account: str, parent: str = "") -> KeyReport:
    grants = tuple(sorted({"read_only" if name == "read" else name for name in commas(row["perm"])}))
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=words(row["label"]),
        account=account,
        parent=parent,
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        ips=commas(row["ip"]),
        ips_origin=Origin.REPORTED,
        created_at=from_ms(row["ts"]) if "ts" in row else None,
    )


def _sub_account(account: str) -> str:
    return demand_account(FACTS, account, "name", r"[A-Za-z0-9]{6,20}")


def _which(current: KeyReport) -> dict[str, str]:
    return {"subAcct": _sub_account(current.account), "apiKey": demand_handle(current)}


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "b996-e87b-4433-ae5a-b80dc3643f52",
        Secret("FAKE" + "1E59AFA5570529033DDE0B2EED27"),
        Secret("FAKE" + "-Pass1"),
    ),
    clock=clock,
    list_keys=list_keys,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
)
