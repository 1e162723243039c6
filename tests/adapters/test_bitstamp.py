"""Bitstamp's traps, each named after what would go wrong."""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused
from keyguard.core.exchange import Fault, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import bitstamp
from tests.adapters.scripts import Script, answer, refused, reply
from tests.adapters.venues.bitstamp import CURRENT, KEY, SPEC

EXAMPLE = bitstamp.ADAPTER.example
STAMP = Stamp(1767225600123, "11111111-2222-4333-8444-555555555555", "www.bitstamp.net")
DENIED = refused(Fault.SCOPE, "API0003")


def test_reading_is_inferred_by_harmless_calls_and_the_rest_stays_unknown() -> None:
    script = Script([reply("bitstamp/balances"), DENIED, reply("bitstamp/nothing")])
    told = script.run(bitstamp.whoami(KEY))
    assert [request.path for request in script.requests] == [
        "/api/v2/account_balances/",
        "/api/v2/user_transactions/",
        "/api/v2/open_orders/",
    ]
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert told.grants == ("account_balance", "open_orders")
    assert told.scopes_unknown == (
        Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES | Scope.TRANSFER_INTERNAL | Scope.WITHDRAW | Scope.OTHER
    )
    assert told.ips is None


def test_a_key_that_may_read_nothing_is_alive() -> None:
    told = Script([DENIED] * 3).run(bitstamp.whoami(KEY))
    assert (told.scopes, told.grants, told.enabled) == (Scope.NONE, (), True)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_refusal_for_another_reason_infers_nothing(position: int) -> None:
    answers = [reply("bitstamp/balances"), reply("bitstamp/nothing")][:position]
    with pytest.raises(Refused):
        Script([*answers, refused(Fault.IP, "API0002")]).run(bitstamp.whoami(KEY))


def test_an_answer_that_is_no_list_of_balances_proves_no_permission() -> None:
    for told in ([], [{"currency": ""}], {"status": "error", "reason": "no"}):
        with pytest.raises(BadReply):
            Script([answer(told)]).run(bitstamp.whoami(KEY))


def test_the_call_that_ends_every_key_is_not_in_the_adapter() -> None:
    code = inspect.getsource(bitstamp).partition('"""')[2].partition('"""')[2]
    assert "revoke" not in code
    assert bitstamp.ADAPTER.delete_key is None


def test_an_empty_body_has_no_content_type() -> None:
    wire = bitstamp.sign(Request("POST", "/api/v2/account_balances/"), EXAMPLE, STAMP)
    assert wire.body == b""
    assert "Content-Type" not in wire.headers
    full = bitstamp.sign(Request("POST", "/api/v2/account_balances/", body={"a": "b c"}), EXAMPLE, STAMP)
    assert (full.body, full.headers["Content-Type"]) == (b"a=b%20c", "application/x-www-form-urlencoded")


def test_host_and_query_are_signed() -> None:
    request = Request("GET", "/api/v2/trade_history/", query={"limit": 1})
    one = bitstamp.sign(request, EXAMPLE, STAMP)
    other_host = bitstamp.sign(request, EXAMPLE, replace(STAMP, host="127.0.0.1:1"))
    other_query = bitstamp.sign(replace(request, query={"limit": 2}), EXAMPLE, STAMP)
    assert len({wire.headers["X-Auth-Signature"] for wire in (one, other_host, other_query)}) == 3
    assert one.target == "/api/v2/trade_history/?limit=1"


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (403, "API0001", Fault.KEY_UNKNOWN),
        (403, "API0002", Fault.IP),
        (403, "API0003", Fault.SCOPE),
        (403, "API0004", Fault.NONCE),
        (403, "API0005", Fault.SIGNATURE),
        (403, "API0006", Fault.OTHER),  # a frozen account
        (403, "API0008", Fault.OTHER),  # no customer for this key: not the words for a deleted one
        (403, "API0011", Fault.OTHER),  # a malformed key
        (403, "API0017", Fault.CLOCK),
        (200, "API0005", Fault.SIGNATURE),
        (400, "400.002", Fault.RATE),
        (400, "400.999", Fault.OTHER),
    ],
)
def test_refusals_by_code(status: int, code: str, fault: Fault) -> None:
    told = {"status": "error", "reason": "no", "code": code}
    assert bitstamp.fault(answer(told, status)) == (fault, code)
    assert bitstamp.FACTS.dead == {Fault.KEY_UNKNOWN}


def test_a_bare_403_says_nothing_of_the_key() -> None:
    assert bitstamp.fault(Reply(403, {}, b"<html>")) == (Fault.OTHER, "403")


def test_a_new_key_has_to_be_activated() -> None:
    assert any("e-mail" in step for step in bitstamp.PAGE.create(SPEC).steps)


def test_a_key_is_not_changed_but_replaced() -> None:
    with pytest.raises(NotOffered, match="cannot change a key"):
        bitstamp.PAGE.edit(CURRENT, SPEC)


def test_only_this_key_is_deleted() -> None:
    assert any(f"{KEY} and no other" in step for step in bitstamp.PAGE.delete(CURRENT).steps)


def test_every_permission_has_its_box() -> None:
    assert set(bitstamp.PAGE.words.boxes) == set(bitstamp.SCOPES.names)
