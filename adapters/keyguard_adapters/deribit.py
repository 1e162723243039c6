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
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from keyguard.core.errors import NotOffered, Refused, UsageError
from keyguard.core.exchange import (
    Adapter,
    Ask,
    Credential,
    Effect,
    Facts,
    Fault,
    Guide,
    KeyReport,
    KeySpec,
    NewKey,
    NonceKind,
    Reply,
    Request,
    ScopeNames,
    Stamp,
    Step,
    Wire,
)
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters._checks import demand_exact, rows, text
from keyguard_adapters._sign import demand_kind, encoded, hmac_sha256, pairs, target, unsigned

FACTS = Facts(
    id="deribit",
    name="Deribit",
    base="https://www.deribit.com",
    docs="https://docs.deribit.com",
    checked="2026-11-20",
    key_page="https://www.deribit.com/account/BTC/api",
    nonce=NonceKind.UUID,
    clock_window=timedelta(seconds=60),
    label_pattern=r"[A-Za-z0-9_]{1,16}",
    dead=frozenset({Fault.AMBIGUOUS}),
    env_names={
        "sdk": (("DERIBIT_CLIENT_ID", "key"), ("DERIBIT_CLIENT_SECRET", "secret")),
        "ccxt": (("DERIBIT_APIKEY", "key"), ("DERIBIT_SECRET", "secret")),
        "freqtrade": (("FREQTRADE__EXCHANGE__KEY", "key"), ("FREQTRADE__EXCHANGE__SECRET", "secret")),
    },
    unverified=(
        "whether list_api_keys returns secrets today",
        "which key methods really want the second factor, and whether API sessions can be spared it",
        "the error for a foreign IP and for a disabled key; whether tokens survive removal or reset",
        "signatures of asymmetric keys: such keys are refused here",
        "8 keys an account; size and form of ip_whitelist (CIDR, IPv6)",
        "that asking public/auth for every scope returns the key's own",
    ),
)

AREAS = ("account", "trade", "wallet", "block_trade", "block_rfq", "custody")
LEVELS = ("none", "read", "read_write")
FEATURES = ("restricted_block_trades", "block_trade_approval")
TOKEN_PROPERTIES = frozenset({"mainaccount", "connection", "session", "expires", "ip"})
"""Words in a token's scope that say something of the token, not of permissions."""

_BLOCK = Scope.READ | Scope.TRADE_DERIVATIVES
SCOPES = ScopeNames(
    {
        "account:read": Scope.READ,
        "account:read_write": Scope.READ | Scope.MANAGE_KEYS,
        "trade:read": Scope.READ,
        "trade:read_write": Scope.READ | Scope.TRADE_DERIVATIVES | Scope.TRADE_SPOT,
        "wallet:read": Scope.READ,
        "wallet:read_write": Scope.READ | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL,
        "block_trade:read": Scope.READ,
        "block_trade:read_write": _BLOCK,
        "block_rfq:read": Scope.READ,
        "block_rfq:read_write": _BLOCK,
        "custody:read": Scope.OTHER,
        "custody:read_write": Scope.OTHER,
        "feature:restricted_block_trades": Scope.NONE,
        "feature:block_trade_approval": Scope.NONE,
    }
)

FAULTS = {
    "10000": Fault.AMBIGUOUS,  # authorization_required
    "10028": Fault.RATE,
    "10040": Fault.BUSY,
    "10041": Fault.BUSY,
    "10047": Fault.BUSY,
    "10066": Fault.RATE,
    "11051": Fault.BUSY,
    "12003": Fault.RATE,
    "12998": Fault.SECOND_FACTOR,
    "13004": Fault.AMBIGUOUS,
    "13009": Fault.AMBIGUOUS,
    "13012": Fault.SCOPE,
    "13020": Fault.NOT_FOUND,
    "13021": Fault.SCOPE,
    "13403": Fault.SCOPE,
    "13668": Fault.SECOND_FACTOR,
    "13904": Fault.SECOND_FACTOR,
}

