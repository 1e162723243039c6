"""Bullish, asked by ccxt, and by our own adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault
from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm, Unacceptable
from tests.adapters.venues.bullish import TRADER
from tests.simulators.clients import ccxt_client, send, tap
from tests.simulators.own_adapter import own

NOON_MS = 1767268800123  # of a day: a nonce of the client's own clock would be outside
FOREIGN = ("203.0.113.0/24",)
ORDER = {"commandType": "V3CreateOrder", "symbol": "BTCUSDC", "side": "BUY", "price": "30071.5"}


class Desk:
    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["bullish"], served.urls["bullish"]
        self.account = self.venue.open_account("algo", "")
        self.venue.state.clock.frozen_ms = NOON_MS

    def issue(self, ips: tuple[str, ...] = ()) -> Key:
        return self.venue.issue(KeyForm(self.account.id, TRADER, ips=ips))

    def ccxt(self, key: Key, secret: str = "") -> Any:
        """ccxt with the venue's clock: nonces have to lie in its day, and to grow."""
        client = ccxt_client("bullish", f"{self.base}/trading-api", key, secret)
        clock = self.venue.state.clock

        def microseconds() -> int:
            clock.advance(1)
            return clock.now_ms() * 1000

        client.microseconds = microseconds
        client.get_timestamp = client.milliseconds = clock.now_ms
        return client


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_logs_in_reads_orders_and_logs_out(desk: Desk) -> None:
    client = desk.ccxt(desk.issue())
    client.sign_in()
    assert client.private_get_v1_accounts_trading_accounts()[0]["tradingAccountId"] == desk.account.id
    assert client.private_get_v2_history_orders({"createdAtDatetime[gte]": "2025-12-01T00:00:00.000Z"}) == []
    assert client.private_post_v2_orders(dict(ORDER))["orderId"]
    client.private_get_v1_users_logout()
    with pytest.raises(ccxt.ExchangeError, match="UNAUTHORIZED"):
        client.private_get_v1_accounts_trading_accounts()


def test_every_failed_log_in_gets_the_same_answer(desk: Desk) -> None:
    key, bound, gone = desk.issue(), desk.issue(FOREIGN), desk.issue()
    desk.venue.state.delete(gone, 0)
    for client in (
        desk.ccxt(key, "x" * 36),
        desk.ccxt(replace(key, public_id="HMAC-none")),
        desk.ccxt(bound),
        desk.ccxt(gone),
    ):
        with pytest.raises(ccxt.BaseError, match='"errorCode":8327'):
            client.sign_in()
    desk.venue.state.switches.egress = "203.0.113.7"
    assert desk.ccxt(bound).sign_in()


def test_a_wrong_clock_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.issue())
    client.get_timestamp = lambda: NOON_MS - 6_000
    with pytest.raises(ccxt.BaseError, match='"errorCode":8327'):
        client.sign_in()


def test_a_nonce_that_does_not_grow_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.issue())
    sent = tap(client.session)
    client.sign_in()
    assert send(sent[-1]).json["errorCode"] == 2035


@pytest.mark.parametrize("nonce", ["1767268800123", "99991767268800123000", "soon"])
def test_a_nonce_outside_the_day_is_refused(desk: Desk, nonce: str) -> None:
    client = desk.ccxt(desk.issue())
    client.microseconds = lambda: nonce
    with pytest.raises(ccxt.InvalidNonce, match='"errorCode":2035'):
        client.sign_in()


def test_a_log_in_pushes_the_nonce_of_a_program_under_way_ahead(desk: Desk) -> None:
    key = desk.issue()
    bot, asking = desk.ccxt(key), desk.ccxt(key)
    bot.sign_in()
    early = bot.microseconds()
    asking.sign_in()
    bot.microseconds = lambda: early
    with pytest.raises(ccxt.InvalidNonce):
        bot.private_post_v2_orders(dict(ORDER))


def test_a_token_works_for_a_day_and_from_one_address(desk: Desk) -> None:
    client = desk.ccxt(desk.issue())
    client.sign_in()
    desk.venue.state.switches.egress = "203.0.113.7"
    with pytest.raises(ccxt.ExchangeError, match="UNAUTHORIZED"):
        client.private_get_v1_accounts_trading_accounts()
    desk.venue.state.switches.egress = ""
    desk.venue.state.clock.advance(DAY_MS)
    with pytest.raises(ccxt.ExchangeError, match="UNAUTHORIZED"):
        client.private_get_v1_accounts_trading_accounts()


@pytest.mark.parametrize("outlive", [False, True])
def test_whether_a_token_outlives_its_key_is_a_switch(desk: Desk, outlive: bool) -> None:
    desk.venue.state.switches.tokens_outlive_keys = outlive
    key = desk.issue()
    client = desk.ccxt(key)
    client.sign_in()
    desk.venue.state.delete(key, 0)
    if outlive:
        assert client.private_get_v1_accounts_trading_accounts()
    else:
        with pytest.raises(ccxt.ExchangeError, match="UNAUTHORIZED"):
            client.private_get_v1_accounts_trading_accounts()


def test_a_changed_order_or_token_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.issue())
    sent = tap(client.session)
    client.sign_in()
    client.private_post_v2_orders(dict(ORDER))
    forged = replace(sent[-1], body=sent[-1].body.replace(b"BUY", b"SELL"))
    assert send(forged).json["errorCode"] == 8327
    for token in (
        "Bearer x",
        "Bearer a.b.c",
        "Bearer eyJhIjoxfQ.eyJhIjoxfQ.x",
        sent[-1].headers["Authorization"] + "x",
    ):
        again = replace(sent[-1], headers={**sent[-1].headers, "Authorization": token})
        assert send(again).status == 401


def test_a_type_bullish_does_not_make_is_refused(desk: Desk) -> None:
    with pytest.raises(Unacceptable):
        desk.venue.issue(KeyForm(desk.account.id, ["read"]))


def test_our_adapter_logs_in_and_out_and_sees_the_key_die(desk: Desk, served: Running) -> None:
    key = desk.issue()
    ours = own(served, "bullish", key)
    assert ours.run(lambda v: v.clock()) == NOON_MS
    told = ours.run(lambda v: v.whoami(key.public_id))
    assert (told.account, told.grants) == (desk.account.id, ("hmac",))
    assert [one.operation.rsplit("/", 1)[-1] for one in desk.venue.state.seen][-1] == "logout"
    assert {one.status for one in desk.venue.state.seen} == {200}
    desk.venue.state.delete(key, 0)
    with pytest.raises(Refused) as caught:
        ours.run(lambda v: v.whoami(key.public_id))
    assert caught.value.fault is Fault.AMBIGUOUS
