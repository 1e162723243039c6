"""A simulated HTX: signatures over host and query, its bilingual refusals, keys of sub users.

Chosen where the documents are silent: the order of checks (parameters, key, clock, signature, life,
address, permission); a clock off by more than a minute is refused; v2 calls say 1003 for all of them; an edit
without addresses clears them; sub users may ask for their uid but not for their keys. A parent user's
authenticator is always bound, as no key can be made without one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from keyguard_simulators import totp
from keyguard_simulators.accounts import DAY_MS, Account, Key
from keyguard_simulators.asymmetric import signs
from keyguard_simulators.shapes import hexadecimal
from keyguard_simulators.state import State
from keyguard_simulators.table import (
    Caller,
    Endpoint,
    Form,
    Refusal,
    Rules,
    Table,
    are_entries,
    enter,
    key_of,
    same,
    split,
    subordinate,
)
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call

PERMISSIONS = ("readOnly", "trade", "withdraw")
NAMED = ("AccessKeyId", "SignatureMethod", "SignatureVersion", "Timestamp", "Signature")
WINDOW_MS, OPEN_LIFE_MS = 60_000, 90 * DAY_MS


def admit(state: State, call: Call) -> Key:
    """Check parameters, key, clock, signature, life and address."""
    params = call.params
    public_id, method, version, stamp, signature = (params.get(name, "") for name in NAMED)
    if not (public_id and method and stamp and signature) or version != "2":
        raise Refusal("login-required", "Login is required. [需要登录]", 200)
    key = state.book.usable(public_id, call.now_ms)
    if key is None:
        raise _invalid(call, "Incorrect Access key [Access key错误]")
    sent_ms = _milliseconds(stamp)
    if sent_ms is None or abs(call.now_ms - sent_ms) > WINDOW_MS:
        raise _invalid(call, "Invalid submission time or incorrect time format [无效的提交时间]")
    if method != ("Ed25519" if key.public_key else "HmacSHA256"):
        raise _invalid(call, "Incorrect signature method [签名方法错误]")
    if not _signed(key, call, signature):
        raise _invalid(call, "Verification failure [校验失败]")
    if _ended(key, call.now_ms):
        raise _invalid(call, "APIkey has expired [APIkey已过期]")
    if not allows(key, call.ip):
        raise _invalid(call, f"Incorrect IP address [IP地址错误]:{call.ip}", 2000)
    return key


def _invalid(call: Call, text: str, v2_code: int = 1003) -> Refusal:
    if call.path.startswith("/v2/"):
        return Refusal(v2_code, "unauthorized" if v2_code == 1003 else text, 200)
    return Refusal("api-signature-not-valid", f"Signature not valid: {text}", 200)


def _milliseconds(stamp: str) -> int | None:
    try:
        return int(datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        return None


def _signed(key: Key, call: Call, signature: str) -> bool:
    """The query as it came, but for its signature, must be sorted and signed with method, host and path."""
    parts = [part for part in call.query.split("&") if not part.startswith("Signature=")]
    lines = (call.method, call.headers.get("host", "").lower(), call.path, "&".join(sorted(parts)))
    text = "\n".join(lines).encode()
    if key.public_key:
        return signs(key.public_key, text, signature)
    return same(
        signature, base64.b64encode(hmac.new(key.secret.encode(), text, hashlib.sha256).digest()).decode()
    )


def _ended(key: Key, now_ms: int) -> bool:
    """Unused for too long, where it may trade from any address; here: since it was made."""
    return not key.ips and "trade" in key.grants and key.created_ms + OPEN_LIFE_MS <= now_ms


def allows(key: Key, ip: str) -> bool:
    """Whether one of the key's addresses or networks holds the caller."""
    return not key.ips or any(ipaddress.ip_address(ip) in ipaddress.ip_network(one) for one in key.ips)


def accounts(caller: Caller) -> list[dict[str, Any]]:
    """The accounts of the calling user."""
    return [{"id": int(caller.key.account), "type": "spot", "subtype": "", "state": "working"}]


def own_keys(caller: Caller) -> list[dict[str, Any]]:
    """The keys of the parent user or of one of its sub users."""
    _demand_parent(caller)
    uid, wanted = str(caller.params.get("uid", "")), caller.params.get("accessKey")
    account = caller.account if uid == caller.key.account else _sub(caller, uid)
    keys = caller.state.book.listed(account.id)
    return [_facts(key) for key in keys if wanted in (None, key.public_id)]


def sub_users(caller: Caller) -> list[dict[str, Any]]:
    """The sub users of a parent user."""
    _demand_parent(caller)
    family = caller.state.book.family(caller.key.account)[1:]
    return [{"uid": int(uid), "userState": "normal"} for uid in family]


