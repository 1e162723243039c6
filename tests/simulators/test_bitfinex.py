"""Bitfinex, asked by ccxt, and by our own adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault
from keyguard.core.keys import Scope
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm, Unacceptable
from tests.adapters.venues.bitfinex import TRADER
from tests.simulators.clients import ccxt_client, send, tap
from tests.simulators.own_adapter import own

FOREIGN = ("203.0.113.10",)


class Desk:
    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["bitfinex"], served.urls["bitfinex"]
        self.account = self.venue.open_account("desk", "")

    def issue(self, permissions: list[str], ips: tuple[str, ...] = ()) -> Key:
        return self.venue.issue(KeyForm(self.account.id, permissions, ips=ips))

    def ccxt(self, key: Key, secret: str = "") -> Any:
        return ccxt_client("bitfinex", self.base, key, secret)


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_reads_permissions_and_wallets(desk: Desk) -> None:
    client = desk.ccxt(desk.issue(TRADER))
    told = client.private_post_auth_r_permissions()
    assert ["orders", 1, 1] in told
    assert ["withdraw", 0, 0] in told
    assert client.private_post_auth_r_wallets()[0][:2] == ["exchange", "UST"]


def test_a_wrong_secret_an_unknown_and_a_deleted_key_are_refused_alike(desk: Desk) -> None:
    key = desk.issue(TRADER)
    with pytest.raises(ccxt.AuthenticationError, match="apikey: invalid"):
        desk.ccxt(key, "x" * 43).private_post_auth_r_permissions()
    with pytest.raises(ccxt.AuthenticationError, match="apikey: invalid"):
        desk.ccxt(replace(key, public_id="x" * 43)).private_post_auth_r_permissions()
    desk.venue.state.delete(key, 0)
    with pytest.raises(ccxt.AuthenticationError, match="apikey: invalid"):
        desk.ccxt(key).private_post_auth_r_permissions()


def test_a_deleted_key_lives_on_for_as_long_as_the_switch_says(desk: Desk) -> None:
    state, key = desk.venue.state, desk.issue(TRADER)
    state.clock.frozen_ms = state.clock.now_ms()
    state.switches.dead_key_delay_ms = 60_000
    state.delete(key, state.clock.now_ms())
    assert desk.ccxt(key).private_post_auth_r_permissions()
    state.clock.advance(60_000)
    with pytest.raises(ccxt.AuthenticationError):
        desk.ccxt(key).private_post_auth_r_permissions()


def test_a_nonce_that_does_not_grow_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.issue(TRADER))
    sent = tap(client.session)
    client.private_post_auth_r_permissions()
    again = send(sent[-1])
    assert (again.status, again.json) == (500, ["error", 10114, "nonce: small"])


def test_a_question_in_microseconds_breaks_a_bot_that_counts_milliseconds(desk: Desk) -> None:
    key = desk.issue(TRADER)
    asking = desk.ccxt(key)
    asking.incrementing_nonce = asking.microseconds
    asking.private_post_auth_r_permissions()
    with pytest.raises(ccxt.InvalidNonce, match="nonce: small"):
        desk.ccxt(key).private_post_auth_r_wallets()


def test_a_foreign_address_is_refused_in_the_same_words(desk: Desk) -> None:
    key = desk.issue(TRADER, FOREIGN)
    with pytest.raises(ccxt.AuthenticationError, match="apikey: invalid"):
        desk.ccxt(key).private_post_auth_r_permissions()
    desk.venue.state.switches.egress = FOREIGN[0]
    assert desk.ccxt(key).private_post_auth_r_permissions()


def test_a_missing_permission_is_refused(desk: Desk) -> None:
    key = desk.issue(["account:read"])
    with pytest.raises(ccxt.ExchangeError, match="permission invalid"):
        desk.ccxt(key).private_post_auth_r_wallets()


def test_a_form_bitfinex_would_not_take_is_refused(desk: Desk) -> None:
    for permissions, ips in ((["trade"], ()), (TRADER, tuple(f"203.0.113.{n}" for n in range(21)))):
        with pytest.raises(Unacceptable):
            desk.issue(permissions, ips)


def test_our_adapter_reads_the_key_and_sees_it_die(desk: Desk, served: Running) -> None:
    key = desk.issue(TRADER)
    ours = own(served, "bitfinex", key)
    told = ours.run(lambda venue: venue.whoami(key.public_id))
    assert set(told.grants) == set(TRADER)
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES
    desk.venue.state.delete(key, 0)
    with pytest.raises(Refused) as caught:
        ours.run(lambda venue: venue.whoami(key.public_id))
    assert caught.value.fault is Fault.AMBIGUOUS
