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

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from keyguard.core.exchange import (
    Adapter,
    Credential,
    Effect,
    Facts,
    Fault,
    IpForm,
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
from keyguard_adapters._checks import (
    changed,
    commas,
    demand_account,
    demand_addresses,
    demand_exact,
    demand_handle,
    demand_label,
    from_ms,
    new_passphrase,
    own,
    rows,
    text,
    words,
)
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page
from keyguard_adapters._sign import (
    compact,
    demand_kind,
    demand_passphrase,
    encoded,
    hmac_sha256,
    pairs,
    target,
    unsigned,
)

_DOCS = "https://www.okx.com/docs-v5/en/"
_TRADE = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES | Scope.TRANSFER_INTERNAL

FACTS = Facts(
    id="okx",
    name="OKX",
    base="https://www.okx.com",
    docs=_DOCS,
    checked="2026-11-20",
    key_page="https://www.okx.com/account/my-api",
    clock_window=timedelta(seconds=30),
    max_ips=20,
    ip_forms=frozenset({IpForm.IPV4, IpForm.IPV6, IpForm.NETWORK4}),
    lives=(Life(timedelta(days=14), f"{_DOCS} (read 2026-11-20)", Since.USE, True, _TRADE | Scope.WITHDRAW),),
    limit=Limit(5, timedelta(seconds=2)),
    label_pattern=r"[A-Za-z0-9_ ]{1,50}",
    dead=frozenset({Fault.KEY_UNKNOWN}),
    env_names={
        "sdk": (("OKX_API_KEY", "key"), ("OKX_SECRET_KEY", "secret"), ("OKX_PASSPHRASE", "passphrase")),
        "ccxt": (("OKX_APIKEY", "key"), ("OKX_SECRET", "secret"), ("OKX_PASSWORD", "passphrase")),
        "freqtrade": (
            ("FREQTRADE__EXCHANGE__KEY", "key"),
            ("FREQTRADE__EXCHANGE__SECRET", "secret"),
            ("FREQTRADE__EXCHANGE__PASSWORD", "passphrase"),
        ),
        "hummingbot": (
            ("okx_api_key", "key"),
            ("okx_secret_key", "secret"),
            ("okx_passphrase", "passphrase"),
        ),
    },
    unverified=(
        "the clock window (30 s is documented for the WebSocket login)",
        "hosts of other regions: keys of the EEA and the US are not served here",
        "whether the address list of a sub-account's key takes networks and IPv6, as the page does",
        "create, list and delete of sub-account keys: official clients wrap only the change",
        "HTTP status of 50119; which characters a label may hold; wording of the web page",
    ),
)

SCOPES = ScopeNames({"read_only": Scope.READ, "trade": _TRADE, "withdraw": Scope.WITHDRAW})
PAGE = Page(FACTS, SCOPES, "trade is one permission for all markets and for transfers between own accounts")

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
        "OK-ACCESS-SIGN": base64.b64encode(signature).decode(),
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
    demand_exact(FACTS.name, SCOPES, ticked, spec.scopes, hint=PAGE.hint)
    demand_addresses(FACTS, spec.ips)
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
    guide_create=PAGE.create,
    guide_edit=PAGE.edit,
    guide_delete=PAGE.delete,
    example=Credential(
        "FAKE" + "b996-e87b-4433-ae5a-b80dc3643f52",
        Secret("FAKE" + "1E59AFA5570529033DDE0B2EED27"),
        Secret("FAKE" + "-Pass1"),
    ),
)
