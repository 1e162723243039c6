"""Gate, REST v4: sub-account keys managed by a key of the main account.

Docs: https://www.gate.com/docs/developers/apiv4/en/ (v4.105.4 as mirrored 2025-11-29, read 2026-11-20);
signing as in gate-api 7.2.161 and ccxt 4.5.90.

Surprises:
- An edit clears permissions and addresses that it does not name: every field goes along.
- Editing or deleting a key may take up to five minutes to take effect.
- The answer to a creation holds the secret, although no documented schema and no SDK knows that member.
- A sub-account's key is told its addresses, but not its permissions: only the main account's key sees them.
- The query is signed as a person reads it; the time is in seconds; `update_at` is sometimes `updated_at`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import Refused, UsageError
from keyguard.core.exchange import Adapter, KeyReport, KeySpec, NewKey, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._answers import flag, from_seconds, rows, text, texts, words
from keyguard_adapters._encoding import compact, encoded, pairs, plain, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._page import Page, facts
from keyguard_adapters._probes import probe
from keyguard_adapters._sign import demand_kind, hmac_sha512, unsigned
from keyguard_adapters._wishes import as_wanted, cannot_grant, demand_account, demand_handle, demand_label

FACTS = facts("gate")

_OTHERS = "account earn custody copy cfd_copy stock_copy pilot otc alpha crossx tradfi_spot cfd".split()
GROUPS = {
    "spot": Scope.TRADE_SPOT | Scope.TRADE_MARGIN,
    **dict.fromkeys(("margin", "loan", "unified"), Scope.TRADE_MARGIN),
    **dict.fromkeys(("futures", "delivery", "options"), Scope.TRADE_DERIVATIVES),
    "wallet": Scope.TRANSFER_INTERNAL,
    "withdrawal": Scope.WITHDRAW,
    "sub_accounts": Scope.MANAGE_KEYS,
    **dict.fromkeys(_OTHERS, Scope.OTHER),
}
UNIFIED = "mode 2"
"""Pseudo permission: the key is of the legacy unified mode, which is fixed at its creation."""
SCOPES = ScopeNames(
    {
        UNIFIED: Scope.NONE,
        **{f"{group}:read": Scope.READ for group in GROUPS},
        **{f"{group}:read_write": Scope.READ | scopes for group, scopes in GROUPS.items()},
    }
)
PAGE = Page(
    FACTS,
    SCOPES,
    hint="spot includes margin, every group that may write may read, and sub-accounts cannot withdraw",
)

FAULTS = {
    "INVALID_KEY": Fault.KEY_UNKNOWN,
    "INVALID_CREDENTIALS": Fault.AMBIGUOUS,
    **dict.fromkeys(("INVALID_SIGNATURE", "MISSING_REQUIRED_HEADER"), Fault.SIGNATURE),
    "IP_FORBIDDEN": Fault.IP,
    **dict.fromkeys(("READ_ONLY", "FORBIDDEN"), Fault.SCOPE),
    "REQUEST_EXPIRED": Fault.CLOCK,
    "SUB_ACCOUNT_NOT_FOUND": Fault.NOT_FOUND,
    **dict.fromkeys(("TOO_MANY_REQUESTS", "TOO_FAST"), Fault.RATE),
    **dict.fromkeys(("INTERNAL", "SERVER_ERROR", "TOO_BUSY"), Fault.BUSY),
}
_API = "/api/v4"
# Reading calls without side effects; each needs just the one group.
PROBES = {
    **{group: f"/{group}/accounts" for group in ("spot", "margin", "unified", "options")},
    **{group: f"/{group}/usdt/accounts" for group in ("futures", "delivery")},
    **{"wallet": "/wallet/deposits", "sub_accounts": "/sub_accounts"},
}


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign method, path, plain query, hash of the body and time in seconds with HMAC-SHA512 in hex."""
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    query, body = pairs(request.query), compact(request.body).encode()
    seconds = str(stamp.ms // 1000)
    parts = (request.method, request.path, plain(query), hashlib.sha512(body).hexdigest(), seconds)
    headers = {
        "KEY": who.key,
        "SIGN": hmac_sha512(who.secret, "\n".join(parts)).hex(),
        "Timestamp": seconds,
        "Content-Type": "application/json",
    }
    return Wire(request.method, target(request.path, encoded(query)), headers, body)


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by `label`."""
    return by_code(reply, member(reply, "label"), FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", f"{_API}/spot/time", signed=False)
    return int(reply.json["server_time"])


def whoami(public_id: str) -> Step[KeyReport]:
    """Read account/detail, then a main account's own keys; a sub-account's key is probed group by group."""
    reply = yield Request("GET", f"{_API}/account/detail")
    detail = reply.json
    account, ips = str(int(detail["user_id"])), texts(detail["ip_whitelist"])
    try:
        reply = yield Request("GET", f"{_API}/account/main_keys")
    except Refused as refusal:
        if refusal.fault not in (Fault.SCOPE, Fault.NOT_FOUND, Fault.OTHER):
            raise
    else:
        # One object or a list, by source; its `key` may be something else than the key.
        found = reply.json if isinstance(reply.json, list) else [reply.json]
        if own := [row for row in found if row["key"] == public_id]:
            return replace(_report(own[0]), account=account, ips=ips)
    probed = yield from _probed()
    modes = (UNIFIED,) if detail["key"]["mode"] == 2 else ()
    return replace(
        probed,
        public_id=public_id,
        ref=public_id,
        account=account,
        grants=tuple(sorted((*probed.grants, *modes))),
        ips=ips,
        ips_origin=Origin.REPORTED,
    )


def _probed() -> Step[KeyReport]:
    """A report of what the groups' reading calls tell: which groups are held, never how far."""
    held, unknown = [], Scope.WITHDRAW | Scope.OTHER
    for group, path in PROBES.items():
        answer = yield from probe(Request("GET", f"{_API}{path}"))
        if answer:
            held.append(f"{group}:read")
        if answer is not False:
            unknown |= GROUPS[group]
    return KeyReport(
        public_id="",
        scopes=SCOPES.read(tuple(held)),
        scopes_unknown=unknown,
        scopes_origin=Origin.INFERRED,
        grants=tuple(held),
        notes=("groups are inferred from probes; whether they may write, only a main key's list tells",),
    )


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    reply = yield Request("GET", _keys(account))
    return tuple(_report(row) for row in rows(reply.json))


def create_key(spec: KeySpec) -> Step[NewKey]:
    body = {"mode": 2 if UNIFIED in spec.grants else 1, **_settings(spec)}
    reply = yield Request("POST", _keys(spec.account), body=body, effect=Effect.KEY_CREATED)
    row = reply.json
    credential = Credential(text(row["key"]), Secret(text(row["secret"])))
    return NewKey(_report(row), credential)


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    """Set name, permissions and addresses; the answer says no more than that it was done."""
    if (UNIFIED in current.grants) != (UNIFIED in wanted.grants):
        raise cannot_grant("Gate", wanted.scopes, hint="the mode of a key is fixed at its creation")
    reply = yield Request("PUT", _key(current), body=_settings(wanted), effect=Effect.KEY_EDITED)
    _demand_done(reply)
    return replace(as_wanted(current, wanted), label=wanted.label)


def delete_key(current: KeyReport) -> Step[None]:
    reply = yield Request("DELETE", _key(current), effect=Effect.KEY_DELETED)
    _demand_done(reply)


def _demand_done(reply: Reply) -> None:
    if reply.status != 204:
        raise ValueError("the change was not confirmed")


def _keys(account: str) -> str:
    user = demand_account(FACTS, account, "user id", r"[0-9]+")
    return f"{_API}/sub_accounts/{user}/keys"


def _key(current: KeyReport) -> str:
    """The path of the key to act on; what stands in it is checked, as it names what is deleted."""
    keys, ref = _keys(current.account), demand_handle(current)
    if not ref.isalnum():
        raise UsageError("this is no key of Gate's", code="key.unknown", still="nothing was changed")
    return f"{keys}/{ref}"


def _settings(spec: KeySpec) -> dict[str, Any]:
    """Name, permissions and addresses; of a group named twice the wider level, as it contains the other."""
    PAGE.demand(spec)
    if Scope.WITHDRAW in spec.scopes:
        raise cannot_grant("Gate", spec.scopes, hint=PAGE.hint)
    named = {grant.partition(":")[0] for grant in spec.grants} - {UNIFIED}
    perms = [
        {"name": group, "read_only": f"{group}:read_write" not in spec.grants}
        for group in GROUPS
        if group in named
    ]
    return {"name": demand_label(FACTS, spec.label), "perms": perms, "ip_whitelist": list(spec.ips)}


def _report(row: Mapping[str, Any]) -> KeyReport:
    grants = [
        f"{perm['name']}:{'read' if flag(perm['read_only']) else 'read_write'}" for perm in row["perms"]
    ]
    state, public_id = int(row["state"]), text(row["key"])
    if int(row["mode"]) == 2:
        grants.append(UNIFIED)
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        label=words(row["name"]),
        account=str(int(row["user_id"])),
        scopes=SCOPES.read(tuple(grants)),
        scopes_origin=Origin.REPORTED,
        grants=tuple(sorted(grants)),
        ips=texts(row["ip_whitelist"]),
        ips_origin=Origin.REPORTED,
        created_at=from_seconds(row["created_at"]),
        enabled=state == 1,
        notes=() if state == 1 else (f"frozen or locked (state {state})",),
    )


ADAPTER = Adapter(
    **PAGE.parts(),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential(
        "FAKE" + "3b9d07e2c5a8416fd09e7b2c4a61",
        Secret("FAKE" + "e1c47a90d3b6f2581c0e9d7a4b3f68251d9c0e7b4a6f3821e5d7c9b0a4f6"),
    ),
    clock=clock,
    list_keys=list_keys,
    create_key=create_key,
    edit_key=edit_key,
    delete_key=delete_key,
)
