"""OKX's traps, each named after what would go wrong."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused, UsageError
from keyguard.core.exchange import Fault, Request, Stamp
from keyguard.core.expiry import deadlines
from keyguard.core.keys import Origin, Scope
from keyguard_adapters import okx
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.okx import CURRENT, KEY, SPEC, SUB, TRADING

STAMP = Stamp(1763610000007, "", "www.okx.com")
WHO = okx.ADAPTER.example


def changed(name: str, **members: Any) -> Any:
    whole = body(f"okx/{name}")
    whole["data"][0].update(members)
    return answer(whole)


def whoami(name: str = "config_sub", **members: Any) -> Any:
    return Script([changed(name, **members)]).run(okx.whoami(KEY))


def sent(request: Request, who: Any = WHO) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(okx.sign(request, who, STAMP).body)
    return made


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (401, "50119", Fault.KEY_UNKNOWN),
        (200, "50119", Fault.KEY_UNKNOWN),
        (401, "50111", Fault.AMBIGUOUS),
        (400, "50100", Fault.KEY_DISABLED),
        (401, "50105", Fault.SIGNATURE),
        (401, "50113", Fault.SIGNATURE),
        (401, "50110", Fault.IP),
        (401, "50102", Fault.CLOCK),
        (401, "50112", Fault.CLOCK),
        (200, "50120", Fault.SCOPE),
        (403, "50035", Fault.SCOPE),
        (200, "50121", Fault.REGION),
        (200, "50011", Fault.RATE),
        (429, "50011", Fault.RATE),
        (200, "59506", Fault.NOT_FOUND),
        (200, "59501", Fault.LIMIT),
        (200, "50004", Fault.BUSY),
        (401, "50101", Fault.OTHER),
    ],
)
def test_refusals_by_code_whatever_the_status(status: int, code: str, fault: Fault) -> None:
    assert okx.fault(answer({"code": code, "msg": "no", "data": []}, status)) == (fault, code)


def test_a_foreign_address_or_a_wrong_passphrase_is_no_sign_of_death() -> None:
    assert okx.FACTS.dead == {Fault.KEY_UNKNOWN}


def test_a_key_without_its_passphrase_cannot_sign() -> None:
    with pytest.raises(UsageError, match="passphrase"):
        okx.sign(Request("GET", "/x"), replace(WHO, passphrase=None), STAMP)


def test_a_new_key_gets_a_passphrase_okx_takes_and_no_request_shows() -> None:
    script = Script([reply("okx/created")], ["Kg1" + "FAKE" * 6])
    made = script.run(okx.create_key(SPEC))
    (question,) = script.asked
    assert question.kind == "new_passphrase"
    assert made.credential.passphrase is not None
    chosen = made.credential.passphrase.reveal()
    assert 8 <= len(chosen) <= 32
    assert all(re.search(kind, chosen) for kind in ("[0-9]", "[a-z]", "[A-Z]", "[^0-9A-Za-z]"))
    assert sent(script.requests[0])["passphrase"] == chosen
    assert chosen not in repr(script.requests)


@pytest.mark.parametrize("operation", ["create_key", "edit_key", "delete_key"])
def test_a_manager_without_addresses_is_told_so(operation: str) -> None:
    arguments = {"create_key": (SPEC,), "edit_key": (CURRENT, SPEC), "delete_key": (CURRENT,)}[operation]
    with pytest.raises(NotOffered, match="bound to addresses"):
        Script([refused(Fault.SCOPE, "50035")], ["FAKEdrawn"]).run(getattr(okx, operation)(*arguments))
    with pytest.raises(Refused):
        Script([refused(Fault.SCOPE, "50120")], ["FAKEdrawn"]).run(getattr(okx, operation)(*arguments))


def test_only_a_bound_key_of_the_master_that_trades_manages_others() -> None:
    assert Scope.MANAGE_KEYS in whoami("config_main").scopes
    for unfit in (whoami("config_main", ip=""), whoami("config_main", perm="read_only"), whoami()):
        assert Scope.MANAGE_KEYS not in unfit.scopes


def test_introspection_names_the_master_and_leaves_the_account_open() -> None:
    told = whoami()
    assert (told.account, told.parent) == ("", "44705892343611111")
    assert whoami("config_main").parent == ""
    assert (told.scopes, told.grants) == (Scope.READ | TRADING, ("read_only", "trade"))
    assert told.ips == ("203.0.113.10", "203.0.113.11")


@pytest.mark.parametrize("account", ["", "desk", "desk alpha", "desk-alpha-01"])
def test_a_sub_account_is_called_by_its_name(account: str) -> None:
    for step in (okx.list_keys(account), okx.create_key(replace(SPEC, account=account))):
        with pytest.raises(UsageError, match="its name is not known"):
            next(step)


def test_trading_spot_alone_cannot_be_had() -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        next(okx.create_key(replace(SPEC, scopes=Scope.READ | Scope.TRADE_SPOT)))


def test_no_sub_account_key_withdraws() -> None:
    grants = ("read_only", "withdraw")
    with pytest.raises(UsageError, match="cannot grant exactly"):
        next(okx.create_key(replace(SPEC, scopes=okx.SCOPES.read(grants), grants=grants)))


def test_an_edit_names_all_fields_for_an_empty_ip_unbinds() -> None:
    request = next(okx.edit_key(CURRENT, SPEC))
    assert isinstance(request, Request)
    assert request.body == {
        "subAcct": SUB,
        "apiKey": KEY,
        "label": "mm_new",
        "perm": "read_only,trade",
        "ip": "203.0.113.10,203.0.113.0/24",
    }


def test_read_is_another_word_for_read_only() -> None:
    edited = Script([reply("okx/edited")]).run(okx.edit_key(CURRENT, SPEC))
    assert edited.grants == ("read_only", "trade")


def test_a_key_without_addresses_ends_unused_after_14_days_if_it_may_trade() -> None:
    used = datetime(2026, 11, 1, tzinfo=UTC)
    (end,) = deadlines(whoami(ip=""), okx.FACTS, seen=used)
    assert (end.at, end.origin) == (datetime(2026, 11, 15, tzinfo=UTC), Origin.INFERRED)
    assert deadlines(whoami(), okx.FACTS, seen=used) == ()
    assert deadlines(whoami(ip="", perm="read_only"), okx.FACTS, seen=used) == ()


@pytest.mark.parametrize("data", [[], [{"subAcct": "another"}], [{}], {"subAcct": SUB}])
def test_a_deletion_names_the_account_or_is_not_confirmed(data: object) -> None:
    with pytest.raises(BadReply):
        Script([answer({"code": "0", "msg": "", "data": data})]).run(okx.delete_key(CURRENT))


def test_a_change_of_another_key_is_not_taken_for_ours() -> None:
    with pytest.raises(BadReply):
        Script([changed("edited", apiKey="FAKEother")]).run(okx.edit_key(CURRENT, SPEC))


def test_a_list_that_is_empty_is_an_answer_and_one_that_is_missing_is_none() -> None:
    assert Script([answer({"code": "0", "msg": "", "data": []})]).run(okx.list_keys(SUB)) == ()
    with pytest.raises(BadReply):
        Script([answer({"code": "0", "msg": ""})]).run(okx.list_keys(SUB))


def test_the_guide_names_the_boxes_and_asks_for_a_passphrase() -> None:
    assert set(okx.PAGE.words.boxes) == set(okx.SCOPES.names)
    steps = " ".join(okx.PAGE.create(SPEC).steps)
    assert "Read, Trade" in steps
    assert "Passphrase" in steps
