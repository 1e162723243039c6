"""Kraken, spot: nonces in order, errors with HTTP 200, a second factor for some keys.

Assumed: the order of checks (key, signature, nonce, address); a foreign address, a disabled and an expired
key get `EAPI:Invalid key`; a key with a second factor (its passphrase) is denied without one, as a user
reports; too many invalid keys from one address lead to a lockout while rate limits are enforced.

Apps' sign-ins are as `authority.py` says; refused tokens as RFC 6750 has it; no call revokes a sign-in,
`Authority.end` is the page that does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.authority import Authority, bearer
from keyguard_simulators.orders import cancel_all
from keyguard_simulators.shapes import alnum
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table, body_of, within
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Answer, Call, whole

PERMISSIONS = (
    "query-funds",
    "add-funds",
    "withdraw-funds",
    "earn-funds",
    "query-open-trades",
    "query-closed-trades",
    "modify-trades",
    "close-trades",
    "query-ledger",
    "export-data",
    "create-ws-token",
    "add-withdraw-address",
    "update-withdraw-address",
)
_MOST_INVALID = 5


def _refusal(error: str) -> Refusal:
    return Refusal(error, error, 200)


def _admit(state: State, call: Call) -> Key:
    key = state.book.usable(call.headers.get("api-key", ""), call.now_ms)
    if key is None or not key.enabled or key.expired_at(call.now_ms):
        raise _invalid_key(state, call)
    sent = body_of(call)
    nonce = whole(str(sent.get("nonce", "")))
    wanted = _signature(key, call, str(sent.get("nonce", "")))
    if not hmac.compare_digest(call.headers.get("api-sign", "").encode(), wanted):
        raise _refusal("EAPI:Invalid signature")
    if nonce is None or not state.raise_counter(key.public_id, nonce):
        raise _refusal("EAPI:Invalid nonce")
    if not within(key.ips, call.ip):
        raise _invalid_key(state, call)
    if key.passphrase and "otp" not in sent:
        raise _refusal("EGeneral:Permission denied")
    if key.passphrase and not hmac.compare_digest(str(sent["otp"]).encode(), key.passphrase.encode()):
        raise _refusal("EAPI:Invalid signature")
    return key


def _invalid_key(state: State, call: Call) -> Refusal:
    left = state.limits.take(f"invalid from {call.ip}", 0, _MOST_INVALID, call.now_ms)
    locked = left < 0 and state.switches.enforce_rate_limits
    return _refusal("EGeneral:Temporary lockout" if locked else "EAPI:Invalid key")


def _signature(key: Key, call: Call, nonce: str) -> bytes:
    digest = hashlib.sha256(nonce.encode() + call.body).digest()
    signed = hmac.new(base64.b64decode(key.secret), call.path.encode() + digest, hashlib.sha512)
    return base64.b64encode(signed.digest())


def _make(_state: State, _form: KeyForm) -> Mapping[str, Any]:
    return {
        "public_id": base64.b64encode(secrets.token_bytes(42)).decode(),
        "secret": base64.b64encode(secrets.token_bytes(64)).decode(),
    }


def _info(caller: Caller) -> Any:
    key = caller.key
    created = str(key.created_ms // 1000)
    return {
        "apiKeyName": key.label,
        "apiKey": key.public_id,
        "nonce": str(caller.state.counters.get(key.public_id, 0)),
        "nonceWindow": 0,
        "permissions": [name for name in PERMISSIONS if name in key.grants],
        "iban": caller.account.id,
        "validUntil": "0" if key.expires_ms is None else str(key.expires_ms // 1000),
        "queryFrom": "0",
        "queryTo": "0",
        "createdTime": created,
        "modifiedTime": created,
        "ipAllowlist": list(key.ips),
        "lastUsed": str(caller.call.now_ms // 1000),
    }


def _balance(caller: Caller) -> Any:
    return dict(caller.account.balances)


def _cancel_all(caller: Caller) -> Any:
    return {"count": len(cancel_all(caller.state, caller.account.id))}


def _time(call: Call) -> Any:
    return {"unixtime": call.now_ms // 1000, "rfc1123": ""}


RULES = Rules(
    name="kraken",
    form=Form(PERMISSIONS, max_ips=50, networks=True),
    claimed=lambda call: call.headers.get("api-key", ""),
    admit=_admit,
    refused=lambda refusal: {"error": [refusal.code]},
    answered=lambda _call, result: {"error": [], "result": result},
    denied=lambda _endpoint: _refusal("EGeneral:Permission denied"),
    limited=lambda _harder: _refusal("EAPI:Rate limit exceeded"),
    missing=_refusal("EGeneral:Unknown method"),
    private={
        ("POST", "/0/private/GetApiKeyInfo"): Endpoint(_info),
        ("POST", "/0/private/Balance"): Endpoint(_balance, {"query-funds"}),
        ("POST", "/0/private/OpenOrders"): Endpoint(lambda _caller: {"open": {}}, {"query-open-trades"}),
        ("POST", "/0/private/CancelAll"): Endpoint(_cancel_all, {"modify-trades", "close-trades"}),
        ("POST", "/0/private/WithdrawMethods"): Endpoint(lambda _caller: [], {"withdraw-funds"}),
    },
    public={("GET", "/0/public/Time"): _time},
    make=_make,
    account_id=lambda: f"AA{alnum(2)} {alnum(4)} {alnum(4)} {alnum(4)}".upper(),
    calls_per_second=15,
    balances={"ZUSD": "25000.0000", "XXBT": "0.7500000000"},
)


def _authority() -> Authority:
    return Authority(separator=" ", access_life_s=14_400, tells_scope=False, basic=True, plain_http=False)


@dataclass
class Kraken(Table):
    """The venue, with its sign-in of apps beside the keys."""

    rules: Rules = RULES
    authority: Authority = field(default_factory=_authority)

    def answer(self, call: Call) -> Answer:
        """Serve one call."""
        try:
            match call.method, call.path:
                case "GET", "/oauth/authorize":
                    return self.authority.consent(call)
                case "POST", "/oauth/token":
                    return Answer(self.authority.token(self.state, call, body_of(call)))
                case "GET", "/oauth/userinfo":
                    return self._user(call)
                case _:
                    pass
        except Refusal as refusal:
            body = {"error": refusal.code, "error_description": refusal.message}
            return Answer(body, refusal.status, code=str(refusal.code))
        return super().answer(call)

    def _user(self, call: Call) -> Answer:
        key = bearer(self.state, call)
        if key is None:
            raise Refusal("invalid_token", "no token", 401)
        if "account.info:basic" not in key.grants:
            raise Refusal("insufficient_scope", "account.info:basic is needed", 403)
        return Answer({"result": {"email": "desk@firm.test", "iban": key.account}})


VENUE = Kraken
