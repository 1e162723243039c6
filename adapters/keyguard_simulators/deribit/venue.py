"""Deribit put together: methods, their scopes, the second factor, and the website's side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keyguard_simulators.accounts import DAY_MS, Account, Key
from keyguard_simulators.deribit import keys, scope, trading
from keyguard_simulators.deribit.keys import Caller
from keyguard_simulators.deribit.rpc import Rpc, RpcError, error, read, result
from keyguard_simulators.deribit.second_factor import MARKED, SecondFactor
from keyguard_simulators.deribit.signature import Gate
from keyguard_simulators.shapes import digits
from keyguard_simulators.state import State
from keyguard_simulators.venue import KeyForm, Unacceptable
from keyguard_simulators.wire import Answer, Call

PER_SECOND, BURST = 20, 100

PUBLIC: Mapping[str, Callable[[Rpc], Any]] = {
    "public/test": trading.version,
    "public/get_currencies": trading.currencies,
    "public/get_instruments": trading.instruments,
    "public/ticker": trading.ticker,
}

KEY_METHODS: Mapping[str, tuple[Callable[[Caller], Any], str]] = {
    # (handler, scope)
    "private/list_api_keys": (keys.list_api_keys, "account:read"),
    "private/create_api_key": (keys.create_api_key, "account:read_write"),
    "private/edit_api_key": (keys.edit_api_key, "account:read_write"),
    "private/change_scope_in_api_key": (keys.change_scope, "account:read_write"),
    "private/change_api_key_name": (keys.change_name, "account:read_write"),
    "private/reset_api_key": (keys.reset, "account:read_write"),
    "private/disable_api_key": (keys.disable, "account:read_write"),
    "private/enable_api_key": (keys.enable, "account:read_write"),
    "private/remove_api_key": (keys.remove, "account:read_write"),
}

PRIVATE: Mapping[str, tuple[Callable[[Caller], Any], str]] = {
    **KEY_METHODS,
    "private/get_access_log": (keys.access_log, "account:read"),
    "private/get_account_summary": (trading.account_summary, "account:read"),
    "private/get_account_summaries": (trading.account_summaries, "account:read"),
    "private/get_positions": (trading.positions, "trade:read"),
    "private/get_open_orders": (trading.open_orders, "trade:read"),
    "private/cancel_all": (trading.cancel_all, "trade:read_write"),
    "private/buy": (trading.buy, "trade:read_write"),
    "private/sell": (trading.sell, "trade:read_write"),
}


class Deribit:
    """A simulated Deribit. Only a main account has sub-accounts; each has keys of its own."""

    name = "deribit"

    def __init__(self) -> None:
        self.state = State()
        self.gate = Gate(self.state)
        self.second_factor = SecondFactor()
        self.access_log: list[dict[str, Any]] = []

    def operation(self, call: Call) -> str:
        """The JSON-RPC method."""
        try:
            return read(call).method
        except RpcError:
            return call.path

    def answer(self, call: Call) -> Answer:
        """Serve one call."""
        rpc = Rpc("")
        try:
            rpc = read(call)
            value, key = (
                self._public(call, rpc) if rpc.method.startswith("public/") else self._private(call, rpc)
            )
        except RpcError as err:
            return error(call, rpc.id, err, _claimed_key(call, rpc))
        return result(call, rpc, value, key)

    def limited(self, call: Call, blocked: bool) -> Answer:
        """10028; blocked, the refusal of further logins."""
        err = RpcError(12003, "login_over_limit") if blocked else _too_many()
        return error(call, None, err, "")

    def demand_code(self, call: Call) -> None:
        """Make this method's next call need a one-time code."""
        self.second_factor.demanded.add(self.operation(call))

    def open_account(self, name: str, parent: str) -> Account:
        """Open a main account or a sub-account."""
        accounts = self.state.book.accounts
        if parent and (parent not in accounts or accounts[parent].parent):
            raise Unacceptable("no such main account")
        account = Account(digits(6), name, parent, {"BTC": "1.5", "ETH": "20"})
        accounts[account.id] = account
        return account

    def issue(self, form: KeyForm) -> Key:
        """Issue a key."""
        try:
            grants = scope.parse(str(form.permissions))
        except RpcError as err:
            raise Unacceptable(str(err.data["reason"])) from None
        if len(self.state.book.listed(form.account)) >= keys.MAX_KEYS:
            raise Unacceptable(f"at most {keys.MAX_KEYS} keys")
        now_ms = self.state.clock.now_ms()
        created_ms = now_ms - int(form.age_days * DAY_MS)
        key = keys.new_key(self.state, form.account, grants, form.label, created_ms)
        key.ips = form.ips
        return key

    def set_ips(self, key: Key, ips: tuple[str, ...]) -> None:
        """Change the IP list."""
        key.ips = ips

    def permissions(self, key: Key) -> Any:
        """The `max_scope` text."""
        return scope.write(key.grants)

    def _public(self, call: Call, rpc: Rpc) -> tuple[Any, str]:
        if rpc.method == "public/auth":
            return self._auth(call, rpc)
        if rpc.method == "public/get_time":
            return call.now_ms, ""
        if rpc.method not in PUBLIC:
            raise _no_method()
        return PUBLIC[rpc.method](rpc), ""

    def _auth(self, call: Call, rpc: Rpc) -> tuple[Any, str]:
        key, text, token = self.gate.grant(call, rpc)
        account = self.state.book.accounts[key.account]
        held = sorted(token.grants)
        answer = {
            "access_token": text,
            "refresh_token": text[::-1],
            "token_type": "bearer",
            "expires_in": (token.expires_ms - call.now_ms) // 1000,
            "scope": " ".join(["connection", *([] if account.parent else ["mainaccount"]), *held]),
            "enabled_features": list(key.features),
            "mandatory_tfa_status": "accepted",
        }
        return answer, key.public_id

    def _private(self, call: Call, rpc: Rpc) -> tuple[Any, str]:
        key, grants = self.gate.admit(call)
        left = self.state.limits.take(key.account, PER_SECOND, BURST, call.now_ms)
        if left < 0 and self.state.switches.enforce_rate_limits:
            raise _too_many()
        if rpc.method not in PRIVATE:
            raise _no_method()
        serve, needed = PRIVATE[rpc.method]
        scope.demand(grants, needed)
        caller = Caller(self.state, self.access_log, key, grants, rpc, call.ip, call.now_ms)
        marked = KEY_METHODS if self.state.switches.second_factor_everywhere else MARKED
        question = self.second_factor.question(caller.account, rpc, rpc.method in marked, call.now_ms)
        return (serve(caller) if question is None else question), key.public_id


def _claimed_key(call: Call, rpc: Rpc) -> str:
    """The client id a refused call named, for the log."""
    for part in call.headers.get("authorization", "").partition(" ")[2].split(","):
        if part.strip().startswith("id="):
            return part.strip().removeprefix("id=")
    return str(rpc.params.get("client_id", ""))


def _no_method() -> RpcError:
    return RpcError(-32601, "Method not found")


def _too_many() -> RpcError:
    return RpcError(10028, "too_many_requests", 429)
