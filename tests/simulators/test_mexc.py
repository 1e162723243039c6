"""MEXC, asked by ccxt and by our adapter."""

from __future__ import annotations

from dataclasses import replace

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault, KeySpec
from keyguard.core.keys import Scope
from keyguard_adapters import mexc
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from tests.simulators.ours import Desk, credential, wrong

HERE = ("127.0.0.1",)
WRONG = "0" * 32
TRADER = ["SPOT_ACCOUNT_READ", "SPOT_DEAL_READ", "SPOT_DEAL_WRITE"]


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served, "mexc")


@pytest.fixture
def manager(desk: Desk) -> Key:
    return desk.issue(desk.main, ["SPOT_ACCOUNT_READ", "SPOT_ACCOUNT_WRITE"], HERE)


@pytest.fixture
def trader(desk: Desk) -> Key:
    return desk.issue(desk.sub, TRADER, HERE, label="bot")


def test_ccxt_is_accepted_by_spot_and_futures(desk: Desk, manager: Key, trader: Key) -> None:
    assert desk.ccxt(trader).spot_private_get_uid()["uid"] == desk.sub.id
    listed = desk.ccxt(manager).spot_private_get_sub_account_apikey({"subAccount": desk.sub.name})
    assert [row["apiKey"] for row in listed["subAccount"]] == [trader.public_id]
    futures = desk.issue(desk.sub, ["CONTRACT_ACCOUNT_READ"], HERE)
    assert desk.ccxt(futures).contract_private_get_account_assets()["success"]


def test_ccxt_makes_binds_and_deletes_a_key(desk: Desk, manager: Key) -> None:
    client, sub = desk.ccxt(manager), desk.sub.name
    form = {"subAccount": sub, "note": "desk mm-1", "permissions": ",".join(TRADER), "ip": "1.2.3.4,1.2.3.5"}
    made = client.spot_private_post_sub_account_apikey(form)
    assert len(made["secretKey"]) == 32
    bound = client.spot_private_post_apikeyinfo({"apikey": made["apiKey"], "ipWhiteList": "1.2.3.4"})
    assert bound["ipWhiteList"] == "1.2.3.4"
    client.spot_private_delete_sub_account_apikey({"subAccount": sub, "apiKey": made["apiKey"]})
    assert client.spot_private_get_sub_account_apikey({"subAccount": sub}) == {"subAccount": []}


def test_ccxt_with_a_wrong_secret_is_refused(desk: Desk, trader: Key) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="700002"):
        desk.ccxt(trader, WRONG).spot_private_get_account()


def test_our_adapter_runs_a_key_from_birth_to_death(desk: Desk, manager: Key) -> None:
    ips = (*HERE, "203.0.113.7")
    scopes = Scope.READ | Scope.TRADE_SPOT
    spec = KeySpec("kg_1", scopes, tuple(sorted(TRADER)), ips, desk.sub.name)
    made = desk.run(manager, mexc.create_key(spec))
    told = desk.whoami(made.credential)
    assert told.grants == ("SPOT_ACCOUNT_READ", "SPOT_DEAL_READ")
    assert Scope.TRADE_SPOT in told.scopes_unknown
    (listed,) = desk.run(manager, mexc.list_keys(desk.sub.name))
    assert (listed.scopes, listed.ips, listed.label) == (scopes, ips, "kg_1")
    bound = desk.run(manager, mexc.edit_key(listed, replace(spec, ips=HERE)))
    (listed,) = desk.run(manager, mexc.list_keys(desk.sub.name))
    assert listed.ips == bound.ips == HERE
    desk.run(manager, mexc.delete_key(listed))
    assert desk.fault(made.credential) is Fault.KEY_UNKNOWN
    assert desk.run(manager, mexc.list_keys(desk.sub.name)) == ()


def test_futures_permissions_are_probed_too(desk: Desk) -> None:
    key = desk.issue(desk.sub, ["SPOT_ACCOUNT_READ", "CONTRACT_DEAL_READ"], HERE)
    assert desk.whoami(key).grants == ("CONTRACT_DEAL_READ", "SPOT_ACCOUNT_READ")


def test_a_master_key_is_told_from_a_sub_key(desk: Desk, manager: Key, trader: Key) -> None:
    assert Scope.MANAGE_KEYS in desk.whoami(manager).scopes
    assert Scope.MANAGE_KEYS not in desk.whoami(trader).scopes


def test_an_expired_key_looks_like_one_with_a_wrong_secret(desk: Desk, trader: Key) -> None:
    old = desk.issue(desk.sub, TRADER, age_days=90.1)
    assert desk.fault(old) is desk.fault(wrong(trader, WRONG)) is Fault.AMBIGUOUS
    assert desk.whoami(desk.issue(desk.sub, TRADER, HERE, age_days=90.1))


def test_refusals_are_told_apart(desk: Desk, trader: Key) -> None:
    assert desk.fault(replace(credential(trader), key="mx0" + "0" * 15)) is Fault.KEY_UNKNOWN
    assert desk.fault(trader, source="127.0.0.66") is Fault.IP
    assert desk.fault(trader, late_ms=5500) is Fault.CLOCK
    assert desk.fault(trader, late_ms=-1500) is Fault.CLOCK


def test_a_sub_key_and_a_reader_change_nothing(desk: Desk, trader: Key) -> None:
    (listed,) = desk.run(desk.issue(desk.main, ["SPOT_ACCOUNT_READ"]), mexc.list_keys(desk.sub.name))
    for caller, step in (
        (trader, mexc.delete_key(listed)),
        (desk.issue(desk.main, ["SPOT_DEAL_READ"]), mexc.delete_key(listed)),
    ):
        with pytest.raises(Refused):
            desk.run(caller, step)
    assert desk.whoami(trader)


def test_its_clock_is_asked_without_a_key(desk: Desk, trader: Key) -> None:
    desk.venue.state.clock.frozen_ms = 1763600001000
    assert desk.run(trader, mexc.clock()) == 1763600001000
