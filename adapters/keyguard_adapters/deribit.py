"""Deribit, JSON-RPC 2.0 over HTTP GET: keys of the calling account.

Docs: https://docs.deribit.com (OpenAPI 2.1.1; read 2026-11-20); signing as in ccxt 4.5.90; lists in a
query are JSON, as in gocryptotrader.

Surprises:
- An area left out of `max_scope` becomes `none`, so every edit sends all of them.
- `create_api_key` takes no IP list: an edit follows, and for a moment the key works from anywhere.
- The second factor is asked for *without* an error, in the result, and may be wanted by any key method.
- Lists of keys may hold secrets: `client_secret` is never read from them.
- Disabled, removed, wrong secret and foreign IP look alike (13004, 13009): only the key list proves death.
- `enabled_features` restrict a key; leaving one out of an edit would widen it, so they count as grants.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from keyguard.core.calls import Credential, Effect, Fault, Reply, Request, Stamp, Step, Wire
from keyguard.core.errors import Refused, UsageError
from keyguard.core.exchange import Adapter, KeyReport, KeySpec, NewKey
from keyguard.core.keys import KeyKind, Origin
from keyguard.core.secret import Secret
from keyguard_adapters._answers import flag, from_ms, own, rows, text, whole, words
from keyguard_adapters._deribit_code import challenged, confirmed
from keyguard_adapters._deribit_scope import EVERY_SCOPE, FEATURES, SCOPES, held, levels
from keyguard_adapters._deribit_session import SESSIONS
from keyguard_adapters._encoding import encoded, pairs, target
from keyguard_adapters._faults import by_code, member
from keyguard_adapters._oauth import with_token
from keyguard_adapters._page import Page, facts
from keyguard_adapters._sign import demand_kind, hmac_sha256, unsigned
from keyguard_adapters._wishes import demand_label

FACTS = facts("deribit")

PAGE = Page(
    FACTS,
    SCOPES,
    hint="trading is one permission for spot and derivatives, and so is withdrawing and transferring",
)

FAULTS = {
    **dict.fromkeys(("10000", "13004", "13009"), Fault.AMBIGUOUS),
    **dict.fromkeys(("10028", "10066", "12003"), Fault.RATE),
    **dict.fromkeys(("10040", "10041", "10047", "11051"), Fault.BUSY),
    **dict.fromkeys(("12998", "13668", "13904"), Fault.SECOND_FACTOR),
    **dict.fromkeys(("13012", "13021", "13403"), Fault.SCOPE),
    "13020": Fault.NOT_FOUND,
}

_API = "/api/v2/"
_AUTH = f"{_API}public/auth"


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign time, nonce, method, target and body with `deri-hmac-sha256`; at public/auth, see below.

    The target is signed percent-encoded, exactly as sent; the empty body keeps its line.
    """
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    if who.kind is KeyKind.OAUTH:
        return with_token(request, who)
    if request.path == _AUTH:
        return _sign_auth(request, who, stamp)
    where = target(request.path, encoded(pairs(request.query)))
    signed = f"{stamp.ms}\n{stamp.nonce}\n{request.method}\n{where}\n\n"
    signature = hmac_sha256(who.secret, signed).hex()
    credentials = f"id={who.key},ts={stamp.ms},sig={signature},nonce={stamp.nonce}"
    return Wire(request.method, where, {"Authorization": f"deri-hmac-sha256 {credentials}"})