def create_key(caller: Caller) -> dict[str, Any]:
    """Make a key of a sub user, with the parent user's one-time code; the only answer with its secret."""
    _demand_parent(caller)
    sub, account = _sub(caller, caller.params.get("subUid")), caller.account
    given = str(caller.params.get("otpToken", ""))
    if not totp.matches(account.totp_secret, given, caller.call.now_ms):
        raise Refusal(2002, "invalid field value in `otpToken`", 200)
    if len(caller.state.book.listed(sub.id)) >= 20:
        raise Refusal(2014, "number of api key in the request exceeded valid limit", 200)
    note, grants, ips = _settings(caller)
    key = enter(caller.state, KeyForm(sub.id, [], ips, label=note), grants, RULES)
    told = _facts(key)
    names = ("note", "accessKey", "permission", "ipAddresses")
    return {**{name: told[name] for name in names}, "secretKey": key.secret}


def edit_key(caller: Caller) -> dict[str, Any]:
    """Replace note, permissions and addresses."""
    key = _named(caller)
    key.label, key.grants, key.ips = _settings(caller)
    told = _facts(key)
    return {name: told[name] for name in ("note", "permission", "ipAddresses")}


def delete_key(caller: Caller) -> None:
    """Delete a key of a sub user."""
    caller.state.delete(_named(caller), caller.call.now_ms)


def _demand_parent(caller: Caller) -> None:
    if caller.account.parent:
        raise Refusal(403, "forbidden for sub users", 200)


def _sub(caller: Caller, uid: object) -> Account:
    account = subordinate(caller, uid)
    if account is None:
        raise Refusal(2002, "invalid field value in `subUid`", 200)
    return account


def _named(caller: Caller) -> Key:
    _demand_parent(caller)
    key = key_of(caller, _sub(caller, caller.params.get("subUid")), caller.params.get("accessKey"))
    if key is None:
        raise Refusal(2002, "invalid field value in `accessKey`", 200)
    return key


def _settings(caller: Caller) -> tuple[str, frozenset[str], tuple[str, ...]]:
    grants, ips = split(caller.params.get("permission")), split(caller.params.get("ipAddresses"))
    if "readOnly" not in grants or set(grants) - {"readOnly", "trade"}:
        raise Refusal(2002, "invalid field value in `permission`", 200)
    if len(ips) > 20 or not are_entries(ips):
        raise Refusal(2002, "invalid field value in `ipAddresses`", 200)
    return str(caller.params.get("note", "")), frozenset(grants), ips


def _facts(key: Key) -> dict[str, Any]:
    return {
        "accessKey": key.public_id,
        "status": "normal",
        "note": key.label,
        "permission": ",".join(name for name in PERMISSIONS if name in key.grants),
        "ipAddresses": ",".join(key.ips),
        "validDays": 90 if "trade" in key.grants and not key.ips else -1,
        "createTime": key.created_ms,
        "updateTime": key.created_ms,
    }


def _refused(refusal: Refusal) -> dict[str, Any]:
    if isinstance(refusal.code, int):
        return {"code": refusal.code, "message": refusal.message}
    return {"status": "error", "err-code": refusal.code, "err-msg": refusal.message, "data": None}


def _answered(call: Call, result: Any) -> dict[str, Any]:
    return {"code": 200, "data": result} if call.path.startswith("/v2/") else {"status": "ok", "data": result}


def _reads(serve: Callable[[Caller], Any]) -> Endpoint:
    return Endpoint(serve, ["readOnly"])


_SUB_KEYS = "/v2/sub-user/api-key"
RULES = Rules(
    name="htx",
    form=Form(PERMISSIONS, max_ips=20, networks=True, max_keys=20),
    claimed=lambda call: call.params.get("AccessKeyId", ""),
    admit=admit,
    refused=_refused,
    denied=lambda _: Refusal(
        "api-signature-not-valid", "Signature not valid: API key has no permission [API Key没有权限]", 200
    ),
    limited=lambda _: Refusal("frequent-invoke", "the operation is too frequent [操作过于频繁]", 429),
    missing=Refusal("bad-request", "no such path", 404),
    answered=_answered,
    public={("GET", "/v1/common/timestamp"): lambda call: call.now_ms},
    private={
        ("GET", "/v1/account/accounts"): _reads(accounts),
        ("GET", "/v2/user/uid"): _reads(lambda caller: int(caller.key.account)),
        ("GET", "/v2/user/api-key"): _reads(own_keys),
        ("GET", "/v2/sub-user/user-list"): _reads(sub_users),
        ("POST", f"{_SUB_KEYS}-generation"): Endpoint(create_key, ["trade"]),
        ("POST", f"{_SUB_KEYS}-modification"): Endpoint(edit_key, ["trade"]),
        ("POST", f"{_SUB_KEYS}-deletion"): Endpoint(delete_key, ["trade"]),
    },
    make=lambda _, form: {
        "public_id": "-".join((hexadecimal(8), hexadecimal(8), "bg" + hexadecimal(8), hexadecimal(5))),
        "secret": "" if form.public_key else "-".join(hexadecimal(size) for size in (8, 8, 8, 5)),
    },
    calls_per_second=50,
)
VENUE = partial(Table, RULES)
