"""WhiteBIT, asked by ccxt, and by our own adapter."""

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
from tests.adapters.venues.whitebit import MANAGER, SPEC, TRADER
from tests.simulators.clients import send, tap
from tests.simulators.own_adapter import own

FOREIGN = ("203.0.113.10",)


class Desk:
    """A main account with a key that manages, and a sub-account with one that trades."""

    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["whitebit"], served.urls["whitebit"]
        self.main = self.venue.open_account("main", "")
        self.sub = self.venue.open_account("desk", self.main.id)
        self.manager = self.venue.issue(KeyForm(self.main.id, MANAGER))
        self.trader = self.issue()

    def issue(self, permissions: Any = TRADER, ips: tuple[str, ...] = ()) -> Key:
        return self.venue.issue(KeyForm(self.sub.id, permissions, ips=ips))

    def ccxt(self, key: Key, secret: str = "", *, windowed: bool = False) -> Any:
        client = ccxt.whitebit(
            {
                "apiKey": key.public_id,
                "secret": secret or key.secret,
                "options": {"sign": {"nonceWindow": windowed}},
            }
        )
        client.urls["api"]["v4"] = dict.fromkeys(client.urls["api"]["v4"], f"{self.base}/api/v4")
        client.rateLimit = 2
        return client


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


@pytest.mark.parametrize("windowed", [False, True])
def test_ccxt_reads_the_balance(desk: Desk, windowed: bool) -> None:
    client = desk.ccxt(desk.trader, windowed=windowed)
    assert client.v4_private_post_trade_account_balance()["BTC"]["available"] == "0.75"


def test_ccxt_makes_lists_binds_and_deletes_a_key(desk: Desk) -> None:
    client = desk.ccxt(desk.manager)
    made = client.v4_private_post_sub_account_api_key_create(
        {"type": 1, "subAccountId": desk.sub.id, "title": "mm_1"}
    )
    assert made["apiSecret"]
    one = {"apiKeyId": made["id"]}
    bound = client.v4_private_post_sub_account_api_key_ip_address_create({**one, "ip": FOREIGN[0]})
    assert bound["data"] == list(FOREIGN)
    told = client.v4_private_post_sub_account_api_key_list({"subAccountId": desk.sub.id})["data"]
    assert [row["apiKey"] for row in told] == [desk.trader.public_id, made["apiKey"]]
    assert {row["apiSecret"] for row in told} == {""}
    assert client.v4_private_post_sub_account_api_key_ip_address_list(one)["data"] == list(FOREIGN)
    assert (
        client.v4_private_post_sub_account_api_key_ip_address_delete({**one, "ip": FOREIGN[0]})["data"] == []
    )
    urls = [{"url": "/api/v4/order/new", "enable": True}]
    client.v4_private_post_sub_account_api_key_edit({**one, "title": "mm_2", "urls": urls})
    assert client.v4_private_post_sub_account_api_key_delete(one) == []
    assert len(client.v4_private_post_sub_account_api_key_list()["data"]) == 1


@pytest.mark.parametrize(
    "wrong", [{"type": 3}, {"subAccountId": "11111111-0000-4000-8000-000000000000"}, {"limit": 0}]
)
def test_parameters_that_do_not_fit_are_refused(desk: Desk, wrong: dict[str, Any]) -> None:
    path = "list" if "limit" in wrong else "create"
    sent = {"type": 1, "subAccountId": desk.sub.id, **wrong}
    with pytest.raises(ccxt.ExchangeError, match="Validation failed"):
        desk.ccxt(desk.manager).fetch2(f"sub-account/api-key/{path}", ["v4", "private"], "POST", sent)
    with pytest.raises(ccxt.ExchangeError, match="api key id is invalid"):
        desk.ccxt(desk.manager).v4_private_post_sub_account_api_key_delete({"apiKeyId": "x"})


