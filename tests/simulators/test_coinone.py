"""Coinone, asked by ccxt, by what a second client signed, and by our own adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault
from keyguard.core.keys import Scope
from keyguard_adapters import coinone
from keyguard_simulators.accounts import Key
from keyguard_simulators.coinone import PERMISSIONS
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm, Unacceptable
from tests.simulators.clients import send, tap
from tests.simulators.signed import as_sent, drive_ours, enter, stopped, vectors

TRADER = ["잔고 조회", "주문 조회", "주문 권한"]
HERE = ("127.0.0.1",)
PATHS = {"rest": "", "v2Public": "/public/v2", "v2Private": "/v2", "v2_1Private": "/v2.1"}


class Desk:
    def __init__(self, served: Running) -> None:
        self.served, self.venue, self.base = served, served.venues["coinone"], served.urls["coinone"]
        self.state = stopped(self.venue.state)
        self.account = self.venue.open_account("firm", "").id
        self.trader = self.issue(TRADER)

    def issue(self, permissions: Any, ips: tuple[str, ...] = HERE) -> Key:
        key = self.venue.issue(KeyForm(self.account, permissions, ips=ips))
        key.secret = key.secret.translate(
            str.maketrans("abcdef", "123456")
        )  # in capitals the same: see below
        return key

    def ccxt(self, key: Key, secret: str = "") -> Any:
        client = ccxt.coinone({"apiKey": key.public_id, "secret": secret or key.secret})
        client.urls["api"] = {name: self.base + path for name, path in PATHS.items()}
        client.rateLimit = 1
        return client


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def balances(client: Any) -> Any:
    return client.request("account/balance/all", ["v2_1Private"], "POST")


def code(error: str) -> str:
    return f'"error_code":"{error}"'


def test_ccxt_reads_balances(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    told = balances(client)
    assert [one["currency"] for one in told["balances"]] == ["KRW", "BTC"]
    assert (
        client.request("account/balance", ["v2_1Private"], "POST", {"currencies": ["BTC"]})["result"]
        == "success"
    )


def test_a_wrong_secret_is_refused_and_so_is_one_in_capitals(desk: Desk) -> None:
    key = desk.venue.issue(KeyForm(desk.account, TRADER, ips=HERE))
    key.secret = "a" + key.secret[1:]
    for secret in ("0" * 36, key.secret):  # ccxt puts it in capitals
        with pytest.raises(ccxt.ExchangeError, match=code("123")):
            balances(desk.ccxt(key, secret))


def test_unknown_and_deleted_tokens_are_refused(desk: Desk) -> None:
    stranger = replace(desk.trader, public_id="00000000-fa4e-4000-8000-0000000000ff")
    dead = desk.issue(TRADER)
    desk.state.delete(dead, 0)
    for key, error in ((stranger, "27"), (dead, "12")):
        with pytest.raises(ccxt.ExchangeError, match=code(error)):
            balances(desk.ccxt(key))


def test_a_used_nonce_and_one_of_the_older_version_are_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    balances(client)
    assert send(sent[-1]).json["error_code"] == "132"
    client.uuid = lambda *_: "1763596800123"
    with pytest.raises(ccxt.ExchangeError, match=code("133")):
        balances(client)


def test_a_foreign_address_and_a_missing_permission_are_refused(desk: Desk) -> None:
    foreign = desk.issue(TRADER, ips=("203.0.113.10",))
    with pytest.raises(ccxt.ExchangeError, match=code("10")):
        balances(desk.ccxt(foreign))
    with pytest.raises(ccxt.ExchangeError, match=code("40")):
        desk.ccxt(desk.trader).request("transaction/krw/history", ["v2_1Private"], "POST")


def test_a_key_for_any_address_is_not_issued(desk: Desk) -> None:
    with pytest.raises(Unacceptable):
        desk.issue(TRADER, ips=())


@pytest.mark.parametrize(
    "vector", [*vectors("coinone"), *vectors("coinone-as-issued")], ids=lambda vector: vector["name"]
)
def test_what_others_signed_is_accepted(desk: Desk, vector: dict[str, Any]) -> None:
    key = enter(desk.state, vector, desk.account, frozenset(PERMISSIONS))
    sent = as_sent(desk.base, vector)
    assert send(sent).json.get("error_code", "404") in ("0", "404")  # 404: no such call here
    key.secret = "FAKE" + "another"
    desk.state.nonces.clear()
    assert send(sent).json["error_code"] == "123"


def test_our_adapter_learns_what_there_is_to_learn(desk: Desk) -> None:
    told = drive_ours(desk.served, "coinone", coinone.whoami(desk.trader.public_id), desk.trader)
    assert (told.scopes, told.grants) == (Scope.READ, ("잔고 조회", "주문 조회"))


@pytest.mark.parametrize(("gone", "fault"), [(True, Fault.KEY_UNKNOWN), (False, Fault.SIGNATURE)])
def test_our_adapter_tells_a_dead_key_from_a_wrong_secret(desk: Desk, gone: bool, fault: Fault) -> None:
    old = desk.issue(TRADER)
    if gone:
        desk.state.delete(old, 0)
    with pytest.raises(Refused) as caught:
        drive_ours(desk.served, "coinone", coinone.whoami(old.public_id), old, secret="FAKE" + "another")
    assert caught.value.fault is fault
