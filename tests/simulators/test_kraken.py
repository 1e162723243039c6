"""Kraken, asked by ccxt and by our adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Credential, Fault
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters.kraken import ADAPTER
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import ask, rerouted, send, tap

TRADER = ["query-funds", "modify-trades"]


class Desk:
    """An account with a trading key."""

    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["kraken"], served.urls["kraken"]
        self.account = self.venue.open_account("desk", "")
        self.trader = self.issue()

    def issue(self, permissions: Any = TRADER, **form: Any) -> Key:
        return self.venue.issue(KeyForm(self.account.id, permissions, **form))

    def ccxt(self, key: Key, **credential: str) -> Any:
        return rerouted("kraken", self.base, key, **credential)

    def whoami(self, held: Key, later_ms: int = 0, **parts: Any) -> Any:
        who = replace(Credential(held.public_id, Secret(held.secret)), **parts)
        now_ms = self.venue.state.clock.now_ms() + later_ms
        return ask(ADAPTER, self.base, ADAPTER.whoami(held.public_id), who, now_ms)

    def refusal(self, held: Key, **parts: Any) -> Fault:
        with pytest.raises(Refused) as caught:
            self.whoami(held, **parts)
        return caught.value.fault


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_is_told_about_its_key(desk: Desk) -> None:
    told = desk.ccxt(desk.trader).private_post_getapikeyinfo()["result"]
    assert (told["apiKey"], told["iban"]) == (desk.trader.public_id, desk.account.id)
    assert told["permissions"] == TRADER
    assert (told["validUntil"], told["ipAllowlist"]) == ("0", [])


def test_ccxt_reads_balances(desk: Desk) -> None:
    assert desk.ccxt(desk.trader).private_post_balance()["result"]["ZUSD"] == "25000.0000"


def test_a_wrong_secret_is_refused(desk: Desk) -> None:
    with pytest.raises(ccxt.ExchangeError, match="EAPI:Invalid signature"):
        desk.ccxt(desk.trader, secret=desk.issue().secret).private_post_balance()


def test_an_unknown_or_deleted_key_is_refused_and_many_lead_to_a_lockout(desk: Desk) -> None:
    desk.venue.state.delete(desk.trader, 0)
    with pytest.raises(ccxt.AuthenticationError, match="EAPI:Invalid key"):
        desk.ccxt(desk.trader).private_post_balance()
    assert desk.refusal(desk.trader) is Fault.AMBIGUOUS
    desk.venue.state.switches.enforce_rate_limits = True
    faults = [desk.refusal(desk.trader) for _ in range(6)]
    assert faults[-1] is Fault.RATE


def test_a_nonce_must_grow(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_post_balance()
    again = send(replace(sent[-1], url=desk.base + "/0/private/Balance"))
    assert (again.status, again.json) == (200, {"error": ["EAPI:Invalid nonce"]})


def test_asking_about_a_key_in_use_makes_its_bot_stumble(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    client.private_post_balance()
    desk.whoami(desk.trader, later_ms=60_000)
    with pytest.raises(ccxt.InvalidNonce):
        client.private_post_balance()


def test_a_bot_that_counts_in_microseconds_leaves_no_room_for_asking(desk: Desk) -> None:
    desk.venue.state.raise_counter(desk.trader.public_id, desk.venue.state.clock.now_ms() * 1000)
    assert desk.refusal(desk.trader) is Fault.NONCE


def test_a_foreign_address_is_refused(desk: Desk) -> None:
    key = desk.issue(ips=("203.0.113.0/24",))
    assert desk.refusal(key) is Fault.AMBIGUOUS
    desk.venue.state.switches.egress = "203.0.113.77"
    assert desk.whoami(key).ips == ("203.0.113.0/24",)


def test_a_missing_permission_is_told_apart(desk: Desk) -> None:
    with pytest.raises(ccxt.PermissionDenied):
        desk.ccxt(desk.trader).private_post_openorders()


def test_a_body_changed_on_the_way_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_post_balance({"asset": "XBT"})
    forged = replace(sent[-1], url=desk.base + "/0/private/Balance", body=sent[-1].body + b"&x=1")
    forged.headers["Content-Length"] = str(len(forged.body))
    assert send(forged).json["error"] == ["EAPI:Invalid signature"]


def test_a_key_with_a_second_factor_wants_it(desk: Desk) -> None:
    desk.trader.passphrase = "FAKE factor"
    with pytest.raises(ccxt.PermissionDenied):
        desk.ccxt(desk.trader).private_post_getapikeyinfo()
    assert desk.whoami(desk.trader, passphrase=Secret("FAKE factor")).public_id == desk.trader.public_id
    assert desk.refusal(desk.trader, passphrase=Secret("FAKE other")) is Fault.SIGNATURE


def test_our_adapter_is_accepted(desk: Desk) -> None:
    told = desk.whoami(desk.trader)
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN
    assert (told.account, told.ips, told.expires_at) == (desk.account.id, (), None)


def test_a_new_key_that_has_not_spread_yet_looks_like_a_dead_one(desk: Desk) -> None:
    state = desk.venue.state
    state.clock.frozen_ms = 1_795_176_000_000
    state.switches.new_key_delay_ms = 30_000
    key = desk.issue()
    assert desk.refusal(key) is Fault.AMBIGUOUS
    state.clock.advance(30_000)
    assert desk.whoami(key).public_id == key.public_id
