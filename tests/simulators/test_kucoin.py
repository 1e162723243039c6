"""KuCoin, asked by ccxt and by our adapter."""

from __future__ import annotations

from dataclasses import replace

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault, KeySpec, Origin
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters import kucoin
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from tests.simulators.ours import Desk, credential, wrong

PASSPHRASE = "FAKEpass27lettersanddigits7"
HERE = ("127.0.0.1",)


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served, "kucoin")


@pytest.fixture
def manager(desk: Desk) -> Key:
    return desk.issue(desk.main, ["General"])


@pytest.fixture
def trader(desk: Desk) -> Key:
    return desk.issue(desk.sub, ["General", "Spot"], HERE, label="bot")


def test_ccxt_is_accepted(desk: Desk, manager: Key, trader: Key) -> None:
    told = desk.ccxt(trader).private_get_user_api_key()["data"]
    assert (told["apiKey"], told["permission"]) == (trader.public_id, "General,Spot")
    listed = desk.ccxt(manager).private_get_sub_api_key({"subName": desk.sub.name})["data"]
    assert [row["apiKey"] for row in listed] == [trader.public_id]


def test_ccxt_makes_edits_and_deletes_a_key(desk: Desk, manager: Key) -> None:
    client, sub = desk.ccxt(manager), desk.sub.name
    form = {"subName": sub, "passphrase": "a b!", "remark": "bot", "permission": "General,Spot"}
    with pytest.raises(ccxt.ExchangeError, match="without spaces"):
        client.private_post_sub_api_key(form)
    made = client.private_post_sub_api_key({**form, "passphrase": "abc!@11"})["data"]
    named = {"subName": sub, "apiKey": made["apiKey"], "passphrase": "abc!@11"}
    edited = client.private_post_sub_api_key_update({**named, "permission": "General"})["data"]
    assert (edited["permission"], edited["ipWhitelist"]) == ("General", "")
    with pytest.raises(ccxt.ExchangeError, match="passphrase is wrong"):
        client.private_delete_sub_api_key({**named, "passphrase": "abc!@12"})
    client.private_delete_sub_api_key(named)  # ccxt does not encode it: one with # in it would be cut off
    assert client.private_get_sub_api_key({"subName": sub})["data"] == []


def test_an_edit_that_names_nothing_leaves_general_and_any_address(desk: Desk, manager: Key) -> None:
    key = desk.issue(desk.sub, ["General", "Spot"], HERE)
    named = {"subName": desk.sub.name, "apiKey": key.public_id, "passphrase": key.passphrase}
    desk.ccxt(manager).private_post_sub_api_key_update(named)
    assert (key.grants, key.ips) == ({"General"}, ())


def test_ccxt_with_a_wrong_secret_is_refused(desk: Desk, trader: Key) -> None:
    client = desk.ccxt(trader, "00000000-0000-4000-8000-000000000000")
    with pytest.raises(ccxt.AuthenticationError, match="400004"):  # signed by the secret as well
        client.private_get_accounts()


def test_our_adapter_runs_a_key_from_birth_to_death(desk: Desk, manager: Key) -> None:
    scopes = Scope.READ | Scope.TRADE_SPOT
    spec = KeySpec("kg_1", scopes, ("General", "Spot"), ("127.0.0.1", "203.0.113.7"), desk.sub.name)
    made = desk.run(manager, kucoin.create_key(spec), PASSPHRASE)
    assert made.credential.passphrase == Secret(PASSPHRASE)
    told = desk.whoami(made.credential)
    assert (told.scopes, told.account, told.label) == (scopes, desk.sub.name, "kg_1")
    assert (told.ips, told.ips_origin) == (None, Origin.UNKNOWN)  # masked
    (listed,) = desk.run(manager, kucoin.list_keys(desk.sub.name))
    assert listed == told
    narrow = replace(spec, scopes=Scope.READ, grants=("General",), ips=HERE)
    edited = desk.run(manager, kucoin.edit_key(listed, narrow), PASSPHRASE)
    assert (edited.scopes, edited.label) == (Scope.READ, "kg_1")
    assert desk.venue.state.book.keys[made.credential.key].ips == HERE
    desk.run(manager, kucoin.delete_key(listed), PASSPHRASE)
    assert desk.fault(made.credential) is Fault.KEY_UNKNOWN
    assert desk.run(manager, kucoin.list_keys(desk.sub.name)) == ()


def test_without_the_keys_own_passphrase_nothing_is_deleted(desk: Desk, manager: Key, trader: Key) -> None:
    (listed,) = desk.run(manager, kucoin.list_keys(desk.sub.name))
    with pytest.raises(Refused):
        desk.run(manager, kucoin.delete_key(listed), "FAKEwrong1")
    assert desk.whoami(trader).public_id == trader.public_id


def test_a_master_key_is_told_from_a_sub_key(desk: Desk, manager: Key) -> None:
    assert desk.whoami(manager).scopes == Scope.READ | Scope.MANAGE_KEYS


def test_refusals_are_told_apart(desk: Desk, trader: Key) -> None:
    who = credential(trader)
    assert desk.fault(wrong(trader, "00000000-0000-4000-8000-000000000000")) is Fault.SIGNATURE
    assert desk.fault(replace(who, passphrase=Secret("FAKEwrong1"))) is Fault.SIGNATURE
    assert desk.fault(replace(who, key="0" * 24)) is Fault.KEY_UNKNOWN
    assert desk.fault(trader, source="127.0.0.66") is Fault.IP
    assert desk.fault(trader, late_ms=60_000) is Fault.CLOCK
    assert desk.fault(trader, late_ms=-60_000) is Fault.CLOCK
    assert desk.fault(desk.issue(desk.sub, ["Spot"])) is Fault.SCOPE


def test_a_sub_key_manages_nothing(desk: Desk, trader: Key) -> None:
    with pytest.raises(Refused) as caught:
        desk.run(trader, kucoin.list_keys(desk.sub.name))
    assert caught.value.venue_code == "400100"


def test_a_firm_sees_its_own_sub_accounts_only(desk: Desk, served: Running, manager: Key) -> None:
    other = Desk(served, "kucoin")
    with pytest.raises(Refused):
        desk.run(manager, kucoin.list_keys(other.sub.name))


def test_its_clock_is_asked_without_a_key(desk: Desk, trader: Key) -> None:
    desk.venue.state.clock.frozen_ms = 1763600001000
    assert desk.run(trader, kucoin.clock()) == 1763600001000
