"""WhiteBIT, REST v4: keys of sub-accounts managed by a key of the main account; main keys by a person.

Docs: https://docs.whitebit.com (authentication, sub-accounts; api-docs repository of 2026-01-08; read
2026-11-21); signing as in ccxt 4.5.90.

Surprises:
- One call from an address that is not on a key's list switches the key off.
- A nonce grows, unless `nonceWindow` is true: then any unused time within 5 s will do. Always sent here.
- `api-key/reset` is documented without the new secret in its answer: never used.
- A new key has no IP list: addresses follow one by one, and until then it works from anywhere.
- "Too many requests." is also what a nonce that does not grow is answered with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import Refused, UsageError
from keyguard.core.exchange import Adapter, KeyReport, KeySpec, NewKey, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import flag, rows, text
from keyguard_adapters._encoding import base64_text, compact, encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, hmac_sha512, unsigned
from keyguard_adapters._wishes import demand_account, demand_handle, demand_label, needs_another_key

FACTS = facts("whitebit")

_TRADES = Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES
SCOPES = ScopeNames({"type:1": _TRADES, "type:2": _TRADES | Scope.WITHDRAW | Scope.OTHER})
PAGE = Page(
    FACTS,
    SCOPES,
    hint="a key is of type 1 (reading and all trading) or of type 2 (deposits and withdrawals besides)",
)
_TYPES = {"1": "type:1", "trade": "type:1", "2": "type:2"}

ENDPOINTS = (
    ("withdraw", Scope.WITHDRAW),
    ("/codes", Scope.WITHDRAW),
    ("/api-key/", Scope.MANAGE_KEYS),
    ("/transfer", Scope.TRANSFER_INTERNAL),
    ("/collateral", Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES),
    ("history", Scope.READ),
    ("balance", Scope.READ),
    ("/trade-account/", Scope.READ),
    ("/order", Scope.TRADE_SPOT),
    ("/", Scope.OTHER),
)
"""What an endpoint of a restricted key allows: the first part found in its path decides, the worst first."""

FAULTS = (
    ("Unauthorized request", Fault.AMBIGUOUS),
    ("Enable your key in API settings", Fault.KEY_DISABLED),
    ("permission to use this endpoint", Fault.SCOPE),
    ("not authorized to perform this action", Fault.SCOPE),
    ("Too many requests", Fault.NONCE),
    ("than the current nonce", Fault.CLOCK),
    ("Invalid payload", Fault.SIGNATURE),
)
"""By the message: the same code (2, 10) goes with several."""
_ID = ("id", r"[0-9a-f-]{36}")
_API = "/api/v4/"
_KEYS = f"{_API}sub-account/api-key/"
PROBES: tuple[tuple[Scope, str, dict[str, int]], ...] = (
    (Scope.READ, f"{_API}trade-account/balance", {}),
    (Scope.MANAGE_KEYS, f"{_KEYS}list", {"limit": 1, "offset": 0}),
)
"""Reading calls without side effects; each needs just the one right."""
_PAGE_SIZE = 100


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign the base64 of the body with HMAC-SHA512 in hex; the body names its own path and nonce."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    named = {"request": request.path, "nonce": stamp.nonce, "nonceWindow": True, **(request.body or {})}
    body = compact(named).encode()
    payload = base64_text(body)
    headers = {
        "Content-Type": "application/json",
        "X-TXC-APIKEY": who.key,
        "X-TXC-PAYLOAD": payload,
        "X-TXC-SIGNATURE": hmac_sha512(who.secret, payload).hex(),
    }
    return Wire(request.method, target(request.path, encoded(pairs(request.query))), headers, body)


def fault(reply: Reply) -> tuple[Fault, str] | None:
    code, message = member(reply, "code"), member(reply, "message")
    for words, found in FAULTS:
        if words in message and reply.status not in (418, 429):
            return found, code or str(reply.status)
    return by_code(reply, code, {})


def clock() -> Step[int]:
    reply = yield Request("GET", f"{_API}public/time", signed=False)
    return int(reply.json["time"]) * 1000 + 500  # whole seconds: the middle of the one that runs


def whoami(public_id: str) -> Step[KeyReport]:
    """Probe by two reading calls: a key is described to a key of the main account only."""
    scopes = Scope.NONE
    for scope, path, body in PROBES:
        try:
            reply = yield Request("POST", path, body=body)
        except Refused as refusal:
            if refusal.fault is not Fault.SCOPE:
                raise
        else:
            _confirm(reply.json, scope)
            scopes |= scope
    return KeyReport(
        public_id=public_id,
        scopes=scopes,
        scopes_unknown=(SCOPES.read(("type:2",)) | Scope.TRANSFER_INTERNAL) & ~scopes,
        scopes_origin=Origin.INFERRED,
        notes=("rights and addresses of a sub-account's key are told to a key of the main account only",),
    )


def _confirm(answer: Any, scope: Scope) -> None:
    """An answer that merely is no refusal proves no right."""
    if scope is Scope.MANAGE_KEYS:
        rows(answer["data"])
    elif not all("available" in coin for coin in answer.values()):
        raise ValueError("balances were expected")


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    """List the keys of one sub-account, or of all for "", each with its addresses."""
    asked = {"subAccountId": account} if account else {}
    found: list[KeyReport] = []
    for offset in range(0, 50 * _PAGE_SIZE, _PAGE_SIZE):
        body = {**asked, "limit": _PAGE_SIZE, "offset": offset}
        reply = yield Request("POST", f"{_KEYS}list", body=body)
        listed = rows(reply.json["data"])
        for row in listed:
            told = yield Request("POST", f"{_KEYS}ip-address/list", body={"apiKeyId": row["id"]})
            found.append(replace(_report(row), ips=_addresses(told), ips_origin=Origin.REPORTED))
        if len(listed) < _PAGE_SIZE:
            return tuple(found)
    raise ValueError("the list of keys does not end")  # cut short, it would pass for a proof of absence


def create_key(spec: KeySpec) -> Step[NewKey]:
    """Several effects where addresses are wanted: the key is made, then bound."""
    PAGE.demand(spec)
    body = {
        "type": 2 if "type:2" in spec.grants else 1,
        "subAccountId": demand_account(FACTS, spec.account, *_ID),
        "title": demand_label(FACTS, spec.label),
    }
    reply = yield Request("POST", f"{_KEYS}create", body=body, effect=Effect.KEY_CREATED)
    row = reply.json
    credential = Credential(text(row["apiKey"]), Secret(text(row["apiSecret"])))
    report = yield from _bound(replace(_report(row), ips=()), spec.ips)
    return NewKey(report=report, credential=credential)


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    """Change the addresses; raises NotOffered for other rights, which only a new key can have."""
    PAGE.demand(wanted)
    if current.scopes != wanted.scopes:
        raise needs_another_key(FACTS)
    if current.ips is None:
        raise UsageError("the key's present addresses are not known", code="key.unknown")
    return (yield from _bound(current, wanted.ips))


def _bound(key: KeyReport, wanted: tuple[str, ...]) -> Step[KeyReport]:
    """Add what is missing, then remove what is too much, so that the list is never empty in between."""
    held = key.ips or ()
    body = {"apiKeyId": demand_handle(key)}
    for verb, ips in (("create", wanted), ("delete", held)):
        for ip in sorted(set(ips) - set(held if verb == "create" else wanted)):
            path = f"{_KEYS}ip-address/{verb}"
            reply = yield Request("POST", path, body={**body, "ip": ip}, effect=Effect.KEY_EDITED)
            if (ip in _addresses(reply)) is not (verb == "create"):
                raise ValueError("the change of the addresses was not confirmed")
    return replace(key, ips=tuple(sorted(wanted)), ips_origin=Origin.REPORTED)


def delete_key(current: KeyReport) -> Step[None]:
    body = {"apiKeyId": demand_handle(current)}
    reply = yield Request("POST", f"{_KEYS}delete", body=body, effect=Effect.KEY_DELETED)
    if reply.body.strip() not in (b"", b"[]", b"{}"):  # documented as empty, whatever that is
        raise ValueError("the deletion was not confirmed")


def cancel_all() -> Step[int | None]:
    """Of every market and kind, which is what leaving both out means."""
    reply = yield Request("POST", f"{_API}order/cancel/all", body={}, effect=Effect.ORDERS_CANCELLED)
    if reply.body.strip() not in (b"[]", b"{}"):
        raise ValueError("the cancellation was not confirmed")
    return None


def _addresses(reply: Reply) -> tuple[str, ...]:
    return tuple(sorted(text(ip) for ip in rows(reply.json["data"])))


def _report(row: Mapping[str, Any]) -> KeyReport:
    grant = _TYPES[str(row["type"])]
    restricted = flag(row["restrictAccess"])
    paths = [text(endpoint["name"]) for endpoint in rows(row["accessEndpoints"])] if restricted else []
    return KeyReport(
        public_id=text(row["apiKey"]),
        ref=text(row["id"]),
        label=str(row["title"] or ""),
        account=text(row["subAccountId"]),
        scopes=_of_endpoints(paths) if restricted else SCOPES.read((grant,)),
        scopes_unknown=Scope.NONE if restricted else Scope.TRANSFER_INTERNAL,
        scopes_origin=Origin.REPORTED,
        grants=() if restricted else (grant,),
        enabled=flag(row["isEnabled"]),
        notes=("restricted to some endpoints: only its page makes another like it",) if restricted else (),
    )


def _of_endpoints(paths: list[str]) -> Scope:
    scopes = Scope.NONE
    for path in paths:
        (scope, *_) = [scope for part, scope in ENDPOINTS if part in path.removeprefix("/api/v4")]
        scopes |= scope
    return scopes


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "0fa4e9b7c3d15a68" + "0fa4e9b7c3d1", Secret("FAKE" + "7b1fa4e290d6" * 2 + "c35a")
    ),
    clock=clock,
    list_keys=list_keys,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
    cancel_all=cancel_all,
)
