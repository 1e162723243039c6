"""HTX, asked by ccxt, by a request htx-api signed, and by our adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault, KeySpec, Origin
from keyguard.core.keys import Scope
from keyguard_adapters import htx
from keyguard_simulators import totp
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from tests.adapters.test_vectors import read
from tests.adapters.venues.htx import TRADE
from tests.simulators.ours import Desk, credential, replay, wrong

HERE = ("127.0.0.1",)
WRONG = "00000000-00000000-00000000-00000"


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served, "htx")


@pytest.fixture
def manager(desk: Desk) -> Key:
    return desk.issue(desk.main, ["readOnly", "trade"], HERE)


@pytest.fixture
def trader(desk: Desk) -> Key:
    return desk.issue(desk.sub, ["readOnly", "trade"], HERE, label="bot")


def code(desk: Desk) -> str:
    return totp.code(desk.main.totp_secret, desk.venue.state.clock.now_ms())


def test_ccxt_is_accepted(desk: Desk, manager: Key, trader: Key) -> None:
    assert desk.ccxt(trader).v2private_get_user_uid()["data"] == int(desk.sub.id)
    assert desk.ccxt(trader).spot_private_get_v1_account_accounts()["data"][0]["id"] == int(desk.sub.id)
    query = {"uid": desk.sub.id, "accessKey": trader.public_id}
    (row,) = desk.ccxt(manager).spot_private_get_v2_user_api_key(query)["data"]
    assert (row["accessKey"], row["permission"]) == (trader.public_id, "readOnly,trade")


def test_ccxt_makes_and_deletes_a_key_with_a_code(desk: Desk, manager: Key) -> None:
    client, sub = desk.ccxt(manager), int(desk.sub.id)
    form = {"otpToken": "none", "subUid": sub, "note": "bot", "permission": "readOnly"}
    # ccxt takes no notice of a refusal of the newer form.
    assert client.spot_private_post_v2_sub_user_api_key_generation(form)["code"] == 2002
    made = client.spot_private_post_v2_sub_user_api_key_generation({**form, "otpToken": code(desk)})["data"]
    named = {"subUid": sub, "accessKey": made["accessKey"]}
    assert client.spot_private_post_v2_sub_user_api_key_deletion(named)["code"] == 200


def test_ccxt_with_a_wrong_secret_is_refused(desk: Desk, trader: Key) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="Verification failure"):
        desk.ccxt(trader, WRONG).spot_private_get_v1_account_accounts()


SIGNED: list[dict[str, Any]] = [
    vector for vector in read("htx") if vector["request"]["path"] == "/v2/user/uid"
]


@pytest.mark.parametrize("vector", SIGNED, ids=lambda vector: str(vector["name"]))
def test_signed_by_others(desk: Desk, vector: dict[str, Any]) -> None:
    grants = frozenset({"readOnly"})
    assert replay(desk, vector, grants, spoil="Signature").json["code"] == 1003
    assert replay(desk, vector, grants).json["code"] == 200


def test_our_adapter_runs_a_key_from_birth_to_death(desk: Desk, manager: Key) -> None:
    ips = (*HERE, "203.0.113.0/28")
    spec = KeySpec("kg_1", Scope.READ | TRADE, ("readOnly", "trade"), ips, desk.sub.id)
    made = desk.run(manager, htx.create_key(spec), code(desk))
    told = desk.whoami(made.credential)  # a sub user's own key
    assert (told.scopes, told.scopes_unknown, told.account) == (Scope.READ, TRADE, desk.sub.id)
    assert told.scopes_origin is Origin.INFERRED
    (listed,) = desk.run(manager, htx.list_keys(desk.sub.id))
    assert (listed.scopes, listed.ips, listed.label) == (spec.scopes, ips, "kg_1")
    narrow = replace(spec, scopes=Scope.READ, grants=("readOnly",), ips=HERE)
    desk.run(manager, htx.edit_key(listed, narrow))
    (listed,) = desk.run(manager, htx.list_keys(desk.sub.id))
    assert (listed.scopes, listed.ips) == (Scope.READ, HERE)
    desk.run(manager, htx.delete_key(listed))
    assert desk.fault(made.credential) is Fault.KEY_UNKNOWN
    assert desk.run(manager, htx.list_keys(desk.sub.id)) == ()


def test_a_parents_key_is_told_what_it_may(desk: Desk, manager: Key) -> None:
    told = desk.whoami(manager)
    assert (told.scopes, told.scopes_origin) == (Scope.READ | TRADE | Scope.MANAGE_KEYS, Origin.REPORTED)


def test_a_network_lets_its_addresses_in(desk: Desk) -> None:
    key = desk.issue(desk.sub, ["readOnly"], ("127.0.0.0/30",))
    assert desk.whoami(key)
    assert desk.fault(key, source="127.0.0.66") is Fault.IP


def test_a_key_without_addresses_ends_after_90_days(desk: Desk) -> None:
    assert desk.fault(desk.issue(desk.sub, ["readOnly", "trade"], age_days=90.1)) is Fault.KEY_EXPIRED
    assert desk.whoami(desk.issue(desk.sub, ["readOnly"], age_days=90.1))


def test_refusals_are_told_apart_by_their_words(desk: Desk, trader: Key) -> None:
    assert desk.fault(wrong(trader, WRONG)) is Fault.SIGNATURE
    assert desk.fault(replace(credential(trader), key=WRONG)) is Fault.KEY_UNKNOWN
    assert desk.fault(trader, source="127.0.0.66") is Fault.IP
    assert desk.fault(trader, late_ms=62_000) is Fault.CLOCK


def test_the_newer_calls_do_not_tell_them_apart(desk: Desk, manager: Key) -> None:
    with pytest.raises(Refused) as caught:
        desk.run(wrong(manager, WRONG), htx.list_keys(desk.sub.id))
    assert (caught.value.fault, caught.value.venue_code) == (Fault.AMBIGUOUS, "1003")


def test_without_permission_nothing_is_deleted(desk: Desk, manager: Key, trader: Key) -> None:
    (listed,) = desk.run(manager, htx.list_keys(desk.sub.id))
    for caller in (desk.issue(desk.main, ["readOnly"]), trader):
        with pytest.raises(Refused) as caught:
            desk.run(caller, htx.delete_key(listed))
        assert caught.value.fault is Fault.SCOPE
    assert desk.whoami(trader)


def test_its_clock_is_asked_without_a_key(desk: Desk, trader: Key) -> None:
    desk.venue.state.clock.frozen_ms = 1763600001000
    assert desk.run(trader, htx.clock()) == 1763600001000
