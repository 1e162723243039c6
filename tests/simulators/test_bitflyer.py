"""bitFlyer, asked by ccxt and by our own adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault
from keyguard.core.keys import Origin, Scope
from keyguard_adapters import bitflyer
from keyguard_simulators.accounts import Key
from keyguard_simulators.bitflyer import PERMISSIONS
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import call, ccxt_client, send, tap
from tests.simulators.signed import as_sent, drive_ours, enter, stopped, vectors

TRADER = ["/v1/me/getbalance", "/v1/me/getchildorders", "/v1/me/sendchildorder"]
HERE = ("127.0.0.1",)


class Desk:
    def __init__(self, served: Running) -> None:
        self.served, self.venue, self.base = served, served.venues["bitflyer"], served.urls["bitflyer"]
        self.state = stopped(self.venue.state)
        self.account = self.venue.open_account("firm", "").id
        self.trader = self.issue(TRADER)

    def issue(self, permissions: Any, ips: tuple[str, ...] = HERE) -> Key:
        return self.venue.issue(KeyForm(self.account, permissions, ips=ips))

    def ccxt(self, key: Key, secret: str = "") -> Any:
        client = ccxt_client("bitflyer", self.base, key, secret)
        seconds = self.state.clock.now_ms() // 1000
        client.nonce = lambda: seconds
        return client


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_reads_permissions_and_balances(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    assert client.private_get_getpermissions() == ["/v1/me/getpermissions", *TRADER]
    assert [one["currency_code"] for one in client.private_get_getbalance()] == ["JPY", "BTC"]
    assert client.private_get_getchildorders({"product_code": "FX_BTC_JPY"}) == []


def test_whatever_is_wrong_gets_the_same_answer(desk: Desk) -> None:
    dead = desk.issue(TRADER)
    desk.state.delete(dead, 0)
    stranger = replace(desk.trader, public_id="x" * 22)
    foreign = desk.issue(TRADER, ips=("203.0.113.10",))
    blind = desk.issue(["/v1/me/getchildorders"])
    wrong = [(desk.trader, "x" * 44), (stranger, ""), (dead, ""), (foreign, ""), (blind, "")]
    for key, secret in wrong:
        with pytest.raises(ccxt.ExchangeError, match='"status":-500'):
            desk.ccxt(key, secret).private_get_getbalance()


def test_a_call_without_a_key_is_refused(desk: Desk) -> None:
    assert call(desk.base, "GET", "/v1/me/getbalance").json["status"] == -500


def test_another_query_and_another_time_are_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_get_getchildorders({"product_code": "FX_BTC_JPY"})
    assert send(replace(sent[-1], url=sent[-1].url.replace("FX_BTC", "FX_ETH"))).status == 401
    assert send(sent[-1]).status == 200
    desk.state.clock.advance(120_000)
    assert send(sent[-1]).status == 401


def test_milliseconds_are_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    client.nonce = desk.state.clock.now_ms
    with pytest.raises(ccxt.ExchangeError, match='"status":-500'):
        client.private_get_getbalance()


@pytest.mark.parametrize("vector", vectors("bitflyer"), ids=lambda vector: vector["name"])
def test_what_ccxt_signed_is_accepted(desk: Desk, vector: dict[str, Any]) -> None:
    key = enter(desk.state, vector, desk.account, frozenset(PERMISSIONS))
    sent = as_sent(desk.base, vector)
    assert send(sent).status == (404 if sent.method == "POST" else 200)
    key.secret = "FAKE" + "another"
    assert send(sent).json["status"] == -500


def test_our_adapter_learns_the_permissions(desk: Desk) -> None:
    told = drive_ours(desk.served, "bitflyer", bitflyer.whoami(desk.trader.public_id), desk.trader)
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES
    assert told.scopes_origin is Origin.REPORTED
    assert told.grants == tuple(sorted(TRADER))


@pytest.mark.parametrize("gone", [True, False])
def test_our_adapter_does_not_take_a_refusal_for_more_than_it_says(desk: Desk, gone: bool) -> None:
    old = desk.issue(TRADER)
    if gone:
        desk.state.delete(old, 0)
    with pytest.raises(Refused) as caught:
        secret = "" if gone else "FAKE" + "another"
        drive_ours(desk.served, "bitflyer", bitflyer.whoami(old.public_id), old, secret=secret)
    assert caught.value.fault is Fault.AMBIGUOUS