def test_a_wrong_secret_an_unknown_and_a_deleted_key_are_refused_alike(desk: Desk) -> None:
    for client in (
        desk.ccxt(desk.trader, "x" * 32),
        desk.ccxt(replace(desk.trader, public_id="0" * 32)),
    ):
        with pytest.raises(ccxt.AuthenticationError, match="Unauthorized request"):
            client.v4_private_post_trade_account_balance()
    desk.venue.state.delete(desk.trader, 0)
    with pytest.raises(ccxt.AuthenticationError, match="Unauthorized request"):
        desk.ccxt(desk.trader).v4_private_post_trade_account_balance()


def test_one_call_from_a_foreign_address_switches_the_key_off(desk: Desk) -> None:
    key = desk.issue(ips=FOREIGN)
    with pytest.raises(ccxt.PermissionDenied, match="Enable your key"):
        desk.ccxt(key).v4_private_post_trade_account_balance()
    assert not key.enabled
    desk.venue.state.switches.egress = FOREIGN[0]
    with pytest.raises(ccxt.PermissionDenied, match="Enable your key"):
        desk.ccxt(key).v4_private_post_trade_account_balance()


def test_a_nonce_that_does_not_grow_is_refused_and_a_windowed_one_does_not_move_it(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.v4_private_post_trade_account_balance()
    assert send(sent[-1]).json["message"] == "Too many requests."
    later = desk.ccxt(desk.trader, windowed=True)
    later.incrementing_nonce = lambda: later.milliseconds() + 3000
    later.v4_private_post_trade_account_balance()
    assert client.v4_private_post_trade_account_balance()


def test_a_stale_or_repeated_nonce_in_the_window_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader, windowed=True)
    sent = tap(client.session)
    client.v4_private_post_trade_account_balance()
    assert send(sent[-1]).json["message"] == "Too many requests."
    desk.venue.state.clock.offset_ms = 6_000
    with pytest.raises(ccxt.ExchangeError, match="more than 5 seconds"):
        client.v4_private_post_trade_account_balance()


def test_a_body_that_is_not_the_payload_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.v4_private_post_trade_account_balance()
    forged = replace(sent[-1], body=sent[-1].body.replace(b"false", b"true "))
    assert send(forged).json["message"] == "Invalid payload."
    elsewhere = replace(
        sent[-1], url=sent[-1].url.replace("trade-account/balance", "sub-account/api-key/list")
    )
    assert send(elsewhere).json["message"] == "Invalid payload."


def test_only_the_main_accounts_key_manages_keys(desk: Desk) -> None:
    with pytest.raises(ccxt.ExchangeError, match='"code":4'):
        desk.ccxt(desk.trader).v4_private_post_sub_account_api_key_list()


def test_a_form_whitebit_would_not_take_is_refused(desk: Desk) -> None:
    with pytest.raises(Unacceptable):
        desk.issue(["everything"])


def test_our_adapter_makes_binds_and_ends_a_key(desk: Desk, served: Running) -> None:
    manager, spec = (
        own(served, "whitebit", desk.manager),
        replace(SPEC, account=desk.sub.id, ips=("127.0.0.1",)),
    )
    assert manager.run(lambda v: v.clock()) > 0
    assert manager.run(lambda v: v.whoami("")).scopes == Scope.READ | Scope.MANAGE_KEYS
    made = manager.run(lambda v: v.create_key(spec))
    new = replace(manager, who=made.credential, asked=[])
    told = new.run(lambda v: v.whoami(made.credential.key))
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    edited = manager.run(lambda v: v.edit_key(made.report, replace(spec, ips=("127.0.0.1", "203.0.113.7"))))
    listed = {one.public_id: one for one in manager.run(lambda v: v.list_keys(desk.sub.id))}
    assert listed[made.credential.key].ips == edited.ips == ("127.0.0.1", "203.0.113.7")
    assert listed[made.credential.key].scopes == spec.scopes
    manager.run(lambda v: v.delete_key(edited))
    assert len(manager.run(lambda v: v.list_keys(desk.sub.id))) == 1
    with pytest.raises(Refused) as caught:
        new.run(lambda v: v.whoami(made.credential.key))
    assert caught.value.fault is Fault.AMBIGUOUS
