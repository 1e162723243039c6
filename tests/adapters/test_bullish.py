"""Bullish's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused, UsageError
from keyguard.core.exchange import Fault, Origin, Request, Stamp
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters import bullish
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.bullish import CURRENT, KEY, SPEC

STAMP = Stamp(1767225600123, "1767225600124", "h")
PATHS = [
    "/trading-api/v1/users/hmac/login",
    "/trading-api/v1/accounts/trading-accounts",
    "/trading-api/v1/users/logout",
]


def test_a_session_that_was_opened_is_closed_again() -> None:
    script = Script([reply("bullish/login"), reply("bullish/accounts"), reply("bullish/logout")])
    told = script.run(bullish.whoami(KEY))
    assert [request.path for request in script.requests] == PATHS
    assert told.account == "111000000000001"
    assert (told.scopes_origin, told.grants) == (Origin.INFERRED, ("hmac",))
    assert told.scopes == SPEC.scopes
    assert Scope.WITHDRAW not in told.scopes | told.scopes_unknown


def test_a_session_is_closed_though_the_question_was_refused() -> None:
    script = Script([reply("bullish/login"), refused(Fault.BUSY), reply("bullish/logout")])
    with pytest.raises(Refused) as caught:
        script.run(bullish.whoami(KEY))
    assert caught.value.fault is Fault.BUSY
    assert [request.path for request in script.requests] == PATHS


def test_a_log_out_that_is_refused_changes_nothing_about_the_answer() -> None:
    answers = [reply("bullish/login"), reply("bullish/accounts"), refused(Fault.AMBIGUOUS)]
    assert Script(answers).run(bullish.whoami(KEY)).account


def test_a_log_in_that_is_refused_opens_nothing() -> None:
    script = Script([refused(Fault.AMBIGUOUS, "8327")])
    with pytest.raises(Refused):
        script.run(bullish.whoami(KEY))
    assert len(script.requests) == 1


def test_the_token_is_in_no_url_and_no_repr() -> None:
    request = Request("GET", PATHS[1], query={"a": 1, bullish.TOKEN: Secret("FAKEtoken")})
    wire = bullish.sign(request, bullish.ADAPTER.example, STAMP)
    assert wire.target == f"{PATHS[1]}?a=1"
    assert wire.headers["Authorization"] == "Bearer FAKEtoken"
    assert "BX-PUBLIC-KEY" not in wire.headers
    assert "FAKEtoken" not in repr(wire) + repr(request)


def test_only_the_log_in_names_the_key() -> None:
    wire = bullish.sign(Request("GET", PATHS[0]), bullish.ADAPTER.example, STAMP)
    assert wire.headers["BX-PUBLIC-KEY"] == KEY
    assert "Authorization" not in wire.headers


def test_a_nonce_counts_microseconds() -> None:
    wire = bullish.sign(Request("GET", PATHS[0]), bullish.ADAPTER.example, STAMP)
    assert wire.headers["BX-NONCE"] == "1767225600124000"
    assert bullish.FACTS.disturbs


@pytest.mark.parametrize(
    "accounts",
    [[], [{"tradingAccountId": "1", "isPrimaryAccount": "false"}], body("bullish/accounts")[:1] * 2],
)
def test_without_one_primary_account_none_is_named(accounts: list[object]) -> None:
    answers = [reply("bullish/login"), answer(accounts), reply("bullish/logout")]
    assert Script(answers).run(bullish.whoami(KEY)).account == ""


def test_a_log_in_without_a_token_is_a_bad_reply() -> None:
    with pytest.raises(BadReply):
        Script([answer({"token": ""})]).run(bullish.whoami(KEY))


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (401, 8327, Fault.AMBIGUOUS),
        (403, 6105, Fault.SCOPE),
        (400, 2035, Fault.NONCE),
        (429, 96000, Fault.RATE),
        (400, 6023, Fault.OTHER),
    ],
)
def test_refusals_by_code(status: int, code: int, fault: Fault) -> None:
    assert bullish.fault(answer({"errorCode": code, "errorCodeName": "x"}, status)) == (fault, str(code))


def test_a_token_that_no_longer_works_says_nothing_of_the_key() -> None:
    assert bullish.fault(answer({"message": "no"}, 401)) == (Fault.AMBIGUOUS, "401")
    assert bullish.fault(answer({"errorCode": 1001})) is None


def test_keys_that_withdraw_are_of_another_type_and_none_is_made() -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        bullish.PAGE.create(replace(SPEC, scopes=SPEC.scopes | Scope.WITHDRAW))


def test_deleting_a_key_leaves_a_day_of_exposure() -> None:
    steps = " ".join(bullish.PAGE.delete(CURRENT).steps)
    assert "24 hours" in steps
    assert "Log out" in steps


def test_a_key_cannot_be_changed() -> None:
    with pytest.raises(NotOffered, match="cannot change a key"):
        bullish.PAGE.edit(CURRENT, SPEC)
