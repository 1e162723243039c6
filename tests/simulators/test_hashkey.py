"""HashKey, asked by ccxt (whose HashKey is the Global one, by the same scheme) and by our own adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault
from keyguard.core.keys import Scope
from keyguard_adapters import hashkey
from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.hashkey import PERMISSIONS
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import ccxt_client, send, tap
from tests.simulators.signed import as_sent, drive_ours, enter, stopped, vectors

TRADER = ["read", "trade"]
HERE = ("127.0.0.1",)


class Desk:
    def __init__(self, served: Running) -> None:
        self.served, self.venue, self.base = served, served.venues["hashkey"], served.urls["hashkey"]
        self.state = stopped(self.venue.state)
        self.account = self.venue.open_account("firm", "").id
        self.trader = self.issue(TRADER)

    def issue(self, permissions: Any, ips: tuple[str, ...] = HERE, age_days: float = 0) -> Key:
        return self.venue.issue(KeyForm(self.account, permissions, ips=ips, age_days=age_days))

    def ccxt(self, key: Key, secret: str = "") -> Any:
        client = ccxt_client("hashkey", self.base, key, secret)
        now_ms = self.state.clock.now_ms()
        client.milliseconds = lambda: now_ms
        return client


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def code(error: str) -> str:
    return f'"code":"{error}"'


def test_ccxt_reads_the_account(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    told = client.private_get_api_v1_account()
    assert (told["userId"], [one["asset"] for one in told["balances"]]) == (desk.account, ["USD", "BTC"])
    assert client.private_get_api_v1_account_type()[0]["accountId"] == desk.account


def test_wrong_secrets_unknown_and_deleted_keys_are_refused(desk: Desk) -> None:
    dead = desk.issue(TRADER)
    desk.state.delete(dead, 0)
    stranger = replace(desk.trader, public_id="x" * 64)
    for key, secret, error in ((desk.trader, "x" * 64, "0002"), (stranger, "", "0102"), (dead, "", "0102")):
        with pytest.raises(ccxt.ExchangeError, match=code(error)):
            desk.ccxt(key, secret).private_get_api_v1_account()


def test_a_foreign_address_and_a_missing_permission_are_refused(desk: Desk) -> None:
    with pytest.raises(ccxt.PermissionDenied, match=code("0202")):
        desk.ccxt(desk.issue(TRADER, ips=("203.0.113.10",))).private_get_api_v1_account()
    with pytest.raises(ccxt.PermissionDenied, match=code("-1005")):
        desk.ccxt(desk.issue(["read"])).private_get_api_v1_spot_openorders()


@pytest.mark.parametrize("late_ms", [6000, -2000])
def test_a_clock_out_of_the_window_is_refused(desk: Desk, late_ms: int) -> None:
    client = desk.ccxt(desk.trader)
    desk.state.clock.advance(late_ms)
    with pytest.raises(ccxt.InvalidNonce, match=code("-1021")):
        client.private_get_api_v1_account()


def test_a_key_unused_for_90_days_ends_and_every_look_keeps_it_alive(desk: Desk) -> None:
    with pytest.raises(ccxt.AuthenticationError, match=code("0103")):
        desk.ccxt(desk.issue(TRADER, age_days=91)).private_get_api_v1_account()
    parked = desk.issue(TRADER, age_days=80)
    step = hashkey.whoami(parked.public_id)
    assert drive_ours(desk.served, "hashkey", step, parked).scopes == Scope.READ
    desk.state.clock.advance(60 * DAY_MS)
    assert desk.ccxt(parked).private_get_api_v1_account()
    desk.state.clock.advance(90 * DAY_MS)
    with pytest.raises(Refused) as caught:
        drive_ours(desk.served, "hashkey", hashkey.whoami(parked.public_id), parked)
    assert caught.value.fault is Fault.KEY_EXPIRED


def test_a_changed_request_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_get_api_v1_spot_openorders({"symbol": "BTCUSD"})
    forged = replace(sent[-1], url=sent[-1].url.replace("BTCUSD", "ETHUSD"))
    assert send(forged).json["code"] == "0002"


@pytest.mark.parametrize("vector", vectors("hashkey"), ids=lambda vector: vector["name"])
def test_what_ccxt_signed_is_accepted(desk: Desk, vector: dict[str, Any]) -> None:
    key = enter(desk.state, vector, desk.account, frozenset(PERMISSIONS), used_ms=vector["clock_ms"])
    sent = as_sent(desk.base, vector)
    assert send(sent).json.get("code") in (None, "-1004")  # -1004: no such call here
    key.secret = "FAKE" + "another"
    assert send(sent).json["code"] == "0002"


def test_our_adapter_learns_what_there_is_to_learn(desk: Desk) -> None:
    told = drive_ours(
        desk.served, "hashkey", hashkey.whoami(desk.trader.public_id), desk.trader, ahead_ms=90_000
    )
    assert (told.scopes, told.account) == (Scope.READ, desk.account)
    assert drive_ours(desk.served, "hashkey", hashkey.clock(), desk.trader) == desk.state.clock.now_ms()


@pytest.mark.parametrize(("gone", "fault"), [(True, Fault.KEY_UNKNOWN), (False, Fault.SIGNATURE)])
def test_our_adapter_tells_a_dead_key_from_a_wrong_secret(desk: Desk, gone: bool, fault: Fault) -> None:
    old = desk.issue(TRADER)
    if gone:
        desk.state.delete(old, 0)
    with pytest.raises(Refused) as caught:
        drive_ours(desk.served, "hashkey", hashkey.whoami(old.public_id), old, secret="FAKE" + "another")
    assert caught.value.fault is fault