_GRANTING = "trading is one permission for spot and derivatives, and so is withdrawing and transferring"
_API = "/api/v2/"
_AUTH = f"{_API}public/auth"
_EVERY_SCOPE = " ".join(f"{area}:read_write" for area in AREAS)


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Sign time, nonce, method, target and body with `deri-hmac-sha256`; at public/auth, see below.

    The target is signed percent-encoded, exactly as sent; the empty body keeps its line.
    """
    if not request.signed:
        return unsigned(request)
    demand_kind(who, FACTS)
    if request.path == _AUTH:
        return _sign_auth(request, who, stamp)
    where = target(request.path, encoded(pairs(request.query)))
    text = f"{stamp.ms}\n{stamp.nonce}\n{request.method}\n{where}\n\n"
    signature = hmac_sha256(who.secret, text).hex()
    credentials = f"id={who.key},ts={stamp.ms},sig={signature},nonce={stamp.nonce}"
    return Wire(request.method, where, {"Authorization": f"deri-hmac-sha256 {credentials}"})


def _sign_auth(request: Request, who: Credential, stamp: Stamp) -> Wire:
    """The `client_signature` grant: parameters instead of a header, and no secret leaves."""
    signature = hmac_sha256(who.secret, f"{stamp.ms}\n{stamp.nonce}\n").hex()  # no data after the last line
    query = {
        **request.query,
        "client_id": who.key,
        "timestamp": stamp.ms,
        "nonce": stamp.nonce,
        "data": "",
        "signature": signature,
    }
    return Wire(request.method, target(request.path, encoded(pairs(query))), {})


def fault(reply: Reply) -> tuple[Fault, str] | None:
    """Decide by the error's code; by HTTP status where there is none."""
    code = _code(reply)
    if code:
        return FAULTS.get(code, Fault.OTHER), code
    if reply.status < 400:
        return None
    if reply.status >= 500:
        return Fault.BUSY, str(reply.status)
    return {401: Fault.AMBIGUOUS, 429: Fault.RATE}.get(reply.status, Fault.OTHER), str(reply.status)


def _code(reply: Reply) -> str:
    try:
        error = reply.json["error"]
        return str(error["code"])
    except (ValueError, LookupError, TypeError):
        return ""


def clock() -> Step[int]:
    reply = yield Request("GET", f"{_API}public/get_time", signed=False)
    return int(reply.json["result"])


def whoami(public_id: str) -> Step[KeyReport]:
    """Ask for a token's scope; with account:read also for the account and the key's place in the list.

    Asks nobody for a second factor: without it the IP list stays untold.
    """
    reply = yield Request(
        "GET", _AUTH, query={"grant_type": "client_signature", "scope": f"{_EVERY_SCOPE} expires:60"}
    )
    result = reply.json["result"]
    grants = _grants(result["scope"], result.get("enabled_features", ()))
    told = KeyReport(
        public_id=public_id,
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
    )
    if not {"account:read", "account:read_write"} & set(grants):
        return replace(told, notes=("without account:read, Deribit tells neither account nor IP list",))
    account = yield from _account()
    return (yield from _with_list_entry(replace(told, account=account)))


def _account() -> Step[str]:
    query = {"currency": "BTC", "extended": True}
    try:
        reply = yield Request("GET", f"{_API}private/get_account_summary", query=query)
    except Refused as refusal:
        if refusal.fault is not Fault.SCOPE:
            raise
        return ""
    return str(reply.json["result"]["id"])


def _with_list_entry(told: KeyReport) -> Step[KeyReport]:
    try:
        reply = yield Request("GET", f"{_API}private/list_api_keys")
    except Refused as refusal:
        if refusal.fault not in (Fault.SECOND_FACTOR, Fault.SCOPE):
            raise
        return replace(told, notes=("Deribit did not show the key list: IP list and name are not known",))
    result = reply.json["result"]
    if _challenge(result) is not None:
        return replace(told, notes=("the key list wants a second factor: IP list and name are not known",))
    (row,) = [row for row in map(_report, rows(result)) if row.public_id == told.public_id]
    grants = tuple(sorted({*told.grants, *(g for g in row.grants if g.startswith("feature:"))}))
    return replace(row, account=told.account, scopes=told.scopes, grants=grants)


def list_keys(account: str) -> Step[tuple[KeyReport, ...]]:
    """List the calling account's keys; Deribit has no way to ask for another account's."""
    listed = yield from _confirmed(Request("GET", f"{_API}private/list_api_keys"))
    return tuple(_report(row) for row in rows(listed))


