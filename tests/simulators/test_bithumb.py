"""Bithumb, asked by ccxt and by our own adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault
from keyguard.core.keys import Scope
from keyguard_adapters import bithumb
from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.bithumb import PERMISSIONS
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm, Unacceptable
from tests.simulators.clients import ccxt_client, send, tap
from tests.simulators.signed import as_sent, drive_ours, enter, stopped, vectors

TRADER = ["자산조회", "주문조회", "주문하기"]
HERE = ("127.0.0.1",)


class Desk:
    def __init__(self, served: Running) -> None:
        self.served, self.venue, self.base = served, served.venues["bithumb"], served.urls["bithumb"]
        self.state = stopped(self.venue.state)
        self.account = self.venue.open_account("firm", "").id
        self.trader = self.issue(TRADER)

    def issue(self, permissions: Any, ips: tuple[str, ...] = HERE, age_days: float = 0) -> Key:
        return self.venue.issue(KeyForm(self.account, permissions, ips=ips, age_days=age_days))

    def ccxt(self, key: Key, secret: str = "") -> Any:
        client = ccxt_client("bithumb", self.base, key, secret)
        now_ms = self.state.clock.now_ms()
        client.milliseconds = lambda: now_ms
        return client


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_reads_the_keys_and_the_balances(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    (listed,) = client.private_get_v1_api_keys()
    assert listed["access_key"] == desk.trader.public_id
    assert [one["currency"] for one in client.private_get_v1_accounts()] == ["KRW", "BTC"]
    assert client.private_get_v1_orders({"market": "KRW-BTC", "uuids": ["a", "b"]}) == []


def test_a_wrong_secret_an_unknown_and_a_deleted_key_are_refused_alike(desk: Desk) -> None:
    stranger = replace(desk.trader, public_id="x" * 40)
    dead = desk.issue(TRADER)
    desk.state.delete(dead, 0)
    for key, secret in ((desk.trader, "x" * 40), (stranger, ""), (dead, "")):
        with pytest.raises(ccxt.ExchangeError, match="토큰 검증에 실패"):
            desk.ccxt(key, secret).private_get_v1_accounts()


def test_a_token_for_other_parameters_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_get_v1_orders({"market": "KRW-BTC"})
    forged = replace(sent[-1], url=sent[-1].url.replace("KRW-BTC", "KRW-ETH"))
    assert send(forged).json["error"]["name"] == "invalid_query_payload"


def test_a_used_nonce_and_an_old_token_are_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_get_v1_accounts()
    assert send(sent[-1]).json["error"]["name"] == "jwt_verification"
    desk.state.clock.advance(60_000)
    with pytest.raises(ccxt.ExchangeError, match="만료되었습니다"):
        client.private_get_v1_accounts()


def test_a_foreign_address_and_a_missing_permission_are_refused(desk: Desk) -> None:
    foreign = desk.issue(TRADER, ips=("203.0.113.10",))
    with pytest.raises(ccxt.ExchangeError, match="not allowed client IP"):
        desk.ccxt(foreign).private_get_v1_accounts()
    with pytest.raises(ccxt.ExchangeError, match="권한이 부족합니다"):
        desk.ccxt(desk.trader).private_get_v1_withdraws()


def test_expired_keys_still_take_their_place(desk: Desk) -> None:
    for _ in range(9):
        desk.issue(TRADER, age_days=366)
    with pytest.raises(Unacceptable, match="at most 10"):
        desk.issue(TRADER)


@pytest.mark.parametrize("vector", vectors("bithumb"), ids=lambda vector: vector["name"])
def test_what_ccxt_signed_is_accepted(desk: Desk, vector: dict[str, Any]) -> None:
    key = enter(desk.state, vector, desk.account, frozenset(PERMISSIONS))
    sent = as_sent(desk.base, vector)
    assert send(sent).status == (
        404 if vector["expected"]["method"] == "POST" or "chance" in sent.url else 200
    )
    key.secret = "FAKE" + "another"
    desk.state.nonces.clear()
    assert send(sent).json["error"]["name"] == "jwt_verification"


def test_our_adapter_learns_what_there_is_to_learn(desk: Desk) -> None:
    other = desk.issue(TRADER, age_days=100)
    told = drive_ours(desk.served, "bithumb", bithumb.whoami(desk.trader.public_id), desk.trader)
    assert (told.scopes, told.grants) == (Scope.READ, ("자산조회", "주문조회"))
    assert told.expires_at is not None
    assert told.expires_at.timestamp() * 1000 == pytest.approx(
        desk.trader.created_ms + 365 * DAY_MS, abs=2000
    )
    listed = drive_ours(desk.served, "bithumb", bithumb.list_keys(""), desk.trader)
    assert {report.public_id for report in listed} == {desk.trader.public_id, other.public_id}


def test_our_adapter_sees_a_death_by_two_signs(desk: Desk) -> None:
    old = desk.issue(TRADER)
    desk.state.delete(old, 0)
    with pytest.raises(Refused) as caught:
        drive_ours(desk.served, "bithumb", bithumb.whoami(old.public_id), old)
    assert caught.value.fault is Fault.AMBIGUOUS
    listed = drive_ours(desk.served, "bithumb", bithumb.list_keys(""), desk.trader)
    assert old.public_id not in {report.public_id for report in listed}
