"""Bitget, REST v2 (classic accounts) and v3 (unified accounts, UTA): keys of sub-accounts.

Docs: https://www.bitget.com/api-doc/ (as mirrored 2025-12-05, UTA pages of 2026, read 2026-11-20);
signing as in ccxt 4.5.90 and bitget-api 3.2.3.

Surprises:
- An account is of one mode and refuses the other's calls: 40084 says classic, 40085 says unified.
- An edit of a classic key clears the addresses it does not name, of a unified one keeps them. All are sent.
- Classic keys cannot be deleted by API: a person does it on the page.
- Making and editing a key needs its own passphrase, which nobody can show or change.
- Clients disagree on the query they sign: ccxt the plain one, bitget-api the encoded one. Here: plain.
- 40012 says "key or passphrase"; which of 40006, 40012, 40037 a deleted key gets is not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import NotOffered, Refused
from keyguard.core.exchange import Adapter, KeyReport, KeySpec, NewKey
from keyguard.core.keys import KeyKind, Origin
from keyguard.core.secret import Secret
from keyguard_adapters._answers import commas, from_ms, rows, text, texts, words
from keyguard_adapters._bitget_words import CLASSIC, CODES, FAULTS, SCOPES, UNIFIED
from keyguard_adapters._encoding import base64_text, compact, encoded, pairs, plain, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, demand_passphrase, hmac_sha256, rsa_sha256, unsigned
from keyguard_adapters._wishes import (
    as_wanted,
    cannot_grant,
    demand_account,
    demand_addresses,
    demand_exact,
    demand_handle,
    demand_label,
    new_passphrase,
    passphrase_of,
)

FACTS = facts("bitget")

PAGE = Page(
    FACTS,
    SCOPES,
    hint="a key is classic or unified, and a unified one reads only or reads and writes all it is given",
)

IS_CLASSIC = "40084"
_CLASSIC = "/api/v2/user/{}virtual-subaccount-apikey{}"
_PAGE_SIZE, _MAX_PAGES = 100, 50


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign time, method, plain target (query sorted) and body with HMAC-SHA256 or RSA, in base64."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    query, body = sorted(pairs(request.query)), compact(request.body)
    signed = f"{stamp.ms}{request.method}{target(request.path, plain(query))}{body}"
    algorithm = rsa_sha256 if who.kind is KeyKind.RSA else hmac_sha256
    headers = {
        "ACCESS-KEY": who.key,
        "ACCESS-SIGN": base64_text(algorithm(who.secret, signed)),
        "ACCESS-TIMESTAMP": str(stamp.ms),
        "ACCESS-PASSPHRASE": demand_passphrase(who).reveal(),
        "Content-Type": "application/json",
    }
    return Wire(request.method, target(request.path, encoded(query)), headers, body.encode())


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by `code`, of which 00000 is success."""
    code = member(reply, "code")
    return by_code(reply, "" if code == "00000" else code, FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", "/api/v2/public/time", signed=False)
    return int(reply.json["data"]["serverTime"])


def whoami(public_id: str) -> Step[KeyReport]:
    """Ask a unified account's way; where it is a classic one, that way."""
    ways = (Request("GET", "/api/v3/account/info"), Request("GET", "/api/v2/spot/account/info"))
    reply = yield from _either(*ways)
    row = reply.json["data"]
    if "authorities" in row:
        grants = {CODES[code] for code in row["authorities"]}
    else:
        grants = _unified(row["permissions"], row["permType"])
    parent = row["parentId"]
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        account=str(row["uid"] if "uid" in row else row["userId"]),
        parent=str(parent) if parent else "",
        **_told(grants, commas(row["ips"])),
        notes=("Bitget tells neither name nor creation of a key to the key itself",),
    )


def _either(unified: Request, classic: Request) -> Step[Reply]:
    try:
        reply: Reply = yield unified
    except Refused as refusal:
        if refusal.venue_code != IS_CLASSIC:
            raise
        reply = yield classic
    return reply


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    sub = _sub_account(account)
    classic = Request("GET", _CLASSIC.format("", "-list"), query={"subAccountUid": sub})
    query: dict[str, Any] = {"subUid": sub, "limit": _PAGE_SIZE}
    found: list[KeyReport] = []
    for _ in range(_MAX_PAGES):
        unified = Request("GET", "/api/v3/user/sub-api-list", query=dict(query))
        data = (yield from _either(unified, classic)).json["data"]
        if isinstance(data, list):
            return tuple(_classic_report(row) for row in data)
        found.extend(_report(row, sub) for row in rows(data["items"]))
        if data["hasNext"] is False:
            return tuple(found)
        query["cursor"] = text(data["cursor"])
    raise ValueError("the list of keys does not end")


