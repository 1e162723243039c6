"""Bitget, asked by ccxt, by requests bitget-api signed, and by our adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault, KeySpec
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters import bitget
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from tests.adapters.test_vectors import read
from tests.simulators.ours import Desk, credential, replay, wrong

PASSPHRASE = "FAKEpass27lettersanddigits7"
HERE = ("127.0.0.1",)
WRONG = "0" * 64
TRADE = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served, "bitget")


@pytest.fixture
def classic(desk: Desk) -> Desk:
    desk.venue.state.switches.classic_accounts = True
    return desk


@pytest.fixture
def manager(desk: Desk) -> Key:
    return desk.issue(desk.main, ["uta_mgt", "chow", "read"], HERE)


@pytest.fixture
def trader(desk: Desk) -> Key:
    return desk.issue(desk.sub, ["uta_trade", "spot_trade", "read"], HERE, label="bot")


def test_ccxt_is_accepted_by_a_unified_account(desk: Desk, manager: Key, trader: Key) -> None:
    told = desk.ccxt(trader).private_uta_get_v3_account_info()["data"]
    assert (told["uid"], told["permissions"]) == (desk.sub.id, ["uta_trade"])
    client = desk.ccxt(manager)
    listed = client.private_uta_get_v3_user_sub_api_list({"subUid": desk.sub.id, "limit": 100})["data"]
    assert [row["apiKey"] for row in listed["items"]] == [trader.public_id]


def test_ccxt_is_accepted_by_a_classic_account(classic: Desk, manager: Key, trader: Key) -> None:
    told = classic.ccxt(trader).private_spot_get_v2_spot_account_info()["data"]
    assert (told["userId"], told["authorities"]) == (classic.sub.id, ["stow", "stor"])
    query = {"subAccountUid": classic.sub.id}
    (row,) = classic.ccxt(manager).private_user_get_v2_user_virtual_subaccount_apikey_list(query)["data"]
    assert row["subAccountApiKey"] == trader.public_id


def test_an_account_refuses_the_other_modes_calls(desk: Desk, trader: Key) -> None:
    with pytest.raises(ccxt.ExchangeError, match="40085"):
        desk.ccxt(trader).private_spot_get_v2_spot_account_info()
    desk.venue.state.switches.classic_accounts = True
    with pytest.raises(ccxt.ExchangeError, match="40084"):
        desk.ccxt(trader).private_uta_get_v3_account_info()


def test_a_classic_edit_by_ccxt_clears_the_addresses(classic: Desk, manager: Key, trader: Key) -> None:
    client, named = classic.ccxt(manager), {"subAccountUid": classic.sub.id, "label": "bot"}
    named |= {"subAccountApiKey": trader.public_id, "passphrase": trader.passphrase}
    client.private_user_post_v2_user_modify_virtual_subaccount_apikey(named)
    assert trader.ips == ()
    assert "spot_trade" in trader.grants  # permissions that are not named stay


def test_ccxt_with_a_wrong_secret_is_refused(desk: Desk, trader: Key) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="40009"):
        desk.ccxt(trader, WRONG).private_uta_get_v3_account_info()


SIGNED: list[dict[str, Any]] = [
    vector for vector in read("bitget") if vector["request"]["path"].endswith("/account/info")
]


@pytest.mark.parametrize("vector", SIGNED, ids=lambda vector: str(vector["name"]))
def test_signed_by_others(desk: Desk, vector: dict[str, Any]) -> None:
    desk.venue.state.switches.classic_accounts = "classic" in vector["name"]
    grants = frozenset({"read", "uta_mgt"})
    assert replay(desk, vector, grants, spoil="ACCESS-SIGN").json["code"] == "40009"
    assert replay(desk, vector, grants).json["code"] == "00000"


def test_our_adapter_runs_a_unified_key_from_birth_to_death(desk: Desk, manager: Key) -> None:
    spec = KeySpec("kg_1", Scope.READ | TRADE, ("uta_trade",), (*HERE, "203.0.113.7"), desk.sub.id)
    made = desk.run(manager, bitget.create_key(spec), PASSPHRASE)
    assert made.credential.passphrase == Secret(PASSPHRASE)
    told = desk.whoami(made.credential)
    assert (told.scopes, told.ips, told.account) == (spec.scopes, spec.ips, desk.sub.id)
    assert told.parent == desk.main.id
    for _ in range(4):
        desk.issue(desk.sub, ["uta_trade"])  # a second page
    listed = desk.run(manager, bitget.list_keys(desk.sub.id))
    assert len(listed) == 5
    assert (listed[0].label, listed[0].scopes, listed[0].ips) == ("kg_1", spec.scopes, spec.ips)
    narrow = replace(spec, scopes=Scope.READ, grants=("uta_trade:read",), ips=HERE)
    edited = desk.run(manager, bitget.edit_key(listed[0], narrow), PASSPHRASE)
    told = desk.whoami(made.credential)
    assert (told.scopes, told.ips) == (edited.scopes, edited.ips) == (Scope.READ, HERE)
    desk.run(manager, bitget.delete_key(listed[0]))
    assert desk.fault(made.credential) is Fault.KEY_UNKNOWN
    assert len(desk.run(manager, bitget.list_keys(desk.sub.id))) == 4


def test_our_adapter_makes_and_edits_a_classic_key(classic: Desk, manager: Key) -> None:
    scopes = Scope.READ | Scope.TRADE_SPOT
    spec = KeySpec("kg_1", scopes, ("read", "spot_trade"), (*HERE, "203.0.113.7"), classic.sub.id)
    made = classic.run(manager, bitget.create_key(spec), PASSPHRASE)
    told = classic.whoami(made.credential)
    assert (told.scopes, told.ips, told.parent) == (scopes, spec.ips, classic.main.id)
    (listed,) = classic.run(manager, bitget.list_keys(classic.sub.id))
    narrow = replace(spec, scopes=Scope.READ, grants=("read",), ips=HERE)
    classic.run(manager, bitget.edit_key(listed, narrow), PASSPHRASE)
    (listed,) = classic.run(manager, bitget.list_keys(classic.sub.id))
    assert (listed.scopes, listed.ips) == (Scope.READ, HERE)


def test_a_classic_manager_has_to_be_bound(classic: Desk, trader: Key) -> None:
    (listed,) = classic.run(classic.issue(classic.main, ["chow"]), bitget.list_keys(classic.sub.id))
    spec = KeySpec("bot", Scope.READ, ("read",), HERE, classic.sub.id)
    with pytest.raises(Refused) as caught:
        unbound = classic.issue(classic.main, ["chow"])
        classic.run(unbound, bitget.edit_key(listed, spec), trader.passphrase)
    assert (caught.value.fault, caught.value.venue_code) == (Fault.SCOPE, "22010")


def test_a_wrong_passphrase_changes_nothing(desk: Desk, manager: Key, trader: Key) -> None:
    (listed,) = desk.run(manager, bitget.list_keys(desk.sub.id))
    spec = KeySpec("bot", Scope.READ, ("uta_trade:read",), (), desk.sub.id)
    with pytest.raises(Refused) as caught:
        desk.run(manager, bitget.edit_key(listed, spec), "FAKEwrong1")
    assert caught.value.fault is Fault.SIGNATURE
    assert trader.ips == HERE


def test_refusals_are_told_apart_but_for_key_and_passphrase(desk: Desk, trader: Key) -> None:
    who = credential(trader)
    assert desk.fault(wrong(trader, WRONG)) is Fault.SIGNATURE
    assert desk.fault(replace(who, passphrase=Secret("FAKEwrong1"))) is Fault.AMBIGUOUS
    assert desk.fault(replace(who, key="bg_" + "0" * 32)) is Fault.KEY_UNKNOWN
    assert desk.fault(trader, source="127.0.0.66") is Fault.IP
    assert desk.fault(trader, late_ms=30_001) is Fault.CLOCK


def test_a_key_that_may_only_read_manages_nothing(desk: Desk, trader: Key) -> None:
    watcher = desk.issue(desk.main, ["uta_mgt"], HERE, read_only=True)
    (listed,) = desk.run(watcher, bitget.list_keys(desk.sub.id))
    for caller in (watcher, trader):
        with pytest.raises(Refused) as caught:
            desk.run(caller, bitget.delete_key(listed))
        assert caught.value.fault is Fault.SCOPE


def test_its_clock_is_asked_without_a_key(desk: Desk, trader: Key) -> None:
    desk.venue.state.clock.frozen_ms = 1763600001000
    assert desk.run(trader, bitget.clock()) == 1763600001000
