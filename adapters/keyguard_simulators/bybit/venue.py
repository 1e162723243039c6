"""Bybit put together: routes, envelope, headers, and the website's side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from keyguard_simulators.accounts import DAY_MS, Account, Key
from keyguard_simulators.bybit import keys, trading
from keyguard_simulators.bybit.keys import Caller
from keyguard_simulators.bybit.permissions import read_map, write_map
from keyguard_simulators.bybit.refusal import Refusal, bad_parameter
from keyguard_simulators.bybit.signature import admit, rsa_key
from keyguard_simulators.shapes import digits
from keyguard_simulators.state import State
from keyguard_simulators.venue import KeyForm, Unacceptable
from keyguard_simulators.wire import Answer, Call

PUBLIC: Mapping[str, Callable[[Call], dict[str, Any]]] = {
    "/v5/market/time": trading.server_time,
    "/v5/market/tickers": trading.tickers,
    "/v5/market/instruments-info": trading.instruments,
}

PRIVATE: Mapping[tuple[str, str], tuple[Callable[[Caller], dict[str, Any]], int]] = {
    # (handler, calls per second and account)
    ("GET", "/v5/user/query-api"): (keys.query_api, 10),
    ("GET", "/v5/user/sub-apikeys"): (keys.list_sub_keys, 10),
    ("POST", "/v5/user/create-sub-api"): (keys.create_sub_key, 1),
    ("POST", "/v5/user/update-api"): (keys.update_master_key, 5),
    ("POST", "/v5/user/update-sub-api"): (keys.update_sub_key, 5),
    ("POST", "/v5/user/delete-api"): (keys.delete_master_key, 5),
    ("POST", "/v5/user/delete-sub-api"): (keys.delete_sub_key, 5),
    ("GET", "/v5/account/wallet-balance"): (trading.wallet_balance, 50),
    ("GET", "/v5/account/info"): (trading.account_info, 50),
    ("GET", "/v5/asset/coin/query-info"): (trading.coin_info, 5),
    ("GET", "/v5/position/list"): (trading.positions, 50),
    ("POST", "/v5/order/create"): (trading.create_order, 10),
    ("GET", "/v5/order/realtime"): (trading.open_orders, 50),
}


class Bybit:
    """A simulated Bybit. Accounts are UIDs; only a master has sub-accounts."""

    name = "bybit"

    def __init__(self) -> None:
        self.state = State()

    def operation(self, call: Call) -> str:
        """The path."""
        return call.path

    def answer(self, call: Call) -> Answer:
        """Serve one call in Bybit's envelope."""
        key_id = call.headers.get("x-bapi-api-key", "")
        headers: dict[str, str] = {}
        try:
            if call.method == "GET" and call.path in PUBLIC:
                return _envelope(call, PUBLIC[call.path](call))
            key = admit(self.state, call)
            if (call.method, call.path) not in PRIVATE:
                raise Refusal(404, "Not found", status=404)
            serve, per_second = PRIVATE[call.method, call.path]
            headers, exceeded = self._count(call, key, per_second)
            if exceeded:
                raise _too_many()
            result = serve(Caller(self.state, key, _params(call), call.now_ms))
        except Refusal as refusal:
            return _refused(call, refusal, key_id, headers)
        return _envelope(call, result, key_id, headers)

    def limited(self, call: Call, blocked: bool) -> Answer:
        """10006, or the 403 that follows when the address goes over its own limit."""
        if blocked:
            return _refused(call, Refusal(403, "access too frequent", status=403), "", {})
        public_id = call.headers.get("x-bapi-api-key", "")
        return _refused(call, _too_many(), public_id, _limit_headers(call, 10, 0))

    def demand_code(self, call: Call) -> None:
        """Bybit's API asks for no codes."""

    def open_account(self, name: str, parent: str) -> Account:
        """Open a master account or a sub-account."""
        accounts = self.state.book.accounts
        if parent and (parent not in accounts or accounts[parent].parent):
            raise Unacceptable("no such master account")
        account = Account(digits(9), name, parent, {"USDT": "25000", "BTC": "0.75"})
        accounts[account.id] = account
        return account

    def issue(self, form: KeyForm) -> Key:
        """Issue a key; with a public key it is an RSA one."""
        now_ms = self.state.clock.now_ms()
        try:
            grants = read_map(form.permissions, not self.state.book.accounts[form.account].parent)
            if form.public_key:
                rsa_key(form.public_key)
        except Refusal as refusal:
            raise Unacceptable(refusal.message) from None
        except ValueError:
            raise Unacceptable("public_key: an RSA public key in PEM is needed") from None
        created = now_ms - int(form.age_days * DAY_MS)
        key = keys.new_key(self.state, form.account, grants, form.ips, form.label, created)
        key.read_only = form.read_only
        if form.public_key:
            key.public_key, key.secret = form.public_key, ""
        return key

    def set_ips(self, key: Key, ips: tuple[str, ...]) -> None:
        """Change the IP list."""
        keys.bind(key, ips, self.state.clock.now_ms())

    def permissions(self, key: Key) -> Any:
        """The permission map."""
        return write_map(key.grants)

    def _count(self, call: Call, key: Key, per_second: int) -> tuple[dict[str, str], bool]:
        left = self.state.limits.take(f"{key.account} {call.path}", per_second, per_second, call.now_ms)
        return _limit_headers(call, per_second, left), left < 0 and self.state.switches.enforce_rate_limits


def _limit_headers(call: Call, per_second: int, left: int) -> dict[str, str]:
    return {
        "X-Bapi-Limit": str(per_second),
        "X-Bapi-Limit-Status": str(max(left, 0)),
        "X-Bapi-Limit-Reset-Timestamp": str(call.now_ms + 1000),
    }


def _too_many() -> Refusal:
    return Refusal(10006, "Too many visits. Exceeded the API Rate Limit.")


def _params(call: Call) -> dict[str, Any]:
    if call.method == "GET":
        return dict(call.params)
    try:
        sent = json.loads(call.body or b"{}")
    except ValueError:
        raise bad_parameter("body: not JSON") from None
    if not isinstance(sent, dict):
        raise bad_parameter("body: not an object")
    return sent


def _envelope(
    call: Call, result: dict[str, Any], key: str = "", headers: dict[str, str] | None = None
) -> Answer:
    body = {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": call.now_ms}
    return Answer(body, headers=headers or {}, key=key)


def _refused(call: Call, refusal: Refusal, key: str, headers: dict[str, str]) -> Answer:
    body = {
        "retCode": refusal.code,
        "retMsg": refusal.message,
        "result": {},
        "retExtInfo": {},
        "time": call.now_ms,
    }
    return Answer(body, refusal.status, headers, key, str(refusal.code))