def create_key(spec: KeySpec) -> Step[NewKey]:
    """Two effects where IPs are wanted: the key is made, then bound."""
    query = {"name": _named(spec.label), **_permissions(spec)}
    row = yield from _confirmed(_key_request("create_api_key", query, Effect.KEY_CREATED))
    credential = Credential(text(row["client_id"]), Secret(text(row["client_secret"])))
    report = _report(row)
    if spec.ips:
        report = yield from edit_key(report, spec)
    return NewKey(report=report, credential=credential)


def edit_key(current: KeyReport, wanted: KeySpec) -> Step[KeyReport]:
    query = {
        "id": _handle(current),
        "enabled": current.enabled,
        "ip_whitelist": _list(wanted.ips),
        **_permissions(wanted),
    }
    if wanted.label or current.label:  # keys made on the web may have no name, and none cannot be sent
        query["name"] = _named(wanted.label)
    row = yield from _confirmed(_key_request("edit_api_key", query, Effect.KEY_EDITED))
    return replace(_report(row), account=current.account)


def reset_key(current: KeyReport) -> Step[NewKey]:
    query = {"id": _handle(current)}
    row = yield from _confirmed(_key_request("reset_api_key", query, Effect.SECRET_RESET))
    if row["client_id"] != current.public_id:
        raise ValueError("the answer describes another key")
    credential = Credential(text(row["client_id"]), Secret(text(row["client_secret"])))
    return NewKey(report=replace(_report(row), account=current.account), credential=credential)


def disable_key(current: KeyReport) -> Step[None]:
    yield from _switched(current, "disable_api_key", Effect.KEY_DISABLED, enabled=False)


def enable_key(current: KeyReport) -> Step[None]:
    yield from _switched(current, "enable_api_key", Effect.KEY_ENABLED, enabled=True)


def _switched(current: KeyReport, method: str, effect: Effect, *, enabled: bool) -> Step[None]:
    row = yield from _confirmed(_key_request(method, {"id": _handle(current)}, effect))
    if _flag(row["enabled"]) is not enabled:
        raise ValueError("the switch was not confirmed")


def delete_key(current: KeyReport) -> Step[None]:
    done = yield from _confirmed(_key_request("remove_api_key", {"id": _handle(current)}, Effect.KEY_DELETED))
    if done != "ok":
        raise ValueError("the removal was not confirmed")


def _key_request(method: str, query: Mapping[str, Any], effect: Effect) -> Request:
    return Request("GET", f"{_API}private/{method}", query=query, effect=effect)


def _confirmed(request: Request) -> Step[Any]:
    """Send; if Deribit wants its second factor, ask a person for the code and repeat the same call."""
    reply = yield request
    result = reply.json["result"]
    challenge = _challenge(result)
    if challenge is None:
        return result
    offered = result.get("security_keys")
    if offered and not any(key.get("type") == "tfa" for key in offered):
        raise NotOffered(
            "this Deribit account confirms with a passkey only, which works on the web page alone",
            code="exchange.web_only",
            still="nothing was changed",
            hint=FACTS.key_page,
        )
    method = request.path.removeprefix(_API)
    code = yield Ask(
        "totp", f"Deribit wants a one-time code it has not seen yet for {method}, within a minute"
    )
    again = {**request.query, "challenge": challenge, "authorization_data": code.strip()}
    reply = yield replace(request, query=again)
    result = reply.json["result"]
    if _challenge(result) is not None:
        raise Refused(
            "Deribit did not accept the one-time code",
            fault=Fault.SECOND_FACTOR,
            still="nothing was changed",
            hint="try again with the next code",
        )
    return result


def _challenge(result: Any) -> str | None:
    if isinstance(result, dict) and result.get("security_key_authorization_required"):
        return text(result["challenge"])
    return None


def _list(items: Sequence[str]) -> str:
    return json.dumps(list(items), separators=(",", ":"))


def _permissions(spec: KeySpec) -> dict[str, str]:
    """Every area's level and every feature; raises UsageError unless they are exactly `spec`.

    Of an area named twice (`ScopeNames.write` does) the higher level counts, as it contains the lower.
    """
    demand_exact("Deribit", SCOPES, spec.grants, spec.scopes, hint=_GRANTING)
    levels = dict.fromkeys(AREAS, "none")
    for grant in spec.grants:
        area, _, level = grant.partition(":")
        if area in levels:
            levels[area] = max(levels[area], level, key=LEVELS.index)
    features = [feature for feature in FEATURES if f"feature:{feature}" in spec.grants]
    # Custody is for few accounts: named only where held; left out means none.
    named = [area for area in AREAS if area != "custody" or levels[area] != "none"]
    return {
        "max_scope": " ".join(f"{area}:{levels[area]}" for area in named),
        "enabled_features": _list(features),
    }


