"""A simulated Binance: accounts are called by e-mail address, a master's key manages sub-accounts' keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from functools import partial
from typing import Any
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.shapes import alnum, digits
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table, are_entries, enter
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call, whole

FLAGS = {
    "canTrade": "enableSpotAndMarginTrading",
    "canMarginLoanRepay": "enableMargin",
    "canFuturesTrade": "enableFutures",
    "canUniversalTransfer": "permitsUniversalTransfer",
    "canVanillaOptions": "enableVanillaOptions",
}
PERMISSIONS = (
    "enableReading",
    "enableWithdrawals",
    "enableInternalTransfer",
    "enablePortfolioMarginTrading",
    "enableFixApiTrade",
    "enableFixReadOnly",
    *FLAGS.values(),
)
MAX_IPS, MAX_KEYS = 30, 30
_KEYS = "/sapi/v1/sub-account/subAccountApi"
_IPS = f"{_KEYS}/ipRestriction"
_WINDOW_MS, _WIDEST_MS, _AHEAD_MS = 5000, 60_000, 1000


def admit(state: State, call: Call) -> Key:
    """The calling key; one answer for an unknown key and a foreign address, as Binance has."""
    public_id = call.headers.get("x-mbx-apikey", "")
    if not public_id.isalnum():
        raise Refusal(-2014, "API-key format invalid.", 401)
    _check_clock(call)
    key = state.book.usable(public_id, call.now_ms)
    if key is None or not key.enabled or not key.allows(call.ip):
        raise _not_accepted()
    payload, _, signature = (call.query.encode() + call.body).rpartition(b"&signature=")
    if not _signed(key, payload, unquote(signature.decode("latin-1"))):
        raise Refusal(-1022, "Signature for this request is not valid.")
    return key


def _check_clock(call: Call) -> None:
    sent = _params(call)
    stamp, window = whole(sent.get("timestamp", "")), whole(sent.get("recvWindow", str(_WINDOW_MS)))
    if stamp is None or window is None or window > _WIDEST_MS:
        raise Refusal(-1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.")
    if not call.now_ms - window <= stamp < call.now_ms + _AHEAD_MS:
        raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")


def _params(call: Call) -> dict[str, str]:
    """Form and query; of a parameter in both the query's counts."""
    body = Call("POST", "", "", call.body.decode("latin-1"), {}, b"", "", 0).params
    return {**body, **call.params}


def _signed(key: Key, payload: bytes, signature: str) -> bool:
    if not key.public_key:
        wanted = hmac.new(key.secret.encode(), payload, hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted.encode(), signature.lower().encode())
    try:
        public, given = (
            serialization.load_pem_public_key(key.public_key.encode()),
            base64.b64decode(signature),
        )
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(given, payload, padding.PKCS1v15(), hashes.SHA256())
            return True
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(given, payload)
            return True
    except (InvalidSignature, binascii.Error, ValueError):
        pass
    return False


def restrictions(caller: Caller) -> dict[str, Any]:
    """What the calling key may; without addresses it stops trading after 30 days."""
    key, held = caller.key, caller.key.grants
    if not key.ips and caller.call.now_ms - key.created_ms > 30 * DAY_MS:
        held = held - {"enableSpotAndMarginTrading"}
    flags = {name: name in held for name in PERMISSIONS}
    return {"ipRestrict": bool(key.ips), "createTime": key.created_ms, **flags}


def account(caller: Caller) -> dict[str, Any]:
    """Balances, and flags of the account (not of the key)."""
    balances = [{"asset": coin, "free": amount, "locked": "0"} for coin, amount in _balances(caller)]
    return {"canTrade": True, "canWithdraw": True, "canDeposit": True, "uid": 1, "balances": balances}


def _balances(caller: Caller) -> list[tuple[str, str]]:
    return sorted(caller.account.balances.items())


def create(caller: Caller) -> dict[str, Any]:
    """A key of a sub-account, bound at once where status is 2."""
    email, name = _sub_account(caller), caller.text("apiName")
    if not name or caller.text("publicKey"):
        raise _malformed("apiName")
    if len(caller.state.book.listed(email)) >= MAX_KEYS:
        raise Refusal(-9000, "too many keys")
    form = KeyForm(email, None, _addresses(caller), name)
    key = enter(caller.state, form, _flags(caller), RULES)
    return {
        **_row(key, "apiKey"),
        "secretKey": key.secret,
        "status": 1 + bool(key.ips),
        "ipList": list(key.ips),
    }


