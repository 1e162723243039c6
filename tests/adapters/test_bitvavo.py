"""Bitvavo's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, Refused, UsageError
from keyguard.core.exchange import Fault, Origin, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import bitvavo
from tests.adapters.scripts import Script, answer, refused, reply
from tests.adapters.venues.bitvavo import KEY, SPEC


def test_a_key_that_may_read_is_inferred_from_one_harmless_call() -> None:
    script = Script([reply("bitvavo/account")])
    told = script.run(bitvavo.whoami(KEY))
    assert [(r.method, r.path) for r in script.requests] == [("GET", "/v2/account")]
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert told.scopes_unknown == Scope.TRADE_SPOT | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL
    assert told.ips is None


def test_a_key_without_view_still_lives() -> None:
    told = Script([refused(Fault.SCOPE, "311")]).run(bitvavo.whoami(KEY))
    assert (told.scopes, told.grants, told.public_id) == (Scope.NONE, (), KEY)


@pytest.mark.parametrize("fault", [Fault.IP, Fault.KEY_UNKNOWN, Fault.KEY_DISABLED, Fault.SIGNATURE])
def test_a_refusal_for_another_reason_infers_nothing(fault: Fault) -> None:
    with pytest.raises(Refused):
        Script([refused(fault)]).run(bitvavo.whoami(KEY))


def test_an_answer_about_something_else_proves_no_right() -> None:
    with pytest.raises(BadReply):
        Script([answer({"message": "welcome"})]).run(bitvavo.whoami(KEY))


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (301, Fault.AMBIGUOUS),
        (304, Fault.CLOCK),
        (305, Fault.KEY_UNKNOWN),
        (306, Fault.KEY_DISABLED),
        (307, Fault.IP),
        (309, Fault.SIGNATURE),
        (310, Fault.SCOPE),
        (317, Fault.OTHER),
        (105, Fault.RATE),
    ],
)
def test_refusals_by_number(code: int, fault: Fault) -> None:
    assert bitvavo.fault(answer({"errorCode": code, "error": "no"}, 403)) == (fault, str(code))


def test_neither_a_key_not_yet_confirmed_nor_a_foreign_address_is_death() -> None:
    assert bitvavo.FACTS.dead == {Fault.KEY_UNKNOWN}


def test_the_query_is_signed_as_it_is_sent() -> None:
    example, stamp = bitvavo.ADAPTER.example, Stamp(1, "", "h")
    plain = bitvavo.sign(Request("GET", "/v2/x?a=b%2Fc"), example, stamp)
    queried = bitvavo.sign(Request("GET", "/v2/x", query={"a": "b/c"}), example, stamp)
    assert plain.target == queried.target
    assert plain.headers == queried.headers


def test_the_window_is_always_named() -> None:
    wire = bitvavo.sign(Request("GET", "/v2/x"), bitvavo.ADAPTER.example, Stamp(1, "", "h"))
    assert wire.headers["Bitvavo-Access-Window"] == "10000"


def test_the_guide_says_that_a_new_key_wants_its_e_mail_opened() -> None:
    steps = bitvavo.PAGE.create(SPEC).steps
    assert "306" in steps[-1]
    assert any("View access" in step and "Trade digital assets" in step for step in steps)
    assert set(bitvavo.PAGE.words.boxes) == set(bitvavo.SCOPES.names)


def test_what_bitvavo_has_no_right_for_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        bitvavo.PAGE.create(replace(SPEC, scopes=Scope.READ | Scope.TRADE_MARGIN))


def test_no_key_is_listed_made_changed_or_deleted_by_api() -> None:
    venue = bitvavo.ADAPTER
    assert {venue.list_keys, venue.create_key, venue.edit_key, venue.delete_key} == {None}
