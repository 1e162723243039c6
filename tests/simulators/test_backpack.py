"""Backpack, asked by ccxt, and by our own adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.adapters.venues.backpack import TRADER
from tests.simulators.clients import ccxt_client, send, tap
from tests.simulators.own_adapter import own

FOREIGN = ("203.0.113.10",)
ORDER = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "141", "postOnly": True}


class Desk:
    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["backpack"], served.urls["backpack"]
        self.account = self.venue.open_account("desk", "")

    def issue(self, permissions: Any = TRADER, ips: tuple[str, ...] = (), public_key: str = "") -> Key:
        return self.venue.issue(KeyForm(self.account.id, permissions, ips=ips, public_key=public_key))

    def ccxt(self, key: Key, secret: str = "") -> Any:
        return ccxt_client("backpack", self.base, key, secret)


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_reads_account_and_balances(desk: Desk) -> None:
    client = desk.ccxt(desk.issue())
    assert client.private_get_api_v1_account()["leverageLimit"] == "10"
    assert client.private_get_api_v1_capital()["BTC"]["available"] == "0.75"
    asked = {"blockchain": "Solana & co/+1"}
    assert client.private_get_wapi_v1_capital_deposit_address(asked)


def test_a_batch_signs_the_name_before_each_element(desk: Desk) -> None:
    assert desk.ccxt(desk.issue()).private_post_api_v1_orders([ORDER, ORDER]) == []


def test_a_holders_own_public_key_is_enough(desk: Desk) -> None:
    pair = desk.issue()
    desk.venue.state.book.keys.pop(pair.public_id)
    own_key = desk.issue(public_key=pair.public_id)
    assert own_key.secret == ""
    assert desk.ccxt(own_key, pair.secret).private_get_api_v1_account()


def test_an_unknown_key_a_deleted_one_and_a_wrong_secret_are_refused_alike(desk: Desk) -> None:
    key, other = desk.issue(), desk.issue()
    for client in (desk.ccxt(key, other.secret), desk.ccxt(replace(key, public_id="A" * 43 + "="))):
        with pytest.raises(ccxt.AuthenticationError, match="INVALID_SIGNATURE"):
            client.private_get_api_v1_account()
    desk.venue.state.delete(key, 0)
    with pytest.raises(ccxt.AuthenticationError, match="INVALID_SIGNATURE"):
        desk.ccxt(key).private_get_api_v1_account()


@pytest.mark.parametrize("offset_ms", [6_000, -2_000])
def test_a_wrong_clock_is_refused(desk: Desk, offset_ms: int) -> None:
    desk.venue.state.clock.offset_ms = offset_ms
    with pytest.raises(ccxt.BadRequest, match="expired"):
        desk.ccxt(desk.issue()).private_get_api_v1_account()


def test_a_foreign_address_is_refused(desk: Desk) -> None:
    key = desk.issue(ips=FOREIGN)
    with pytest.raises(ccxt.AuthenticationError, match="UNAUTHORIZED"):
        desk.ccxt(key).private_get_api_v1_account()
    desk.venue.state.switches.egress = FOREIGN[0]
    assert desk.ccxt(key).private_get_api_v1_account()


def test_a_read_only_key_that_writes_is_refused(desk: Desk) -> None:
    with pytest.raises(ccxt.OperationRejected, match="FORBIDDEN"):
        desk.ccxt(desk.issue(["read"])).private_post_api_v1_orders([ORDER])


def test_a_changed_parameter_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.issue())
    sent = tap(client.session)
    client.private_get_wapi_v1_capital_deposit_address({"blockchain": "Solana"})
    forged = replace(sent[-1], url=sent[-1].url.replace("Solana", "Bitcoin"))
    assert send(forged).json["code"] == "INVALID_SIGNATURE"


def test_our_adapter_infers_reading_and_sees_the_key_die(desk: Desk, served: Running) -> None:
    key = desk.issue()
    ours = own(served, "backpack", key, KeyKind.ED25519)
    assert ours.run(lambda v: v.clock()) > 0
    told = ours.run(lambda v: v.whoami(key.public_id))
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    desk.venue.state.delete(key, 0)
    with pytest.raises(Refused) as caught:
        ours.run(lambda v: v.whoami(key.public_id))
    assert caught.value.fault is Fault.AMBIGUOUS