def listed(caller: Caller) -> dict[str, Any]:
    """One page of a sub-account's keys; never their addresses."""
    page, size = (whole(caller.text(name, start)) for name, start in (("page", "1"), ("size", "30")))
    if not page or not size or size > 100:
        raise _malformed("page")
    found = caller.state.book.listed(_sub_account(caller))
    shown = found[(page - 1) * size : page * size]
    return {"total": len(found), "rows": [_dated(caller, key) for key in shown]}


def permit(caller: Caller) -> dict[str, Any]:
    """Set the permissions; a flag left out is off."""
    key = _chosen(caller)
    key.grants = _flags(caller)
    return _dated(caller, key)


def bind(caller: Caller) -> dict[str, Any]:
    """Set the addresses."""
    key = _chosen(caller)
    key.ips = _addresses(caller)
    return {"status": str(1 + bool(key.ips)), **_bound(caller, key)}


def bound(caller: Caller) -> dict[str, Any]:
    """The addresses of one key."""
    key = _chosen(caller)
    return {"ipRestrict": str(bool(key.ips)).lower(), **_bound(caller, key)}


def delete(caller: Caller) -> dict[str, Any]:
    """End a key."""
    caller.state.delete(_chosen(caller), caller.call.now_ms)
    return {}


def _sub_account(caller: Caller) -> str:
    """The sub-account a master's key names."""
    email = caller.text("email")
    sub = caller.state.book.accounts.get(email)
    if caller.account.parent or sub is None or sub.parent != caller.account.id:
        raise Refusal(-12022, "the sub-account does not exist")
    return sub.id


def _chosen(caller: Caller) -> Key:
    found = caller.state.book.listed(_sub_account(caller))
    for key in found:
        if key.public_id == caller.text("subAccountApiKey"):
            return key
    raise Refusal(-12023, "the API key does not exist")


def _flags(caller: Caller) -> frozenset[str]:
    sent = {name: caller.text(name, "false").lower() for name in FLAGS}
    if set(sent.values()) - {"true", "false"}:
        raise _malformed("canTrade")
    return frozenset({"enableReading", *(FLAGS[name] for name, on in sent.items() if on == "true")})


def _addresses(caller: Caller) -> tuple[str, ...]:
    status, text = caller.text("status"), caller.text("ipAddress")
    if status not in ("1", "2") or (status == "2") != bool(text):
        raise _malformed("status")
    ips = tuple(text.split(",")) if text else ()
    if len(ips) > MAX_IPS or any("/" in ip for ip in ips) or not are_entries(ips):
        raise _malformed("ipAddress")
    return ips


def _row(key: Key, spelt: str) -> dict[str, Any]:
    flags = {name: grant in key.grants for name, grant in FLAGS.items()}
    return {"apiName": key.label, spelt: key.public_id, **flags}


def _dated(caller: Caller, key: Key) -> dict[str, Any]:
    return {"email": key.account, **_row(key, "apikey"), "timestamp": key.created_ms}


def _bound(caller: Caller, key: Key) -> dict[str, Any]:
    return {"ipList": list(key.ips), "updateTime": caller.call.now_ms, "apiKey": key.public_id}


def _not_accepted() -> Refusal:
    return Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)


def _malformed(name: str) -> Refusal:
    return Refusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


RULES = Rules(
    name="binance",
    form=Form(PERMISSIONS, MAX_IPS, max_keys=MAX_KEYS),
    claimed=lambda call: call.headers.get("x-mbx-apikey", ""),
    admit=admit,
    refused=lambda refusal: {"code": refusal.code, "msg": refusal.message},
    denied=lambda _endpoint: _not_accepted(),
    limited=lambda hard: Refusal(-1003, "Too much request weight used.", 418 if hard else 429),
    public={("GET", "/api/v3/time"): lambda call: {"serverTime": call.now_ms}},
    private={
        ("GET", "/sapi/v1/account/apiRestrictions"): Endpoint(restrictions, ["enableReading"]),
        ("GET", "/api/v3/account"): Endpoint(account, ["enableReading"]),
        ("POST", _KEYS): Endpoint(create, ["enableReading"]),
        ("GET", _KEYS): Endpoint(listed, ["enableReading"]),
        ("DELETE", _KEYS): Endpoint(delete, ["enableReading"]),
        ("POST", f"{_KEYS}Permission"): Endpoint(permit, ["enableReading"]),
        ("POST", "/sapi/v2/sub-account/subAccountApi/ipRestriction"): Endpoint(
            bind, ["enableSpotAndMarginTrading"]
        ),
        ("GET", _IPS): Endpoint(bound, ["enableReading"]),
    },
    make=lambda _state, form: {"public_id": alnum(64), "secret": "" if form.public_key else alnum(64)},
    account_id=lambda: f"desk{digits(8)}@example.test",
)
VENUE = partial(Table, RULES)
