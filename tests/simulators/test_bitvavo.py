"""Bitvavo, asked by ccxt, and by our own adapter."""

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
from tests.adapters.venues.bitvavo import TRADER
from tests.simulators.clients import ccxt_client, send, tap
from tests.simulators.own_adapter import own

FOREIGN = ("203.0.113.10",)


class Desk:
    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["bitvavo"], served.urls["bitvavo"]
        self.account = self.venue.open_account("desk", "")

    def issue(self, permissions: list[str], ips: tuple[str, ...] = ()) -> Key:
        return self.venue.issue(KeyForm(self.account.id, permissions, ips=ips))

    def ccxt(self, key: Key, secret: str = "") -> Any:
        return ccxt_client("bitvavo", self.base, key, secret)


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_reads_account_and_balance(desk: Desk) -> None:
    client = desk.ccxt(desk.issue(TRADER))
    assert client.private_get_account()["fees"]["taker"] == "0.0025"
    assert client.private_get_balance({"symbol": "BTC"})[0]["available"] == "0.75"
    assert client.private_get_balance({"symbol": "a/b +"}) == []


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda key: replace(key, secret="x" * 128), 309),
        (lambda key: replace(key, public_id="0" * 64), 305),
        (lambda key: replace(key, public_id="0" * 63), 301),
    ],
)
def test_a_wrong_secret_an_unknown_and_a_mistyped_key_are_told_apart(
    desk: Desk, spoil: Any, code: int
) -> None:
    with pytest.raises(ccxt.AuthenticationError, match=f'"errorCode":{code}'):
        desk.ccxt(spoil(desk.issue(TRADER))).private_get_account()


def test_a_deleted_key_is_refused_as_unknown(desk: Desk) -> None:
    key = desk.issue(TRADER)
    desk.venue.state.delete(key, 0)
    with pytest.raises(ccxt.AuthenticationError, match='"errorCode":305'):
        desk.ccxt(key).private_get_account()


def test_a_key_not_confirmed_by_e_mail_is_refused_as_such(desk: Desk) -> None:
    key = desk.issue(TRADER)
    key.enabled = False
    with pytest.raises(ccxt.AuthenticationError, match='"errorCode":306'):
        desk.ccxt(key).private_get_account()


@pytest.mark.parametrize("offset_ms", [-11_000, 11_000])
def test_a_wrong_clock_is_refused(desk: Desk, offset_ms: int) -> None:
    desk.venue.state.clock.offset_ms = offset_ms
    with pytest.raises(ccxt.BaseError, match='"errorCode":304'):
        desk.ccxt(desk.issue(TRADER)).private_get_account()


def test_a_foreign_address_is_refused(desk: Desk) -> None:
    key = desk.issue(TRADER, FOREIGN)
    with pytest.raises(ccxt.BaseError, match='"errorCode":307'):
        desk.ccxt(key).private_get_account()
    desk.venue.state.switches.egress = FOREIGN[0]
    assert desk.ccxt(key).private_get_account()


@pytest.mark.parametrize(
    ("held", "path", "code"), [("trade", "account", 311), ("view", "withdrawalHistory", 312)]
)
def test_a_missing_right_is_refused(desk: Desk, held: str, path: str, code: int) -> None:
    client = desk.ccxt(desk.issue([held]))
    with pytest.raises(ccxt.BaseError, match=f'"errorCode":{code}'):
        client.fetch2(path, ["private"], "GET")


def test_a_changed_query_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.issue(TRADER))
    sent = tap(client.session)
    client.private_get_balance({"symbol": "BTC"})
    forged = replace(sent[-1], url=sent[-1].url.replace("BTC", "EUR"))
    assert send(forged).json["errorCode"] == 309


def test_a_form_bitvavo_would_not_take_is_refused(desk: Desk) -> None:
    with pytest.raises(Unacceptable):
        desk.issue(["margin"])
    with pytest.raises(Unacceptable):
        desk.issue(TRADER, ("203.0.113.0/24",))


def test_our_adapter_infers_reading_and_sees_the_key_die(desk: Desk, served: Running) -> None:
    key = desk.issue(TRADER)
    ours = own(served, "bitvavo", key)
    told = ours.run(lambda venue: venue.whoami(key.public_id))
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert ours.run(lambda venue: venue.clock()) > 0
    blind = desk.issue(["trade"])
    assert own(served, "bitvavo", blind).run(lambda v: v.whoami(blind.public_id)).scopes == Scope.NONE
    desk.venue.state.delete(key, 0)
    with pytest.raises(Refused) as caught:
        ours.run(lambda venue: venue.whoami(key.public_id))
    assert caught.value.fault is Fault.KEY_UNKNOWN
