"""Crypto.com's traps, each named after what would go wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, Refused, UsageError
from keyguard.core.exchange import Fault, NonceKind, Origin, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import cryptocom
from keyguard_adapters.cryptocom import flat
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.cryptocom import CURRENT, KEY, SPEC

EXAMPLE = cryptocom.ADAPTER.example
STAMP = Stamp(1767225600123, "", "venue.test")
TRADING = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES


def test_reading_is_inferred_and_every_switch_stays_unknown() -> None:
    script = Script([reply("cryptocom/accounts")])
    told = script.run(cryptocom.whoami(KEY))
    assert [request.path for request in script.requests] == ["/exchange/v1/private/get-accounts"]
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert told.scopes_unknown == TRADING | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL
    assert told.account == "53bd6609-1b2c-4a5d-8e3f-0123456789ab"
    assert told.parent == "243d3f39-b193-4eb9-1d60-e98f2fc17707"
    assert told.ips is None


def test_a_key_of_the_master_has_no_parent() -> None:
    accounts = body("cryptocom/accounts")
    accounts["result"]["this_account"] = accounts["result"]["master_account"]
    told = Script([answer(accounts)]).run(cryptocom.whoami(KEY))
    assert (told.account, told.parent) == ("243d3f39-b193-4eb9-1d60-e98f2fc17707", "")


def test_an_account_that_is_not_told_is_not_taken_for_the_master() -> None:
    accounts = body("cryptocom/accounts")
    del accounts["result"]["this_account"]
    told = Script([answer(accounts)]).run(cryptocom.whoami(KEY))
    assert (told.account, told.parent) == ("", "")


@pytest.mark.parametrize("flag", ["suspended", "terminated"])
def test_an_account_that_is_shut_is_said_although_the_key_answers(flag: str) -> None:
    accounts = body("cryptocom/accounts")
    accounts["result"]["this_account"][flag] = True
    told = Script([answer(accounts)]).run(cryptocom.whoami(KEY))
    assert f"the account is {flag}" in told.notes


@pytest.mark.parametrize("account", ["master_account", "this_account"])
def test_an_account_without_its_id_is_a_bad_reply(account: str) -> None:
    accounts = body("cryptocom/accounts")
    accounts["result"][account]["uuid"] = None
    with pytest.raises(BadReply):
        Script([answer(accounts)]).run(cryptocom.whoami(KEY))


def test_a_deleted_key_cannot_be_told_from_a_wrong_secret() -> None:
    verdict = cryptocom.fault(answer({"id": 1, "method": "x", "code": 40101, "message": "no"}, 401))
    assert verdict == (Fault.AMBIGUOUS, "40101")
    assert cryptocom.FACTS.dead == {Fault.AMBIGUOUS}
    with pytest.raises(Refused):
        Script([refused(Fault.AMBIGUOUS, "40101")]).run(cryptocom.whoami(KEY))


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (401, 40103, Fault.IP),
        (401, 40104, Fault.OTHER),
        (400, 40102, Fault.CLOCK),
        (400, 40006, Fault.NONCE),
        (429, 42901, Fault.RATE),
        (200, 10003, Fault.IP),
        (200, 10002, Fault.AMBIGUOUS),
        (400, 202, Fault.OTHER),
        (400, 50001, Fault.BUSY),
        (408, 40801, Fault.BUSY),
    ],
)
def test_refusals_by_code(status: int, code: int, fault: Fault) -> None:
    assert cryptocom.fault(answer({"code": code}, status)) == (fault, str(code))


def test_code_zero_is_no_refusal() -> None:
    assert cryptocom.fault(answer({"code": 0, "result": {}})) is None


def test_asking_disturbs_nobody() -> None:
    assert (cryptocom.FACTS.nonce, cryptocom.FACTS.disturbs) == (NonceKind.NONE, "")


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, ""),
        ({"b": "2", "a": "1"}, "a1b2"),
        ({"a": None, "b": True}, "anullbtrue"),
        ({"a": ["x", "y"]}, "axy"),
        ({"list": [{"b": "2", "a": "1"}, {"c": "3"}]}, "lista1b2c3"),
        ({"a": {"b": {"c": "1"}}}, "abc1"),
    ],
)
def test_parameters_are_signed_flat(params: dict[str, object], text: str) -> None:
    assert flat(params) == text


def test_the_body_says_who_and_when() -> None:
    request = Request("POST", "/exchange/v1/private/get-accounts", body={})
    sent = json.loads(cryptocom.sign(request, EXAMPLE, STAMP).body)
    assert (sent["method"], sent["api_key"], sent["nonce"]) == (
        "private/get-accounts",
        EXAMPLE.key,
        "1767225600123",
    )
    assert sent["id"] == sent["nonce"]


def test_spot_alone_cannot_be_granted() -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        cryptocom.PAGE.create(replace(SPEC, scopes=Scope.READ | Scope.TRADE_SPOT, grants=()))


def test_the_guide_turns_on_no_other_switch() -> None:
    on = next(step for step in cryptocom.PAGE.edit(CURRENT, SPEC).steps if step.startswith("Switches"))
    assert "exactly: Can Read, Enable Trading." in on
    assert "Withdrawal" not in on


def test_every_switch_has_its_name() -> None:
    assert set(cryptocom.PAGE.words.boxes) == set(cryptocom.SCOPES.names)
