"""GOPAX's traps, each named after what would go wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest

from keyguard.core.errors import BadReply, Refused, UsageError
from keyguard.core.exchange import Fault, Origin, Request, Stamp
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters import gopax
from tests.adapters.scripts import Script, answer, refused, reply
from tests.adapters.test_vectors import signed, vectors
from tests.adapters.venues.gopax import KEY, SPEC

VENUE = gopax.ADAPTER
STAMP = Stamp(1763596800123, "", "h")


def signature(method: str, path: str, **more: Any) -> str:
    return VENUE.sign(Request(method, path, **more), VENUE.example, STAMP).headers["signature"]


def test_the_query_is_signed_for_one_call_and_no_other() -> None:
    assert signature("GET", "/orders", query={"a": 1}) != signature("GET", "/orders", query={"a": 2})
    assert signature("GET", "/trades", query={"a": 1}) == signature("GET", "/trades", query={"a": 2})
    assert signature("DELETE", "/orders", query={"a": 1}) == signature("DELETE", "/orders", query={"a": 2})


@pytest.mark.parametrize("vector", vectors("gopax-receive-window"))
def test_the_documents_sample_differs_by_its_window_and_its_spaces_only(vector: dict[str, Any]) -> None:
    """We send no receive-window (a minute is tolerated without one). With it between path and body, and the
    sample's own JSON, the sample's signature comes out; the simulator takes that request as it stands."""
    wire, expected = signed(vector), vector["expected"]
    secret = base64.b64decode("".join(vector["credentials"]["secret"]))
    ours = f"t{vector['clock_ms']}POST/orders{wire.body.decode()}"
    theirs = f"t{vector['clock_ms']}POST/orders200{expected['body']}"
    for text, found in ((ours, wire.headers["signature"]), (theirs, expected["headers"]["signature"])):
        assert base64.b64encode(hmac.digest(secret, text.encode(), "sha512")).decode() == found
    assert "receive-window" not in wire.headers


def test_the_secret_is_decoded_before_it_signs() -> None:
    text = f"t{STAMP.ms}GET/balances".encode()
    key = base64.b64decode(VENUE.example.secret.reveal())
    wanted = base64.b64encode(hmac.new(key, text, hashlib.sha512).digest()).decode()
    assert signature("GET", "/balances") == wanted


def test_a_secret_that_is_no_base64_is_a_clear_error_without_the_secret() -> None:
    who = replace(VENUE.example, secret=Secret("FAKE" + "-not-base64"))
    with pytest.raises(UsageError, match="not base64") as caught:
        VENUE.sign(Request("GET", "/balances"), who, STAMP)
    assert "FAKE" not in str(caught.value)


def test_that_it_reads_is_inferred_and_that_it_trades_is_not_ruled_out() -> None:
    script = Script([reply("gopax/balances")])
    told = script.run(VENUE.whoami(KEY))
    assert [(request.method, request.path) for request in script.requests] == [("GET", "/balances")]
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert told.scopes_unknown == Scope.TRADE_SPOT | Scope.WITHDRAW
    assert (told.ips, told.expires_at) == (None, None)


def test_a_key_without_the_right_to_read_may_trade_all_the_same() -> None:
    told = Script([refused(Fault.SCOPE, "10004")]).run(VENUE.whoami(KEY))
    assert told.scopes == Scope.NONE
    assert Scope.TRADE_SPOT in told.scopes_unknown


def test_balances_that_are_no_list_are_a_bad_reply() -> None:
    for told in ({"errormsg": "odd"}, []):
        with pytest.raises(BadReply):
            Script([answer(told)]).run(VENUE.whoami(KEY))


@pytest.mark.parametrize("fault", [Fault.KEY_UNKNOWN, Fault.KEY_DISABLED])
def test_a_death_counts_when_it_is_said_twice(fault: Fault) -> None:
    script = Script([refused(fault), refused(fault)])
    with pytest.raises(Refused) as caught:
        script.run(VENUE.whoami(KEY))
    assert caught.value.fault is fault
    assert len(script.requests) == 2
    alive = Script([refused(fault), reply("gopax/balances")]).run(VENUE.whoami(KEY))
    assert alive.scopes == Scope.READ


@pytest.mark.parametrize("fault", [Fault.AMBIGUOUS, Fault.SIGNATURE, Fault.CLOCK])
def test_what_is_no_death_is_asked_once(fault: Fault) -> None:
    with pytest.raises(Refused):
        Script([refused(fault)]).run(VENUE.whoami(KEY))
    assert fault not in VENUE.facts.dead


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (401, 10155, Fault.KEY_UNKNOWN),
        (401, 10233, Fault.KEY_DISABLED),
        (401, 10004, Fault.AMBIGUOUS),
        (403, 10004, Fault.SCOPE),
        (401, 10229, Fault.SIGNATURE),
        (400, 10263, Fault.CLOCK),
        (400, 10264, Fault.CLOCK),
        (400, 10298, Fault.CLOCK),
        (429, 10105, Fault.RATE),
        (403, 10364, Fault.RATE),
        (403, 10064, Fault.OTHER),
        (403, 99999, Fault.OTHER),
        (500, 10001, Fault.BUSY),
    ],
)
def test_refusals_by_code(status: int, code: int, fault: Fault) -> None:
    told = answer({"errorMessage": "no", "errorCode": code}, status)
    verdict = VENUE.fault(told)
    assert verdict is not None
    assert verdict[0] is fault or status == 500


def test_the_guide_is_in_both_languages_and_says_what_is_not_known() -> None:
    guide = VENUE.guide_create(SPEC)
    for steps in (guide.steps, guide.korean):
        assert any("조회, 주문" in step for step in steps)
        assert any("203.0.113.10" in step for step in steps)
    assert len(guide.korean) == len(guide.steps)
    assert any("key page" in line for line in VENUE.facts.unverified)


def test_a_key_for_any_address_is_not_asked_for() -> None:
    with pytest.raises(UsageError, match="address"):
        VENUE.guide_create(replace(SPEC, ips=()))
