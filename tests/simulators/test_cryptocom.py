"""Crypto.com, asked by ccxt and by our adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Credential, Fault, Request
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters.cryptocom import ADAPTER
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import ask, call, rerouted, send, tap


class Desk:
    """A master and a sub-account with a trading key."""

    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["cryptocom"], served.urls["cryptocom"]
        self.master = self.venue.open_account("firm", "")
        self.sub = self.venue.open_account("desk", self.master.id)
        self.trader = self.issue(["trading"])

    def issue(self, switches: Any, **form: Any) -> Key:
        return self.venue.issue(KeyForm(self.sub.id, switches, **form))

    def ccxt(self, key: Key, **credential: str) -> Any:
        return rerouted("cryptocom", self.base, key, **credential)

    def whoami(self, held: Key, **parts: Any) -> Any:
        who = replace(Credential(held.public_id, Secret(held.secret)), **parts)
        now_ms = self.venue.state.clock.now_ms()
        return ask(ADAPTER, self.base, ADAPTER.whoami(held.public_id), who, now_ms)

    def refusal(self, held: Key, **parts: Any) -> Fault:
        with pytest.raises(Refused) as caught:
            self.whoami(held, **parts)
        return caught.value.fault


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_is_told_where_its_key_lives(desk: Desk) -> None:
    told = desk.ccxt(desk.trader).v1_private_post_private_get_accounts()["result"]
    assert told["this_account"]["uuid"] == desk.sub.id
    assert told["master_account"]["uuid"] == desk.master.id


def test_ccxt_is_accepted_with_parameters(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    assert client.v1_private_post_private_get_order_detail({"order_id": "1", "a": "2"})["code"] == 0


def test_a_wrong_secret_and_a_deleted_key_get_the_same_answer(desk: Desk) -> None:
    wrong = "cxakp_" + "x" * 22
    with pytest.raises(ccxt.AuthenticationError, match="40101"):
        desk.ccxt(desk.trader, secret=wrong).v1_private_post_private_get_accounts()
    assert desk.refusal(desk.trader, secret=Secret(wrong)) is Fault.AMBIGUOUS
    desk.venue.state.delete(desk.trader, 0)
    with pytest.raises(ccxt.AuthenticationError, match="40101"):
        desk.ccxt(desk.trader).v1_private_post_private_get_accounts()
    assert desk.refusal(desk.trader) is Fault.AMBIGUOUS
    assert desk.refusal(desk.trader, key="x" * 22) is Fault.AMBIGUOUS


def test_a_clock_a_minute_off_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    desk.venue.state.clock.offset_ms = -55_000
    assert client.v1_private_post_private_get_accounts()
    desk.venue.state.clock.offset_ms = -120_000
    with pytest.raises(ccxt.InvalidNonce, match="40102"):
        client.v1_private_post_private_get_accounts()


def test_a_request_sent_twice_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.v1_private_post_private_get_accounts()
    again = send(replace(sent[-1], url=f"{desk.base}/exchange/v1/private/get-accounts"))
    assert (again.status, again.json["code"]) == (400, 40006)


def test_a_body_changed_on_the_way_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.v1_private_post_private_get_order_detail({"order_id": "1"})
    forged = replace(
        sent[-1],
        url=f"{desk.base}/exchange/v1/private/get-order-detail",
        body=sent[-1].body.replace(b'"order_id":"1"', b'"order_id":"2"'),
    )
    assert send(forged).json["code"] == 40101


def test_a_request_for_another_path_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.v1_private_post_private_get_accounts()
    assert send(replace(sent[-1], url=f"{desk.base}/exchange/v1/private/user-balance")).status == 401


def test_a_foreign_address_is_told_apart(desk: Desk) -> None:
    key = desk.issue([], ips=("203.0.113.10",))
    assert desk.refusal(key) is Fault.IP
    desk.venue.state.switches.egress = "203.0.113.10"
    assert desk.whoami(key).scopes == Scope.READ


def test_a_missing_switch_looks_like_a_dead_key(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    with pytest.raises(ccxt.AuthenticationError, match="40101"):
        client.v1_private_post_private_get_deposit_address({"currency": "BTC"})
    payer = desk.ccxt(desk.issue(["withdrawal"]))
    assert payer.v1_private_post_private_get_deposit_address({"currency": "BTC"})["code"] == 0


def test_a_call_without_a_body_is_refused(desk: Desk) -> None:
    assert call(desk.base, "POST", "/exchange/v1/private/get-accounts").json["code"] == 40102


def test_our_adapter_is_accepted(desk: Desk) -> None:
    told = desk.whoami(desk.trader)
    assert (told.account, told.parent, told.scopes) == (desk.sub.id, desk.master.id, Scope.READ)


def test_our_nested_parameters_are_signed_as_the_venue_reads_them(desk: Desk) -> None:
    who = Credential(desk.trader.public_id, Secret(desk.trader.secret))
    nested = {"list": [{"b": "2", "a": None}, {"c": ["x", "y"]}], "deep": {"z": {"y": "1"}}}

    def step() -> Any:
        reply = yield Request("POST", "/exchange/v1/private/get-order-detail", body=nested)
        return reply.json["code"]

    assert ask(ADAPTER, desk.base, step(), who, desk.venue.state.clock.now_ms()) == 0
