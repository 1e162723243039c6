"""Upbit put together: routes, error bodies, headers, and the website's side."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from keyguard_simulators.accounts import DAY_MS, Account, Key
from keyguard_simulators.shapes import alnum
from keyguard_simulators.state import State
from keyguard_simulators.upbit import keys, trading
from keyguard_simulators.upbit.keys import Caller
from keyguard_simulators.upbit.refusal import Refusal, not_found, out_of_scope
from keyguard_simulators.upbit.signature import admit, body_of, claims_of
from keyguard_simulators.venue import KeyForm, Unacceptable
from keyguard_simulators.wire import Answer, Call

LIFE_MS = 365 * DAY_MS
MAX_IPS = 10
MAX_KEYS_MAIN, MAX_KEYS_SUB = 10, 5

PUBLIC: Mapping[str, Callable[[Call], Any]] = {
    "/v1/market/all": trading.markets,
    "/v1/ticker": trading.tickers,
}

PRIVATE: Mapping[tuple[str, str], tuple[Callable[[Caller], Any], str]] = {
    # (handler, permission; "" is any key)
    ("GET", "/v1/api_keys"): (keys.list_keys, ""),
    ("GET", "/v1/pockets"): (keys.list_pockets, "manage_pockets"),
    ("GET", "/v1/pockets/api_keys"): (keys.list_pocket_keys, "manage_pockets"),
    ("GET", "/v1/accounts"): (trading.accounts, "view_account"),
    ("GET", "/v1/orders/open"): (trading.open_orders, "view_orders"),
    ("GET", "/v1/orders/closed"): (trading.nothing, "view_orders"),
    ("POST", "/v1/orders"): (trading.create_order, "make_orders"),
    ("POST", "/v1/orders/test"): (trading.check_order, "make_orders"),
    ("GET", "/v1/withdraws"): (trading.nothing, "view_withdrawals"),
    ("POST", "/v1/withdraws/coin"): (trading.withdraw, "withdraw"),
    ("GET", "/v1/deposits"): (trading.nothing, "view_deposits"),
}
_CREATED = {"/v1/orders", "/v1/orders/test"}


class Upbit:
    """A simulated Upbit. Accounts are pockets; a main pocket has sub pockets."""

    name = "upbit"

    def __init__(self) -> None:
        self.state = State()

    def operation(self, call: Call) -> str:
        """The path."""
        return call.path

    def answer(self, call: Call) -> Answer:
        """Serve one call."""
        key_id = _claimed_key(call)
        headers: dict[str, str] = {}
        try:
            if call.method == "GET" and call.path in PUBLIC:
                return Answer(PUBLIC[call.path](call))
            key = admit(self.state, call)
            headers, exceeded = self._count(call, key)
            if exceeded:
                raise _too_many()
            if (call.method, call.path) not in PRIVATE:
                raise not_found("not_found")
            serve, permission = PRIVATE[call.method, call.path]
            if permission and permission not in key.grants:
                raise out_of_scope()
            params = call.params if call.method == "GET" else body_of(call)
            result = serve(Caller(self.state, key, call, params))
        except Refusal as refusal:
            return _refused(refusal, key_id, headers)
        return Answer(result, 201 if call.path in _CREATED else 200, headers, key_id)

    def limited(self, call: Call, blocked: bool) -> Answer:
        """429, or 418 for a client that did not slow down."""
        refusal = _too_many()
        refusal.status = 418 if blocked else 429
        return _refused(refusal, _claimed_key(call), {"Remaining-Req": _remaining("default", 0)})

    def demand_code(self, call: Call) -> None:
        """Upbit's API asks for no codes."""

    def open_account(self, name: str, parent: str) -> Account:
        """Open a main pocket, or a sub pocket of one."""
        accounts = self.state.book.accounts
        if parent and (parent not in accounts or accounts[parent].parent):
            raise Unacceptable("no such main pocket")
        account = Account(str(uuid.uuid4()), name, parent, {"KRW": "12500000", "BTC": "0.25"})
        accounts[account.id] = account
        return account

    def issue(self, form: KeyForm) -> Key:
        """Issue a key for a year; addresses are mandatory."""
        pocket = self.state.book.accounts[form.account]
        grants = _grants(form.permissions, pocket)
        _check_ips(form.ips)
        most = MAX_KEYS_SUB if pocket.parent else MAX_KEYS_MAIN
        now_ms = self.state.clock.now_ms()
        if sum(not key.expired_at(now_ms) for key in self.state.book.listed(pocket.id)) >= most:
            raise Unacceptable(f"at most {most} keys in this pocket")
        created_ms = now_ms - int(form.age_days * DAY_MS)
        key = Key(
            public_id=alnum(40),
            number=self.state.book.next_number,
            account=pocket.id,
            grants=grants,
            ips=form.ips,
            label=form.label,
            created_ms=created_ms,
            live_ms=self.state.live_from(now_ms),
            secret=alnum(40),
            expires_ms=created_ms + LIFE_MS,
        )
        self.state.book.add_key(key)
        return key

    def set_ips(self, key: Key, ips: tuple[str, ...]) -> None:
        """Change the IP list, which cannot be empty."""
        _check_ips(ips)
        key.ips = ips

    def permissions(self, key: Key) -> Any:
        """The permission names, in the order of the page."""
        return [name for name in keys.PERMISSIONS if name in key.grants]

    def _count(self, call: Call, key: Key) -> tuple[dict[str, str], bool]:
        group, per_second = ("order", 12) if call.path in _CREATED else ("default", 30)
        left = self.state.limits.take(f"{key.account} {group}", per_second, per_second, call.now_ms)
        exceeded = left < 0 and self.state.switches.enforce_rate_limits
        return {"Remaining-Req": _remaining(group, max(left, 0))}, exceeded


def _grants(sent: Any, pocket: Account) -> frozenset[str]:
    if not isinstance(sent, list) or not sent or set(sent) - set(keys.PERMISSIONS):
        raise Unacceptable("permissions: one or more of " + ", ".join(keys.PERMISSIONS))
    if set(sent) & (keys.MAIN_POCKET_ONLY if pocket.parent else keys.SUB_POCKET_ONLY):
        raise Unacceptable("a permission this kind of pocket cannot have")
    return frozenset(sent)


def _check_ips(ips: tuple[str, ...]) -> None:
    if not 1 <= len(ips) <= MAX_IPS:
        raise Unacceptable(f"1 to {MAX_IPS} addresses are needed")


def _claimed_key(call: Call) -> str:
    """The access key a token names, for the log."""
    try:
        claims = claims_of(call.headers.get("authorization", "").partition(" ")[2])
    except Refusal:
        return ""
    return str(claims.get("access_key", ""))


def _remaining(group: str, left: int) -> str:
    return f"group={group}; min=1800; sec={left}"


def _too_many() -> Refusal:
    return Refusal("too_many_requests", "요청이 너무 많습니다.", 429)


def _refused(refusal: Refusal, key: str, headers: dict[str, str]) -> Answer:
    body = {"error": {"name": refusal.name, "message": refusal.message}}
    return Answer(body, refusal.status, headers, key, refusal.name)
