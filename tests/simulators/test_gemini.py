"""Gemini, asked by ccxt and by our adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Credential, Fault
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters.gemini import ADAPTER
from keyguard_simulators.accounts import Key
from keyguard_simulators.gemini import dead_man_left_ms
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import ask, call, rerouted, send, tap


class Desk:
    """An account with a trading key."""

    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["gemini"], served.urls["gemini"]
        self.account = self.venue.open_account("desk", "")
        self.trader = self.issue(["Trader"])

    def issue(self, roles: Any, **form: Any) -> Key:
        return self.venue.issue(KeyForm(self.account.id, roles, **form))

    def ccxt(self, key: Key, **credential: str) -> Any:
        client = rerouted("gemini", self.base, key, **credential)
        client.nonce = client.milliseconds  # ccxt counts in seconds unless told otherwise
        return client

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


def test_ccxt_is_told_its_roles_and_reads_balances(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    assert client.private_post_v1_roles() == {"isAuditor": False, "isFundManager": False, "isTrader": True}
    assert {row["currency"] for row in client.private_post_v1_balances()} == {"USDT", "BTC"}


def test_a_wrong_secret_is_refused(desk: Desk) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="InvalidSignature"):
        desk.ccxt(desk.trader, secret="x" * 28).private_post_v1_roles()
    assert desk.refusal(desk.trader, secret=Secret("x" * 28)) is Fault.SIGNATURE


def test_an_unknown_or_deleted_key_is_refused(desk: Desk) -> None:
    desk.venue.state.delete(desk.trader, 0)
    with pytest.raises(ccxt.ExchangeError):
        desk.ccxt(desk.trader).private_post_v1_roles()
    assert desk.refusal(desk.trader) is Fault.KEY_UNKNOWN
    assert desk.venue.state.seen[-1].code == "InvalidApiKey"


def test_a_nonce_must_grow(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_post_v1_roles()
    again = send(replace(sent[-1], url=desk.base + "/v1/roles"))
    assert (again.status, again.json["reason"]) == (400, "InvalidNonce")


def test_asking_about_a_key_in_use_makes_its_bot_stumble(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    client.private_post_v1_roles()
    desk.whoami(desk.trader, later_ms=60_000)
    with pytest.raises(ccxt.InvalidNonce):
        client.private_post_v1_roles()


def test_asking_keeps_the_orders_of_a_dead_program_alive(desk: Desk) -> None:
    state = desk.venue.state
    state.clock.frozen_ms = 1_795_176_000_000
    desk.trader.features = ("heartbeat",)
    desk.whoami(desk.trader)
    state.clock.advance(25_000)
    assert dead_man_left_ms(state, desk.trader) == 5_000
    desk.whoami(desk.trader)
    assert dead_man_left_ms(state, desk.trader) == 30_000


def test_a_key_with_a_time_based_nonce_takes_ours(desk: Desk) -> None:
    desk.trader.features = ("time",)
    assert desk.whoami(desk.trader).grants == ("Trader",)
    assert desk.whoami(desk.trader).grants == ("Trader",)  # it need not grow
    assert desk.refusal(desk.trader, later_ms=60_000) is Fault.NONCE


def test_a_foreign_address_is_refused(desk: Desk) -> None:
    key = desk.issue(["Auditor"], ips=("203.0.113.10",))
    assert desk.refusal(key) is Fault.IP
    desk.venue.state.switches.egress = "203.0.113.10"
    assert desk.whoami(key).scopes == Scope.READ


def test_a_missing_role_is_told_apart(desk: Desk) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="a role is needed: FundManager"):
        desk.ccxt(desk.trader).private_post_v1_approvedaddresses_account_network({"network": "ethereum"})


def test_a_payload_for_another_request_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_post_v1_roles()
    assert send(replace(sent[-1], url=desk.base + "/v1/balances")).json["reason"] == "EndpointMismatch"


def test_a_call_without_headers_is_refused(desk: Desk) -> None:
    assert call(desk.base, "POST", "/v1/roles").json["reason"] == "MissingApikeyHeader"


def test_our_adapter_is_accepted(desk: Desk) -> None:
    told = desk.whoami(desk.trader)
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES
