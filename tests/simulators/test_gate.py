"""Gate, asked by ccxt and by our adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault, KeySpec, Origin
from keyguard.core.keys import Scope
from keyguard_adapters import gate
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from tests.simulators.ours import Desk, credential, wrong

HERE = ("127.0.0.1",)
WRONG = "0" * 64


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served, "gate")


@pytest.fixture
def manager(desk: Desk) -> Key:
    return desk.issue(desk.main, ["sub_accounts:read_write", "account:read"], HERE)


@pytest.fixture
def trader(desk: Desk) -> Key:
    return desk.issue(desk.sub, ["spot:read_write", "wallet:read"], HERE, label="bot")


def keys_of(client: Any, verb: str, **sent: Any) -> Any:
    path = "_key" if "key" in sent else ""
    return getattr(client, f"private_subaccounts_{verb}_sub_accounts_user_id_keys{path}")(sent)


def test_ccxt_is_accepted(desk: Desk, manager: Key, trader: Key) -> None:
    told = desk.ccxt(trader).private_account_get_detail()
    assert (told["user_id"], told["ip_whitelist"]) == (int(desk.sub.id), ["127.0.0.1"])
    (row,) = keys_of(desk.ccxt(manager), "get", user_id=desk.sub.id)
    assert (row["key"], row["name"]) == (trader.public_id, "bot")


def test_ccxt_makes_and_deletes_a_key(desk: Desk, manager: Key) -> None:
    client = desk.ccxt(manager)
    perms = [{"name": "spot", "read_only": True}]
    made = keys_of(
        client, "post", user_id=desk.sub.id, mode=1, name="bot", perms=perms, ip_whitelist=["1.2.3.4"]
    )
    assert len(made["secret"]) == 64
    keys_of(client, "put", user_id=desk.sub.id, key=made["key"], name="bot", perms=perms)
    key = desk.venue.state.book.keys[made["key"]]
    assert (key.grants, key.ips) == ({"spot:read"}, ())  # what is not named is cleared
    keys_of(client, "put", user_id=desk.sub.id, key=made["key"], name="bot")
    assert key.grants == set()
    keys_of(client, "delete", user_id=desk.sub.id, key=made["key"])
    assert keys_of(client, "get", user_id=desk.sub.id) == []


def test_ccxt_with_a_wrong_secret_is_refused(desk: Desk, trader: Key) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="INVALID_SIGNATURE"):
        desk.ccxt(trader, WRONG).private_spot_get_accounts()


def test_our_adapter_runs_a_key_from_birth_to_death(desk: Desk, manager: Key) -> None:
    scopes = Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN
    spec = KeySpec("kg_1", scopes, ("spot:read_write",), (*HERE, "203.0.113.7"), desk.sub.id)
    made = desk.run(manager, gate.create_key(spec))
    told = desk.whoami(made.credential)
    assert (told.scopes, told.scopes_origin, told.account) == (Scope.READ, Origin.INFERRED, desk.sub.id)
    assert told.ips == spec.ips
    (listed,) = desk.run(manager, gate.list_keys(desk.sub.id))
    assert (listed.scopes, listed.grants, listed.label) == (scopes, ("spot:read_write",), "kg_1")
    narrow = replace(spec, scopes=Scope.READ, grants=("spot:read",), ips=HERE)
    edited = desk.run(manager, gate.edit_key(listed, narrow))
    (listed,) = desk.run(manager, gate.list_keys(desk.sub.id))
    assert (listed.grants, listed.ips) == (edited.grants, edited.ips) == (("spot:read",), HERE)
    desk.run(manager, gate.delete_key(listed))
    assert desk.fault(made.credential) is Fault.KEY_UNKNOWN
    assert desk.run(manager, gate.list_keys(desk.sub.id)) == ()


def test_a_deleted_key_lives_on_for_five_minutes(desk: Desk, manager: Key, trader: Key) -> None:
    state = desk.venue.state
    state.clock.frozen_ms = state.clock.now_ms()
    state.switches.dead_key_delay_ms = 300_000
    (listed,) = desk.run(manager, gate.list_keys(desk.sub.id))
    desk.run(manager, gate.delete_key(listed))
    assert desk.run(manager, gate.list_keys(desk.sub.id)) == ()
    state.clock.advance(299_999)
    assert desk.whoami(trader)
    state.clock.advance(1)
    assert desk.fault(trader) is Fault.KEY_UNKNOWN


def test_a_main_key_is_told_what_it_may(desk: Desk, manager: Key) -> None:
    told = desk.whoami(manager)
    assert told.scopes == Scope.READ | Scope.MANAGE_KEYS
    assert told.scopes_origin is Origin.REPORTED


def test_a_key_without_addresses_ends_after_90_days(desk: Desk) -> None:
    assert desk.fault(desk.issue(desk.sub, ["spot:read"], age_days=90.1)) is Fault.KEY_UNKNOWN
    assert desk.whoami(desk.issue(desk.sub, ["spot:read"], HERE, age_days=90.1))


def test_refusals_are_told_apart(desk: Desk, trader: Key) -> None:
    assert desk.fault(wrong(trader, WRONG)) is Fault.SIGNATURE
    assert desk.fault(replace(credential(trader), key="0" * 32)) is Fault.KEY_UNKNOWN
    assert desk.fault(trader, source="127.0.0.66") is Fault.IP
    assert desk.fault(trader, late_ms=62_000) is Fault.CLOCK


def test_a_key_without_the_group_manages_nothing(desk: Desk, trader: Key, served: Running) -> None:
    watcher = desk.issue(desk.main, ["sub_accounts:read"], HERE)
    (listed,) = desk.run(watcher, gate.list_keys(desk.sub.id))
    for caller, fault in ((watcher, Fault.SCOPE), (trader, Fault.SCOPE)):
        with pytest.raises(Refused) as caught:
            desk.run(caller, gate.delete_key(listed))
        assert caught.value.fault is fault
    stranger = Desk(served, "gate")
    with pytest.raises(Refused) as caught:
        desk.run(stranger.issue(stranger.main, ["sub_accounts:read_write"], HERE), gate.delete_key(listed))
    assert caught.value.fault is Fault.NOT_FOUND


def test_its_clock_is_asked_without_a_key(desk: Desk, trader: Key) -> None:
    desk.venue.state.clock.frozen_ms = 1763600001000
    assert desk.run(trader, gate.clock()) == 1763600001000
