"""BingX, asked by ccxt, by requests ccxt's JavaScript build signed, and by our adapter.

ccxt's Python build cannot encode BingX's JSON bodies (TypeError), so the calls that change keys are those of
the shared vectors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault, KeySpec
from keyguard.core.keys import Scope
from keyguard_adapters import bingx
from keyguard_simulators.accounts import Account, Key
from keyguard_simulators.serve import Running
from tests.adapters.test_vectors import read
from tests.simulators.ours import Desk, credential, replay, wrong

HERE = ("127.0.0.1",)
WRONG = "0" * 83
SPOT = Scope.TRADE_SPOT | Scope.TRADE_MARGIN


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served, "bingx")


@pytest.fixture
def manager(desk: Desk) -> Key:
    return desk.issue(desk.main, ["2", "manage"], HERE)


@pytest.fixture
def trader(desk: Desk) -> Key:
    return desk.issue(desk.sub, ["1", "2"], HERE, label="bot")


def test_ccxt_is_accepted(desk: Desk, manager: Key, trader: Key) -> None:
    client = desk.ccxt(trader)
    told = client.account_v1_private_get_account_apipermissions()["data"]
    assert (told["apiKey"], told["permissions"]) == (trader.public_id, [1, 2])
    assert client.account_v1_private_get_uid()["data"]["uid"] == int(desk.sub.id)
    query = {"uid": desk.sub.id, "apiKey": trader.public_id}
    (row,) = desk.ccxt(manager).account_v1_private_get_apikey_query(query)["data"]["apiInfos"]
    assert row["apiKey"] == f"{trader.public_id[:2]}****{trader.public_id[-2:]}"


def test_ccxt_with_a_wrong_secret_is_refused(desk: Desk, trader: Key) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="100001"):
        desk.ccxt(trader, WRONG).account_v1_private_get_uid()


SIGNED: list[dict[str, Any]] = read("bingx")


@pytest.mark.parametrize("vector", SIGNED, ids=lambda vector: str(vector["name"]))
def test_signed_by_others(desk: Desk, vector: dict[str, Any]) -> None:
    accounts = desk.venue.state.book.accounts
    accounts["16789001"] = Account("16789001", "desk", desk.main.id)
    spoilt = {**vector, "expected": {**vector["expected"]}}
    if vector["expected"]["body"]:
        spoilt["expected"]["body"] = vector["expected"]["body"].replace("16789001", "16789002")
    grants = frozenset({"2", "manage"})
    in_address = "" if vector["expected"]["body"] else "signature"
    assert replay(desk, spoilt, grants, spoil=in_address).json["code"] == 100001
    assert replay(desk, vector, grants).json.get("code") in (0, 100404, 100400)  # past the signature


def test_our_adapter_runs_a_key_from_birth_to_death(desk: Desk, manager: Key) -> None:
    spec = KeySpec("kg_1", Scope.READ | SPOT, ("1", "2"), (*HERE, "203.0.113.7"), desk.sub.id)
    made = desk.run(manager, bingx.create_key(spec))
    told = desk.whoami(made.credential)
    assert (told.scopes, told.ips, told.account) == (spec.scopes, spec.ips, desk.sub.id)
    assert told.label == "kg_1"
    narrow = replace(spec, scopes=Scope.READ, grants=("2",), ips=HERE)
    edited = desk.run(manager, bingx.edit_key(told, narrow))
    told = desk.whoami(made.credential)
    assert (told.scopes, told.ips) == (edited.scopes, edited.ips) == (Scope.READ, HERE)
    desk.run(manager, bingx.delete_key(told))
    assert desk.fault(made.credential) is Fault.KEY_UNKNOWN


def test_a_manager_is_told_by_the_sub_accounts_it_sees(desk: Desk, manager: Key, trader: Key) -> None:
    assert Scope.MANAGE_KEYS in desk.whoami(manager).scopes
    assert Scope.MANAGE_KEYS not in desk.whoami(trader).scopes


def test_refusals_are_told_apart(desk: Desk, trader: Key) -> None:
    assert desk.fault(wrong(trader, WRONG)) is Fault.SIGNATURE
    assert desk.fault(replace(credential(trader), key="0" * 83)) is Fault.KEY_UNKNOWN
    assert desk.fault(trader, source="127.0.0.66") is Fault.IP
    assert desk.fault(trader, late_ms=5500) is Fault.CLOCK
    assert desk.fault(desk.issue(desk.sub, ["1"], HERE)) is Fault.SCOPE


def test_without_the_right_nothing_is_deleted(desk: Desk, trader: Key) -> None:
    told = desk.whoami(trader)
    for caller in (trader, desk.issue(desk.main, ["2"])):
        with pytest.raises(Refused) as caught:
            desk.run(caller, bingx.delete_key(told))
        assert caught.value.fault is Fault.SCOPE
    assert desk.whoami(trader)


def test_its_clock_is_asked_without_a_key(desk: Desk, trader: Key) -> None:
    desk.venue.state.clock.frozen_ms = 1763600001000
    assert desk.run(trader, bingx.clock()) == 1763600001000
