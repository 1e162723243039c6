"""HashKey's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Fault, Origin, Request, Since, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import hashkey
from tests.adapters.scripts import Script, answer, reply
from tests.adapters.venues.hashkey import KEY, SPEC

VENUE = hashkey.ADAPTER


def test_asking_may_keep_a_parked_key_alive_so_it_is_said() -> None:
    (life,) = VENUE.facts.lives
    assert (life.span, life.since) == (timedelta(days=90), Since.USE)
    assert "90 days" in VENUE.facts.disturbs
    assert any("sets back the 90 days" in line for line in VENUE.facts.unverified)


def test_a_key_is_asked_about_by_one_harmless_call() -> None:
    script = Script([reply("hashkey/account")])
    told = script.run(VENUE.whoami(KEY))
    assert [(request.method, request.path) for request in script.requests] == [("GET", "/api/v1/account")]
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert told.scopes_unknown == Scope.TRADE_SPOT | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL
    assert told.account == "1732885739589466112"
    assert (told.ips, told.expires_at) == (None, None)


def test_query_and_body_are_signed_run_together() -> None:
    request = Request("POST", "/api/v1/spot/order", query={"a": "1"}, body={"b": "2"})
    wire = VENUE.sign(request, VENUE.example, Stamp(5, "", "h"))
    assert wire.target == "/api/v1/spot/order?a=1"
    body = wire.body.decode()
    assert body.startswith("timestamp=5&b=2&signature=")
    joined = Request("GET", "/x", query={"b": "2"})
    apart = VENUE.sign(joined, VENUE.example, Stamp(5, "", "h"))
    assert body.rpartition("=")[2] != apart.target.rpartition("=")[2]  # the query is in it
    again = VENUE.sign(replace(request, query={}), VENUE.example, Stamp(5, "", "h"))
    assert again.body.decode().rpartition("=")[2] == apart.target.rpartition("=")[2]


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, "0102", Fault.KEY_UNKNOWN),
        (400, "0103", Fault.KEY_EXPIRED),
        (400, "0001", Fault.SIGNATURE),
        (400, "0002", Fault.SIGNATURE),
        (400, "0202", Fault.IP),
        (400, "0104", Fault.OTHER),
        (400, "-1005", Fault.SCOPE),
        (400, "-1002", Fault.AMBIGUOUS),
        (400, "-1021", Fault.CLOCK),
        (429, "0003", Fault.RATE),
        (500, "-1001", Fault.BUSY),
    ],
)
def test_refusals_by_code(status: int, code: str, fault: Fault) -> None:
    verdict = VENUE.fault(answer({"code": code, "msg": "no"}, status))
    assert verdict is not None
    assert verdict == (fault, code) or status == 500


@pytest.mark.parametrize("code", ["0000", 0])
def test_a_code_of_zeros_is_no_refusal(code: object) -> None:
    assert VENUE.fault(answer({"code": code, "balances": []})) is None


def test_a_key_that_ended_by_itself_is_not_proven_deleted() -> None:
    assert VENUE.facts.dead == {Fault.KEY_UNKNOWN}


def test_every_key_reads_so_trading_alone_is_not_granted() -> None:
    assert VENUE.scopes.write(Scope.READ | Scope.TRADE_SPOT) == ("read", "trade")
    with pytest.raises(UsageError, match="cannot grant exactly"):
        VENUE.guide_create(replace(SPEC, scopes=Scope.TRADE_SPOT))


def test_the_guide_speaks_of_the_90_days_and_of_the_addresses() -> None:
    steps = VENUE.guide_create(SPEC).steps
    assert any("Read, Trade." in step and "Withdraw" not in step for step in steps)
    assert any("90 days" in step for step in steps)
    assert any("no restriction" in step for step in VENUE.guide_create(replace(SPEC, ips=())).steps)