def create_key(spec: KeySpec) -> Step[NewKey]:
    sub, label = _sub_account(spec.account), demand_label(FACTS, spec.label)
    unified, settings = _settings(spec)
    passphrase = yield from new_passphrase(FACTS)
    named = {"subUid": sub, "note": label} if unified else {"subAccountUid": sub, "label": label}
    path = "/api/v3/user/create-sub-api" if unified else _CLASSIC.format("create-", "")
    body = {**named, "passphrase": passphrase, **settings}
    row = (yield Request("POST", path, body=body, effect=Effect.KEY_CREATED)).json["data"]
    key = text(row["apiKey" if unified else "subAccountApiKey"])
    secret = Secret(text(row["secret" if unified else "secretKey"]))
    return NewKey(KeyReport(key, key, label, account=sub), Credential(key, secret, passphrase))


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    """Set permissions and addresses, of a classic key also the label; the answer only says it was done."""
    key, (unified, settings) = demand_handle(current), _settings(wanted)
    if unified != _is_unified(current.grants):
        raise cannot_grant("Bitget", wanted.scopes, hint=PAGE.hint)
    if unified:
        path, label, named = "/api/v3/user/update-sub-api", current.label, {"apiKey": key}
    else:
        path, label = _CLASSIC.format("modify-", ""), demand_label(FACTS, wanted.label)
        sub = _sub_account(current.account)
        named = {"subAccountUid": sub, "subAccountApiKey": key, "label": label}
    passphrase = yield from passphrase_of(FACTS, current)
    body = {**named, "passphrase": passphrase, **settings}
    reply = yield Request("POST", path, body=body, effect=Effect.KEY_EDITED)
    _demand_done(reply)
    return replace(as_wanted(current, wanted), label=label)


def delete_key(current: KeyReport) -> Step[None]:
    """Raises NotOffered for a key of a classic account, before anything is sent."""
    if not _is_unified(current.grants):
        raise NotOffered(
            "Bitget deletes keys of classic accounts on its page only",
            code="exchange.not_offered",
            still="the key is as it was",
            hint=FACTS.key_page,
        )
    body = {"apiKey": demand_handle(current)}
    reply = yield Request("POST", "/api/v3/user/delete-sub-api", body=body, effect=Effect.KEY_DELETED)
    _demand_done(reply)


def _demand_done(reply: Reply) -> None:
    if reply.json["code"] != "00000":
        raise ValueError("the change was not confirmed")


def _is_unified(grants: tuple[str, ...]) -> bool:
    return any(grant.startswith("uta_") for grant in grants)


def _settings(spec: KeySpec) -> tuple[bool, dict[str, Any]]:
    """Whether it is a unified key, and its permissions and addresses; UsageError unless exactly `spec`.

    `ScopeNames.write` names permissions of both modes; the one that gives exactly the scopes is meant.
    """
    demand_addresses(FACTS, spec.ips)
    writing = tuple(name for name in UNIFIED if name in spec.grants)
    unified = writing or tuple(f"{name}:read" for name in UNIFIED if f"{name}:read" in spec.grants)
    if unified and SCOPES.read(unified) == spec.scopes:
        permissions = [name.removesuffix(":read") for name in unified]
        kind = "read_write" if writing else "read_only"
        return True, {"type": kind, "permissions": permissions, "ips": list(spec.ips)}
    classic = tuple(name for name in CLASSIC if name in spec.grants)
    demand_exact("Bitget", SCOPES, classic, spec.scopes, hint=PAGE.hint)
    return False, {"ipList": list(spec.ips), "permList": list(classic)}


def _sub_account(account: str) -> str:
    return demand_account(FACTS, account, "uid", r"[0-9]+")


def _unified(permissions: Any, kind: str) -> set[str]:
    """The names of a key of this type, which some answers spell with a dash."""
    suffix = ":read" if kind.replace("-", "_") == "read_only" else ""
    return {f"{name}{suffix}" for name in rows(permissions)}


def _report(row: Mapping[str, Any], sub: str) -> KeyReport:
    key = text(row["apiKey"])
    grants = _unified(row["permissions"], row["type"])
    ips = commas(row["ips"]) if isinstance(row["ips"], str) else texts(row["ips"])
    created = from_ms(row["ts"]) if "ts" in row else None
    report = KeyReport(key, key, words(row["note"]), account=sub, created_at=created)
    return replace(report, **_told(grants, ips))


def _classic_report(row: Mapping[str, Any]) -> KeyReport:
    key, grants = text(row["subAccountApiKey"]), {CODES[name] for name in rows(row["permList"])}
    report = KeyReport(key, key, words(row["label"]), account=str(row["subAccountUid"]))
    return replace(report, **_told(grants, texts(row["ipList"])))


def _told(grants: set[str], ips: tuple[str, ...]) -> dict[str, Any]:
    """Scopes and addresses as members of a report."""
    names = tuple(sorted(grants))
    scopes = {"scopes": SCOPES.read(names), "scopes_origin": Origin.REPORTED, "grants": names}
    return {**scopes, "ips": ips, "ips_origin": Origin.REPORTED}


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKEbg_" + "3b9d07e2c5a8416fd09e7b2c4a61d8f0",
        Secret("FAKE" + "c9e1f47a02d3b6f2581c0e9d7a4b3f68251d9c0e7b4a6f3821e5d7c9b0a4"),
        Secret("FAKE" + "pass7Kq2"),
    ),
    clock=clock,
    list_keys=list_keys,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
)