def _sign_auth(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """The `client_signature` grant: parameters instead of a header, and no secret leaves."""
    signature = hmac_sha256(who.secret, f"{stamp.ms}\n{stamp.nonce}\n").hex()  # and no data
    named = {"client_id": who.key, "timestamp": stamp.ms, "nonce": stamp.nonce, "data": ""}
    query = {**request.query, **named, "signature": signature}
    return Wire(request.method, target(request.path, encoded(pairs(query))), {})


def fault(reply: Reply) -> tuple[Fault, str] | None:
    return by_code(reply, member(reply, "error", "code"), FAULTS)


def clock() -> Step[int]:
    reply = yield Request("GET", f"{_API}public/get_time", signed=False)
    return int(reply.json["result"])


def whoami(public_id: str) -> Step[KeyReport]:
    """Ask for a token's scope; with account:read also for the account and the key's place in the list.

    Asks nobody for a second factor: without it the IP list stays untold.
    """
    scope = {"grant_type": "client_signature", "scope": f"{EVERY_SCOPE} expires:60"}
    reply = yield Request("GET", _AUTH, query=scope)
    result = reply.json["result"]
    grants = held(result["scope"], result.get("enabled_features", ()))
    scopes = SCOPES.read(grants)
    told = KeyReport(public_id, scopes=scopes, scopes_origin=Origin.REPORTED, grants=grants)
    if not {"account:read", "account:read_write"} & set(grants):
        return replace(told, notes=("without account:read, Deribit tells neither account nor IP list",))
    summary = {"currency": "BTC", "extended": True}
    account = yield from _asked("get_account_summary", summary, Fault.SCOPE)
    return (yield from _with_list_entry(replace(told, account="" if account is None else str(account["id"]))))


def _with_list_entry(told: KeyReport) -> Step[KeyReport]:
    listed = yield from _asked("list_api_keys", {}, Fault.SECOND_FACTOR, Fault.SCOPE)
    if listed is None:
        return replace(told, notes=("Deribit did not show the key list: IP list and name are not known",))
    if challenged(listed) is not None:
        return replace(told, notes=("the key list wants a second factor: IP list and name are not known",))
    row = own(map(_report, rows(listed)), told.public_id)
    grants = tuple(sorted({*told.grants, *(g for g in row.grants if g.startswith("feature:"))}))
    return replace(row, account=told.account, scopes=told.scopes, grants=grants)


def _asked(method: str, query: Mapping[str, Any], *without: Fault) -> Step[Any]:
    """The result of a reading call; None where it is refused for one of these."""
    try:
        reply = yield Request("GET", f"{_API}private/{method}", query=query)
    except Refused as refusal:
        if refusal.fault not in without:
            raise
        return None
    return reply.json["result"]


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    """List the calling account's keys; Deribit has no way to ask for another account's."""
    listed = yield from _done("list_api_keys", {}, Effect.NONE)
    return tuple(_report(row) for row in rows(listed))


def create_key(spec: KeySpec) -> Step[NewKey]:
    """Two effects where IPs are wanted: the key is made, then bound."""
    query = {"name": demand_label(FACTS, spec.label), **_permissions(spec)}
    row = yield from _done("create_api_key", query, Effect.KEY_CREATED)
    made = _new(row, "")
    if spec.ips:
        return replace(made, report=(yield from edit_key(made.report, spec)))
    return made


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    settings = {"enabled": current.enabled, "ip_whitelist": _list(wanted.ips), **_permissions(wanted)}
    if wanted.label or current.label:  # keys made on the web may have no name, and none cannot be sent
        settings["name"] = demand_label(FACTS, wanted.label)
    row = yield from _done("edit_api_key", {**_which(current), **settings}, Effect.KEY_EDITED)
    return replace(own([_report(row)], current.public_id), account=current.account)


def reset_key(current: KeyReport) -> Step[NewKey]:
    row = yield from _done("reset_api_key", _which(current), Effect.SECRET_RESET)
    made = _new(row, current.account)
    own([made.report], current.public_id)
    return made


def disable_key(current: KeyReport) -> Step[None]:
    yield from _switched(current, "disable_api_key", Effect.KEY_DISABLED, enabled=False)


def enable_key(current: KeyReport) -> Step[None]:
    yield from _switched(current, "enable_api_key", Effect.KEY_ENABLED, enabled=True)


def _switched(current: KeyReport, method: str, effect: Effect, *, enabled: bool) -> Step[None]:
    row = yield from _done(method, _which(current), effect)
    if flag(row["enabled"]) is not enabled:
        raise ValueError("the switch was not confirmed")


def delete_key(current: KeyReport) -> Step[None]:
    done = yield from _done("remove_api_key", _which(current), Effect.KEY_DELETED)
    if done != "ok":
        raise ValueError("the removal was not confirmed")


def cancel_all() -> Step[int | None]:
    reply = yield Request("GET", f"{_API}private/cancel_all", effect=Effect.ORDERS_CANCELLED)
    return whole(reply.json["result"])


def _done(method: str, query: Mapping[str, Any], effect: Effect) -> Step[Any]:
    request = Request("GET", f"{_API}private/{method}", query=query, effect=effect)
    return (yield from confirmed(request, FACTS))


def _new(row: Mapping[str, Any], account: str) -> NewKey:
    credential = Credential(text(row["client_id"]), Secret(text(row["client_secret"])))
    return NewKey(replace(_report(row), account=account), credential)


def _list(items: Sequence[str]) -> str:
    return json.dumps(list(items), separators=(",", ":"))


def _permissions(spec: KeySpec) -> dict[str, str]:
    """Every area's level and every feature; raises UsageError unless they are exactly `spec`."""
    PAGE.demand(spec)
    features = [feature for feature in FEATURES if f"feature:{feature}" in spec.grants]
    return {"max_scope": " ".join(levels(spec)), "enabled_features": _list(features)}


def _report(row: Mapping[str, Any]) -> KeyReport:
    grants = held(row["max_scope"], row.get("enabled_features", ()))
    ips = tuple(str(ip) for ip in row["ip_whitelist"]) if "ip_whitelist" in row else None
    return KeyReport(
        public_id=text(row["client_id"]),
        ref=str(int(row["id"])),
        label=words(row.get("name", "")),
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        ips=ips,
        ips_origin=Origin.UNKNOWN if ips is None else Origin.REPORTED,
        created_at=from_ms(row["timestamp"]),
        enabled=flag(row.get("enabled", True)),
        notes=("a self-generated (asymmetric) key",) if row.get("public_key") else (),
    )


def _which(current: KeyReport) -> dict[str, Any]:
    if not current.ref.isdigit():
        raise UsageError(
            "Deribit's numeric id of the key is not known",
            code="key.unknown",
            hint="list the account's keys with a key that has account:read",
        )
    return {"id": current.ref}


def _on_page(spec: KeySpec) -> KeySpec:
    """With every area's level, as the page shows them."""
    features = (grant for grant in spec.grants if grant.startswith("feature:"))
    return replace(spec, grants=(*levels(spec), *features))


ADAPTER = Adapter(
    **PAGE.parts(
        create=lambda spec: PAGE.create(_on_page(spec)),
        edit=lambda current, wanted: PAGE.edit(current, _on_page(wanted)),
    ),
    sign=sign,
    fault=fault,
    whoami=whoami,
    example=Credential("FAKE" + "-c1d", Secret("FAKE" + "0nLyForTests_b7Kq2-Wd9XrZp4TmHs6Vc3Jy8E")),
    clock=clock,
    list_keys=list_keys,
    create_key=create_key,
    edit_key=edit_key,
    reset_key=reset_key,
    disable_key=disable_key,
    enable_key=enable_key,
    delete_key=delete_key,
    cancel_all=cancel_all,
    sessions=SESSIONS,
)
