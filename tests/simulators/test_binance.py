"""Binance, asked by ccxt and by our own adapter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ccxt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.serve import Running
from keyguard_simulators.table import Table
from keyguard_simulators.venue import KeyForm, Unacceptable
from tests.simulators.clients import ccxt_client, send, tap

READER = ["enableReading"]
TRADER = [*READER, "enableSpotAndMarginTrading"]


class Desk:
    """A master account with a managing key, a sub-account with a trading key."""

    def __init__(self, served: Running) -> None:
        venue = served.venues["binance"]
        assert isinstance(venue, Table)
        self.venue, self.base = venue, served.urls["binance"]
        self.master = venue.open_account("firm", "")
        self.sub = venue.open_account("desk-a", self.master.id)
        self.manager = self.issue(self.master.id, TRADER)
        self.trader = self.issue(self.sub.id, TRADER)

    def issue(self, account: str, permissions: list[str], **more: Any) -> Key:
        return self.venue.issue(KeyForm(account, permissions, **more))

    def ccxt(self, key: Key, secret: str = "") -> Any:
        client = ccxt_client("binance", self.base, key, secret)
        client.urls["api"] = {
            name: f"{self.base}/{'api/v3' if name == 'private' else name.replace('sapi', 'sapi/')}"
            for name in client.urls["api"]
        }
        for version, name in (("v1", "sapi"), ("v2", "sapiV2")):
            client.urls["api"][name] = f"{self.base}/sapi/{version}"
        return client


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def pem(private: Any) -> tuple[str, str]:
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), public.decode()


def test_ccxt_reads_what_the_key_may_and_its_balances(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    told = client.sapi_get_account_apirestrictions()
    assert told["enableSpotAndMarginTrading"] is True
    assert told["enableWithdrawals"] is False
    assert told["ipRestrict"] is False
    assert {"asset": "USDT", "free": "25000", "locked": "0"} in client.private_get_account()["balances"]


def test_ccxt_binds_a_key_of_a_sub_account_and_reads_its_addresses(desk: Desk) -> None:
    client, which = desk.ccxt(desk.manager), {"email": desk.sub.id, "subAccountApiKey": desk.trader.public_id}
    made = client.sapiv2_post_sub_account_subaccountapi_iprestriction(
        {**which, "status": "2", "ipAddress": "203.0.113.10,203.0.113.11"}
    )
    assert made["ipList"] == ["203.0.113.10", "203.0.113.11"]
    told = client.sapi_get_sub_account_subaccountapi_iprestriction(which)
    assert (told["ipRestrict"], told["apiKey"]) == ("true", desk.trader.public_id)


def rsa_key() -> Any:
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("generate", [rsa_key, ed25519.Ed25519PrivateKey.generate], ids=["rsa", "ed25519"])
def test_ccxt_signs_with_a_key_of_its_own(desk: Desk, generate: Callable[[], Any]) -> None:
    (secret, public), (foreign, _) = pem(generate()), pem(generate())
    key = desk.issue(desk.sub.id, READER, public_key=public)
    assert desk.ccxt(key, secret).sapi_get_account_apirestrictions()["enableReading"] is True
    with pytest.raises(ccxt.ExchangeError, match="-1022"):
        desk.ccxt(key, foreign).sapi_get_account_apirestrictions()


def test_a_wrong_secret_is_refused(desk: Desk) -> None:
    with pytest.raises(ccxt.ExchangeError, match="-1022"):
        desk.ccxt(desk.trader, "x" * 64).sapi_get_account_apirestrictions()


def test_a_changed_parameter_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.sapi_get_account_apirestrictions()
    assert send(sent[-1]).status == 200
    forged = replace(sent[-1], url=sent[-1].url.replace("recvWindow=10000", "recvWindow=20000"))
    assert send(forged).json["code"] == -1022


def test_unknown_deleted_foreign_and_not_allowed_look_alike(desk: Desk) -> None:
    stranger = replace(desk.trader, public_id="x" * 64)
    bound = desk.issue(desk.sub.id, TRADER, ips=("203.0.113.10",))
    blind = desk.issue(desk.sub.id, ["enableFutures"])
    gone = desk.issue(desk.sub.id, TRADER)
    desk.venue.state.delete(gone, 0)
    for key in (stranger, bound, blind, gone):
        with pytest.raises(ccxt.ExchangeError, match="-2015"):
            desk.ccxt(key).sapi_get_account_apirestrictions()
    desk.venue.state.switches.egress = "203.0.113.10"
    assert desk.ccxt(bound).sapi_get_account_apirestrictions()["ipRestrict"] is True


def test_a_stale_clock_is_refused(desk: Desk) -> None:
    desk.venue.state.clock.offset_ms = 120_000
    with pytest.raises(ccxt.InvalidNonce, match="-1021"):
        desk.ccxt(desk.trader).sapi_get_account_apirestrictions()


def test_a_malformed_key_is_said_to_be_one(desk: Desk) -> None:
    with pytest.raises(ccxt.ExchangeError, match="-2014"):
        desk.ccxt(replace(desk.trader, public_id="no-key")).sapi_get_account_apirestrictions()


def test_without_addresses_trading_ends_after_30_days(desk: Desk) -> None:
    old = desk.issue(desk.sub.id, TRADER, age_days=31)
    bound = desk.issue(desk.sub.id, TRADER, age_days=31, ips=("127.0.0.1",))
    told = [desk.ccxt(key).sapi_get_account_apirestrictions() for key in (old, bound)]
    assert [row["enableSpotAndMarginTrading"] for row in told] == [False, True]
    assert int(told[0]["createTime"]) == pytest.approx(desk.trader.created_ms - 31 * DAY_MS, abs=5000)


def test_a_key_of_a_sub_account_manages_nothing(desk: Desk) -> None:
    which = {"email": desk.sub.id, "subAccountApiKey": desk.trader.public_id}
    with pytest.raises(ccxt.ExchangeError, match="-12022"):
        desk.ccxt(desk.trader).sapi_get_sub_account_subaccountapi_iprestriction(which)


def test_the_website_refuses_what_binance_refuses(desk: Desk) -> None:
    for permissions, ips in ((["trade"], ()), (TRADER, tuple(f"203.0.113.{n}" for n in range(31)))):
        with pytest.raises(Unacceptable):
            desk.issue(desk.sub.id, permissions, ips=ips)