def _grants(scope: str, features: Any) -> tuple[str, ...]:
    """Permissions in a scope text, sorted; raises ValueError for an area or feature not known here."""
    grants = [f"feature:{feature}" for feature in features]
    for word in scope.split():
        area, _, level = word.partition(":")
        if area in TOKEN_PROPERTIES:
            continue
        if area not in AREAS or level not in LEVELS:
            raise ValueError("unknown permission in a scope")
        if level != "none":
            grants.append(word)
    SCOPES.read(tuple(grants))
    return tuple(sorted(grants))


def _report(row: Mapping[str, Any]) -> KeyReport:
    grants = _grants(row["max_scope"], row.get("enabled_features", ()))
    ips = tuple(str(ip) for ip in row["ip_whitelist"]) if "ip_whitelist" in row else None
    return KeyReport(
        public_id=text(row["client_id"]),
        ref=str(int(row["id"])),
        label=row.get("name", ""),
        scopes=SCOPES.read(grants),
        scopes_origin=Origin.REPORTED,
        grants=grants,
        ips=ips,
        ips_origin=Origin.UNKNOWN if ips is None else Origin.REPORTED,
        created_at=datetime.fromtimestamp(row["timestamp"] / 1000, UTC),
        enabled=_flag(row.get("enabled", True)),
        notes=("a self-generated (asymmetric) key",) if row.get("public_key") else (),
    )


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false was expected")
    return value


def _named(label: str) -> str:
    if not re.fullmatch(FACTS.label_pattern, label):
        raise UsageError("a Deribit key's name is 1 to 16 letters, digits and underscores", code="key.label")
    return label


def _handle(current: KeyReport) -> str:
    if not current.ref.isdigit():
        raise UsageError(
            "Deribit's numeric id of the key is not known",
            code="key.unknown",
            hint="list the account's keys with a key that has account:read",
        )
    return current.ref


def guide_create(spec: KeySpec) -> Guide:
    permissions = _permissions(spec)
    return Guide(
        page=FACTS.key_page,
        title="Create a Deribit API key",
        steps=(
            "Log in to the account (or sub-account) the key is for and open API.",
            "Choose Add new key, then Deribit-generated key.",
            f"Scopes, exactly: {permissions['max_scope']}",
            f"Name: {_named(spec.label)}",
            _feature_step(permissions),
            _address_step(spec.ips),
            "Confirm with the second factor; copy Client ID and Client Secret.",
        ),
    )


def guide_edit(current: KeyReport, wanted: KeySpec) -> Guide:
    permissions = _permissions(wanted)
    return Guide(
        page=FACTS.key_page,
        title="Change a Deribit API key",
        steps=(
            f"Open API and edit the key with Client ID {current.public_id}.",
            f"Scopes, exactly: {permissions['max_scope']}",
            _feature_step(permissions),
            _address_step(wanted.ips),
            "Save and confirm with the second factor.",
        ),
    )


def guide_delete(current: KeyReport) -> Guide:
    return Guide(
        page=FACTS.key_page,
        title="Remove a Deribit API key",
        steps=(
            f"Open API and find the key with Client ID {current.public_id}.",
            "Compare the whole Client ID, then choose Remove: it is permanent.",
            "Confirm with the second factor.",
        ),
    )


def _feature_step(permissions: Mapping[str, str]) -> str:
    return f"Features: {', '.join(json.loads(permissions['enabled_features'])) or 'none'}"


def _address_step(ips: tuple[str, ...]) -> str:
    return f"IP whitelist: {', '.join(ips)}" if ips else "IP whitelist: leave it empty (any address)"


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
    reset_key=reset_key,
    disable_key=disable_key,
    enable_key=enable_key,
    delete_key=delete_key,
    guide_create=guide_create,
    guide_edit=guide_edit,
    guide_delete=guide_delete,
    example=Credential("FAKE" + "-c1d", Secret("FAKE" + "0nLyForTests_b7Kq2-Wd9XrZp4TmHs6Vc3Jy8E")),
)
