"""OKX, asked by ccxt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.table import Table
from keyguard_simulators.venue import KeyForm, Unacceptable
from tests.simulators.clients import Sent, send, tap

TRADER = ["read_only", "trade"]
HERE = ("127.0.0.1",)


class Desk:
    """A master account with a managing key, a sub-account with a trading key."""

    def __init__(self, served: Running) -> None:
        venue = served.venues["okx"]
        assert isinstance(venue, Table)
        self.venue, self.base = venue, served.urls["okx"]
        self.master = venue.open_account("firm", "")
        self.sub = venue.open_account("desk-a", self.master.id)
        self.manager = self.issue(self.master.id, ips=HERE)
        self.trader = self.issue(self.sub.id)

    def issue(self, account: str, permissions: list[str] = TRADER, ips: tuple[str, ...] = ()) -> Key:
        return self.venue.issue(KeyForm(account, permissions, ips=ips))

    def ccxt(self, key: Key, secret: str = "", passphrase: str = "") -> Any:
        client = ccxt.okx(
            {
                "apiKey": key.public_id,
                "secret": secret or key.secret,
                "password": passphrase or key.passphrase,
            }
        )
        client.urls["api"] = {"rest": self.base}
        client.rateLimit = 1
        return client

    def create(self, key: Key, **changes: str) -> Any:
        body = {
            "subAcct": self.sub.id,
            "label": "bot",
            "passphrase": "FAKEpass-Word1",
            "perm": "read_only,trade",
            "ip": "203.0.113.10,203.0.113.0/24",
        }
        return self.ccxt(key).private_post_users_subaccount_apikey({**body, **changes})["data"][0]


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_reads_what_the_key_may_and_its_balances(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    (told,) = client.private_get_account_config()["data"]
    assert (told["perm"], told["ip"], told["type"]) == ("read_only,trade", "", "1")
    assert told["uid"] != told["mainUid"]
    (balance,) = client.private_get_account_balance({"ccy": "BTC,USDT"})["data"]
    assert [row["ccy"] for row in balance["details"]] == ["BTC", "USDT"]


def test_ccxt_makes_changes_lists_and_deletes_a_key_of_a_sub_account(desk: Desk) -> None:
    made, client = desk.create(desk.manager), desk.ccxt(desk.manager)
    which = {"subAcct": desk.sub.id, "apiKey": made["apiKey"]}
    assert made["passphrase"] == "FAKEpass-Word1"
    assert desk.venue.state.book.keys[made["apiKey"]].secret == made["secretKey"]
    client.private_post_users_subaccount_modify_apikey({**which, "perm": "read_only", "ip": ""})
    (row,) = client.private_get_users_subaccount_apikey(which)["data"]
    assert (row["perm"], row["ip"], row["label"]) == ("read_only", "", "bot")
    client.private_post_users_subaccount_delete_apikey(which)
    listed = client.private_get_users_subaccount_apikey({"subAcct": desk.sub.id})["data"]
    assert [key["apiKey"] for key in listed] == [desk.trader.public_id]


def test_each_thing_wrong_has_its_own_code(desk: Desk) -> None:
    bound = desk.issue(desk.sub.id, ips=("203.0.113.10",))
    gone = desk.issue(desk.sub.id)
    desk.venue.state.delete(gone, 0)
    stranger = replace(desk.trader, public_id="00000000-0000-4000-8000-000000000000")
    for client, code in (
        (desk.ccxt(desk.trader, secret="0" * 32), "50113"),
        (desk.ccxt(desk.trader, passphrase="FAKE-Wrong1"), "50105"),
        (desk.ccxt(stranger), "50119"),
        (desk.ccxt(gone), "50119"),
        (desk.ccxt(bound), "50110"),
    ):
        with pytest.raises(ccxt.BaseError, match=f'"code":"{code}"'):
            client.private_get_account_config()


def test_a_changed_parameter_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_get_account_balance({"ccy": "BTC,USDT"})
    assert send(sent[-1]).status == 200
    assert send(replace(sent[-1], url=sent[-1].url.replace("USDT", "USDC"))).json["code"] == "50113"


@pytest.mark.parametrize("stamp", ["", "now", "2020-11-20T09:00:00.000", "2020-11-20T09:00:00.000Z"])
def test_a_stale_or_senseless_time_is_refused(desk: Desk, stamp: str) -> None:
    headers = {f"OK-ACCESS-{name}": "FAKE" for name in ("KEY", "SIGN", "PASSPHRASE")}
    request = Sent(
        "GET", f"{desk.base}/api/v5/account/config", {**headers, "OK-ACCESS-TIMESTAMP": stamp}, b""
    )
    assert send(request).json["code"] in ("50107", "50112", "50102")


def test_ccxt_is_told_that_its_clock_is_wrong(desk: Desk) -> None:
    desk.venue.state.clock.offset_ms = 60_000
    with pytest.raises(ccxt.InvalidNonce, match="50102"):
        desk.ccxt(desk.trader).private_get_account_config()


def test_a_missing_permission_is_refused(desk: Desk) -> None:
    reader = desk.issue(desk.master.id, ["read_only"], HERE)
    with pytest.raises(ccxt.ExchangeError, match="50120"):
        desk.create(reader)


def test_only_a_bound_key_of_the_master_manages_keys(desk: Desk) -> None:
    free = desk.issue(desk.master.id)
    with pytest.raises(ccxt.ExchangeError, match="50035"):
        desk.create(free)
    sub_bound = desk.issue(desk.sub.id, ips=HERE)
    with pytest.raises(ccxt.ExchangeError, match="59500"):
        desk.create(sub_bound)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subAcct": "nowhere01"}, "59510"),
        ({"perm": "read_only,withdraw"}, "59504"),
        ({"perm": "teleport"}, "51000"),
        ({"passphrase": "simple"}, "59505"),
        ({"ip": "desk.example.test"}, "51000"),
        ({"ip": ",".join(f"203.0.113.{n}" for n in range(21))}, "59503"),
    ],
)
def test_a_key_that_cannot_be_is_refused(desk: Desk, changes: dict[str, str], code: str) -> None:
    with pytest.raises(ccxt.BaseError, match=code):
        desk.create(desk.manager, **changes)


def test_two_keys_of_an_account_have_two_names(desk: Desk) -> None:
    desk.create(desk.manager)
    with pytest.raises(ccxt.ExchangeError, match="59502"):
        desk.create(desk.manager)


def test_the_website_refuses_what_okx_refuses(desk: Desk) -> None:
    for permissions, ips in ((["everything"], ()), (TRADER, tuple(f"203.0.113.{n}" for n in range(21)))):
        with pytest.raises(Unacceptable):
            desk.issue(desk.sub.id, permissions, ips)
