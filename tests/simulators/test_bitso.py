"""Bitso, asked by ccxt, and by our own adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault
from keyguard.core.keys import Origin, Scope
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm, Unacceptable
from tests.adapters.venues.bitso import TRADER
from tests.simulators.clients import ccxt_client, send, tap
from tests.simulators.own_adapter import own

FOREIGN = ("203.0.113.10",)


class Desk:
    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["bitso"], served.urls["bitso"]
        self.account = self.venue.open_account("desk", "")

    def issue(self, permissions: list[str], ips: tuple[str, ...] = ()) -> Key:
        return self.venue.issue(KeyForm(self.account.id, permissions, ips=ips))

    def ccxt(self, key: Key, secret: str = "") -> Any:
        return ccxt_client("bitso", f"{self.base}/api", key, secret)


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def second_kind(client: Any) -> Any:
    client.incrementing_nonce = lambda: f"{client.milliseconds()}424242"
    return client


def test_ccxt_reads_the_balance_with_nonces_of_both_kinds(desk: Desk) -> None:
    key = desk.issue(TRADER)
    for client in (desk.ccxt(key), second_kind(desk.ccxt(key))):
        coins = client.private_get_balance()["payload"]["balances"]
        assert {coin["currency"] for coin in coins} == {"mxn", "btc"}


def test_a_nonce_of_the_second_kind_disturbs_no_growing_one(desk: Desk) -> None:
    key = desk.issue(TRADER)
    second_kind(desk.ccxt(key)).private_get_balance()
    assert desk.ccxt(key).private_get_open_orders()


@pytest.mark.parametrize("kind", [lambda client: client, second_kind])
def test_a_nonce_used_twice_is_refused(desk: Desk, kind: Any) -> None:
    client = kind(desk.ccxt(desk.issue(TRADER)))
    sent = tap(client.session)
    client.private_get_balance()
    assert send(sent[-1]).json["error"]["code"] == "0207"


def test_a_stale_nonce_of_the_second_kind_is_refused(desk: Desk) -> None:
    desk.venue.state.clock.offset_ms = 61_000
    with pytest.raises(ccxt.BaseError, match="0207"):
        second_kind(desk.ccxt(desk.issue(TRADER))).private_get_balance()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda key: replace(key, secret="x" * 32), "0215"),
        (lambda key: replace(key, public_id="nobody"), "0201"),
    ],
)
def test_a_wrong_secret_and_an_unknown_key_are_told_apart(desk: Desk, spoil: Any, code: str) -> None:
    with pytest.raises(ccxt.BaseError, match=code):
        desk.ccxt(spoil(desk.issue(TRADER))).private_get_balance()


def test_a_deleted_key_is_unknown_and_a_disabled_one_is_not(desk: Desk) -> None:
    key = desk.issue(TRADER)
    key.enabled = False
    with pytest.raises(ccxt.BaseError, match="0326"):
        desk.ccxt(key).private_get_balance()
    desk.venue.state.delete(key, 0)
    with pytest.raises(ccxt.BaseError, match="0201"):
        desk.ccxt(key).private_get_balance()


def test_a_foreign_address_is_refused(desk: Desk) -> None:
    key = desk.issue(TRADER, FOREIGN)
    with pytest.raises(ccxt.BaseError, match="0213"):
        desk.ccxt(key).private_get_balance()
    desk.venue.state.switches.egress = FOREIGN[0]
    assert desk.ccxt(key).private_get_balance()


def test_a_missing_right_is_refused(desk: Desk) -> None:
    with pytest.raises(ccxt.BaseError, match="0202"):
        desk.ccxt(desk.issue(["place_orders"])).private_get_balance()


def test_the_website_takes_six_keys_and_five_addresses(desk: Desk) -> None:
    with pytest.raises(Unacceptable):
        desk.issue(TRADER, tuple(f"203.0.113.{n}" for n in range(6)))
    for _ in range(6):
        desk.issue(TRADER)
    with pytest.raises(Unacceptable, match="at most 6"):
        desk.issue(TRADER)


def test_our_adapter_infers_reading_and_sees_the_key_die(desk: Desk, served: Running) -> None:
    key = desk.issue(["view_orders"])
    ours = own(served, "bitso", key)
    told = ours.run(lambda venue: venue.whoami(key.public_id))
    assert (told.scopes, told.grants, told.scopes_origin) == (Scope.READ, ("view_orders",), Origin.INFERRED)
    desk.venue.state.delete(key, 0)
    with pytest.raises(Refused) as caught:
        ours.run(lambda venue: venue.whoami(key.public_id))
    assert caught.value.fault is Fault.KEY_UNKNOWN
