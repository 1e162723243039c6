"""Coinbase Exchange, asked by ccxt and by our adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Credential, Fault
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters.coinbaseexchange import ADAPTER
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import ask, call, rerouted, send, tap


class Desk:
    """A profile with a key that may trade, and so read."""

    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["coinbaseexchange"], served.urls["coinbaseexchange"]
        self.profile = self.venue.open_account("desk", "")
        self.trader = self.issue(["trade"])

    def issue(self, permissions: Any, **form: Any) -> Key:
        return self.venue.issue(KeyForm(self.profile.id, permissions, **form))

    def ccxt(self, key: Key, **credential: str) -> Any:
        given = {"password": key.passphrase, **credential}
        return rerouted("coinbaseexchange", self.base, key, **given)

    def whoami(self, held: Key, **parts: Any) -> Any:
        who = Credential(held.public_id, Secret(held.secret), Secret(held.passphrase))
        now_ms = self.venue.state.clock.now_ms()
        return ask(ADAPTER, self.base, ADAPTER.whoami(held.public_id), replace(who, **parts), now_ms)

    def refusal(self, held: Key, **parts: Any) -> Fault:
        with pytest.raises(Refused) as caught:
            self.whoami(held, **parts)
        return caught.value.fault


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_is_accepted_with_and_without_a_query(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    assert {row["profile_id"] for row in client.private_get_accounts()} == {desk.profile.id}
    assert client.private_get_orders({"product_id": "BTC-USD", "after": "2026-11-01T00:00:00+00:00"}) == []


def test_a_wrong_secret_and_a_wrong_passphrase_are_told_apart(desk: Desk) -> None:
    foreign = desk.issue(["view"])
    with pytest.raises(ccxt.AuthenticationError, match="invalid signature"):
        desk.ccxt(desk.trader, secret=foreign.secret).private_get_accounts()
    with pytest.raises(ccxt.AuthenticationError, match="Invalid Passphrase"):
        desk.ccxt(desk.trader, password="other").private_get_accounts()
    assert desk.refusal(desk.trader, secret=Secret(foreign.secret)) is Fault.SIGNATURE


def test_an_unknown_or_deleted_key_is_refused(desk: Desk) -> None:
    desk.venue.state.delete(desk.trader, 0)
    with pytest.raises(ccxt.AuthenticationError, match="Invalid API Key"):
        desk.ccxt(desk.trader).private_get_accounts()
    assert desk.refusal(desk.trader) is Fault.KEY_UNKNOWN
    assert desk.refusal(desk.trader, key="0" * 32) is Fault.KEY_UNKNOWN


def test_a_clock_half_a_minute_off_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    desk.venue.state.clock.offset_ms = -25_000
    assert client.private_get_accounts()
    desk.venue.state.clock.offset_ms = -90_000
    with pytest.raises(ccxt.AuthenticationError, match="request timestamp expired"):
        client.private_get_accounts()


def test_a_query_changed_on_the_way_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_get_orders({"product_id": "BTC-USD"})
    forged = replace(sent[0], url=sent[0].url.replace("BTC-USD", "ETH-USD"))
    assert send(sent[0]).status == 200
    assert send(forged).json["message"] == "invalid signature"


def test_a_foreign_address_is_refused(desk: Desk) -> None:
    key = desk.issue(["view"], ips=("203.0.113.10",))
    with pytest.raises(ccxt.AuthenticationError, match="IP does not match IP whitelist"):
        desk.ccxt(key).private_get_accounts()
    assert desk.refusal(key) is Fault.IP
    desk.venue.state.switches.egress = "203.0.113.10"
    assert desk.whoami(key).scopes == Scope.READ


def test_a_missing_permission_is_refused_and_shows_the_key_alive(desk: Desk) -> None:
    payer = desk.issue(["transfer"])
    with pytest.raises(ccxt.ExchangeNotAvailable, match="403 Forbidden"):
        desk.ccxt(payer).private_get_accounts()
    assert desk.whoami(payer).scopes == Scope.NONE


def test_a_call_without_headers_is_refused(desk: Desk) -> None:
    assert call(desk.base, "GET", "/accounts").status == 401


def test_our_adapter_is_accepted(desk: Desk) -> None:
    told = desk.whoami(desk.trader)
    assert (told.scopes, told.account) == (Scope.READ, desk.profile.id)
    desk.venue.state.clock.frozen_ms = 1_795_176_000_123
    assert ADAPTER.clock is not None
    assert ask(ADAPTER, desk.base, ADAPTER.clock(), ADAPTER.example, 0) == 1_795_176_000_123
