"""Gemini: parameters in a header, nonces that grow or follow the clock, a dead-man clock.

Assumed: the order of checks (headers, key, signature, request, nonce, address); 400 for an unknown key,
403 for a foreign address; a disabled key is an invalid one. A key's features hold `time` (nonce by the
clock, seconds or milliseconds) and `heartbeat`. Apps' sign-ins are as `authority.py` says; refused tokens
as RFC 6750 has it, and a revocation ends the one sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keyguard_simulators.accounts import Key
from keyguard_simulators.authority import Authority, bearer
from keyguard_simulators.orders import cancel_all
from keyguard_simulators.shapes import alnum
from keyguard_simulators.state import State
from keyguard_simulators.table import Caller, Endpoint, Form, Refusal, Rules, Table, body_of
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Answer, Call

ROLES = ("Auditor", "FundManager", "Trader")
_WINDOW_MS = 30_000
_SECONDS_BELOW = 10**11
"""A larger number than this is a time in milliseconds."""


def _admit(state: State, call: Call) -> Key:
    if (signed_in := bearer(state, call)) is not None:
        if _payload(call.headers.get("x-gemini-payload", "")).get("request") != call.path:
            raise Refusal("EndpointMismatch", "the payload names another request")
        return signed_in
    sent = {name: call.headers.get(f"x-gemini-{name}", "") for name in ("apikey", "payload", "signature")}
    for name, value in sent.items():
        if not value:
            raise Refusal(f"Missing{name.capitalize()}Header", f"Must provide 'X-GEMINI-{name.upper()}'")
    key = state.book.usable(sent["apikey"], call.now_ms)
    if key is None or not key.enabled:
        raise Refusal("InvalidApiKey", "Invalid API key")
    wanted = hmac.new(key.secret.encode(), sent["payload"].encode(), hashlib.sha384).hexdigest()
    if not hmac.compare_digest(wanted.encode(), sent["signature"].encode()):
        raise Refusal("InvalidSignature", "InvalidSignature")
    payload = _payload(sent["payload"])
    if payload.get("request") != call.path:
        raise Refusal("EndpointMismatch", "the payload names another request")
    _spend(state, key, call, payload)
    if not key.allows(call.ip):
        raise Refusal("RemoteAddressForbidden", "the address is not trusted by the group", 403)
    if "heartbeat" in key.features:
        state.counters[f"heartbeat of {key.public_id}"] = call.now_ms
    return key


def _payload(text: str) -> dict[str, Any]:
    try:
        payload = json.loads(base64.b64decode(text))
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        raise Refusal("InvalidPayload", "the payload is not an object")
    return payload


def _spend(state: State, key: Key, call: Call, payload: Mapping[str, Any]) -> None:
    if "nonce" not in payload:
        raise Refusal("MissingNonce", "Must provide 'nonce'")
    try:
        nonce = float(str(payload["nonce"]))
        units = int(nonce * 1000)
    except (ValueError, OverflowError):
        raise Refusal("InvalidNonce", "the nonce is no number") from None
    if "time" in key.features:
        at_ms = nonce * 1000 if nonce < _SECONDS_BELOW else nonce
        if abs(at_ms - call.now_ms) > _WINDOW_MS:
            raise Refusal("InvalidNonce", "the nonce is not within 30 seconds of server time")
    elif not state.raise_counter(key.public_id, units):
        raise Refusal("InvalidNonce", "the nonce has not increased since your last call")


def dead_man_left_ms(state: State, key: Key) -> int:
    """How long the orders of a key with heartbeat still stand, if nothing more is heard of it."""
    last = state.counters.get(f"heartbeat of {key.public_id}", 0)
    return max(0, last + _WINDOW_MS - state.clock.now_ms())


def _make(_state: State, _form: KeyForm) -> Mapping[str, Any]:
    return {"public_id": f"account-{alnum(20)}", "secret": alnum(28)}


def _roles(caller: Caller) -> Any:
    return {f"is{role}": role in caller.key.grants for role in ROLES}


def _balances(caller: Caller) -> Any:
    return [
        {
            "type": "exchange",
            "currency": coin,
            "amount": amount,
            "available": amount,
            "availableForWithdrawal": amount,
        }
        for coin, amount in caller.account.balances.items()
    ]


def _account(caller: Caller) -> Any:
    account = {"accountName": caller.account.name, "shortName": caller.account.id, "type": "exchange"}
    return {"account": account, "users": [], "memo_reference_code": ""}


def _cancel_all(caller: Caller) -> Any:
    cancelled = cancel_all(caller.state, caller.account.id)
    return {"result": "ok", "details": {"cancelledOrders": cancelled, "cancelRejects": []}}


RULES = Rules(
    name="gemini",
    form=Form(ROLES, max_ips=20),
    claimed=lambda call: call.headers.get("x-gemini-apikey", ""),
    admit=_admit,
    refused=lambda refusal: {"result": "error", "reason": refusal.code, "message": refusal.message},
    denied=lambda endpoint: Refusal(
        "MissingRole", f"a role is needed: {', '.join(sorted(endpoint.needs))}", 403
    ),
    limited=lambda _harder: Refusal("RateLimit", "Requests were made too frequently", 429),
    missing=Refusal("EndpointNotFound", "no such endpoint", 404),
    private={
        ("POST", "/v1/roles"): Endpoint(_roles, ROLES),
        ("POST", "/v1/account"): Endpoint(_account, {*ROLES, "account:read"}),
        ("POST", "/v1/balances"): Endpoint(_balances, {*ROLES, "balances:read"}),
        ("POST", "/v1/orders"): Endpoint(lambda _caller: [], {"Trader", "Auditor", "orders:read"}),
        ("POST", "/v1/order/cancel/all"): Endpoint(_cancel_all, {"Trader", "orders:create"}),
        ("POST", "/v1/approvedAddresses/account/{network}"): Endpoint(lambda _caller: [], {"FundManager"}),
    },
    make=_make,
    calls_per_second=10,
)


@dataclass
class Gemini(Table):
    """The exchange, with its sign-in of apps beside the keys."""

    rules: Rules = RULES
    authority: Authority = field(default_factory=lambda: Authority(form=False))

    def answer(self, call: Call) -> Answer:
        """Serve one call."""
        try:
            match call.method, call.path:
                case "GET", "/auth":
                    return self.authority.consent(call)
                case "POST", "/auth/token":
                    return Answer(self.authority.token(self.state, call, body_of(call)))
                case "POST", "/v1/oauth/revokeByToken":
                    return self._revoke(call)
                case _:
                    pass
        except Refusal as refusal:
            body = {"error": refusal.code, "error_description": refusal.message}
            return Answer(body, refusal.status, code=str(refusal.code))
        return super().answer(call)

    def _revoke(self, call: Call) -> Answer:
        """Ends the sign-in that asks; a key cannot."""
        key = _admit(self.state, call)
        if "oauth" not in key.features:
            raise Refusal("invalid_token", "not an app's token", 401)
        self.authority.end(self.state, key, call.now_ms)
        return Answer({"message": "OAuth tokens have been revoked"})


VENUE = Gemini
