"""MEXC's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused, UsageError
from keyguard.core.exchange import Fault, KeySpec, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import mexc
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.mexc import BOUND, CURRENT, KEY, PROBED, SPEC, SUB

NO_PERMISSION = refused(Fault.SCOPE, "700007")
ANSWERS: list[Reply | Refused] = [reply(f"mexc/{name}") for name in PROBED]
STAMP = Stamp(1763622000123, "", "api.mexc.com")


def test_a_key_is_probed_by_reading_calls_only_and_never_by_an_order() -> None:
    script = Script(list(ANSWERS))
    told = script.run(mexc.whoami(KEY))
    assert {request.method for request in script.requests} == {"GET"}
    assert not any(request.path.endswith(("/order", "/order/test")) for request in script.requests)
    assert told.scopes_origin is Origin.INFERRED
    assert told.scopes == Scope.READ | Scope.MANAGE_KEYS


def test_what_no_probe_tells_stays_unknown() -> None:
    told = Script([*ANSWERS[:6], refused(Fault.OTHER, "140002")]).run(mexc.whoami(KEY))
    assert told.scopes == Scope.READ
    assert told.scopes_unknown == mexc.UNPROBED
    assert (told.ips, told.ips_origin, told.account) == (None, Origin.UNKNOWN, "")
    assert "SPOT_WITHDRAW_READ" in told.grants


def test_what_the_account_may_is_not_what_the_key_may() -> None:
    script = Script([*ANSWERS[:1], *[NO_PERMISSION] * 6])
    told = script.run(mexc.whoami(KEY))
    assert told.grants == ("SPOT_ACCOUNT_READ",)
    assert "/api/v3/account" not in {request.path for request in script.requests}


def test_a_master_key_that_may_only_read_manages_keys() -> None:
    assert Scope.MANAGE_KEYS in Script(list(ANSWERS)).run(mexc.whoami(KEY)).scopes


@pytest.mark.parametrize("position", [0, 1, 4, 6])
def test_a_refusal_for_another_reason_infers_nothing(position: int) -> None:
    with pytest.raises(Refused) as caught:
        Script([*ANSWERS[:position], refused(Fault.AMBIGUOUS, "700002")]).run(mexc.whoami(KEY))
    assert caught.value.fault is Fault.AMBIGUOUS


def test_a_page_in_place_of_an_answer_is_no_permission() -> None:
    with pytest.raises(BadReply):
        Script([*ANSWERS[:1], Reply(200, {}, b"<html>")]).run(mexc.whoami(KEY))


def test_an_expired_key_and_a_wrong_signature_look_alike() -> None:
    assert mexc.fault(answer({"code": 700002, "msg": "no"}, 400)) == (Fault.AMBIGUOUS, "700002")
    assert Fault.AMBIGUOUS not in mexc.FACTS.dead


def test_both_spellings_of_a_creation_time_are_read() -> None:
    first, second = Script([reply("mexc/keys")]).run(mexc.list_keys(SUB))
    assert first.created_at == second.created_at
    assert (first.ips, second.ips) == (("203.0.113.10", "203.0.113.11"), ())


@pytest.mark.parametrize(
    "wanted",
    [
        replace(BOUND, scopes=Scope.READ, grants=("SPOT_ACCOUNT_READ",)),
        replace(BOUND, ips=()),  # would open it
    ],
)
def test_only_addresses_can_be_changed_and_only_to_some(wanted: KeySpec) -> None:
    with pytest.raises(NotOffered, match="but its addresses"):
        Script([]).run(mexc.edit_key(CURRENT, wanted))


def test_addresses_that_were_added_and_not_replaced_are_no_success() -> None:
    given = body("mexc/edited")
    given["ipWhiteList"] = "203.0.113.9,203.0.113.10"
    with pytest.raises(BadReply):
        Script([answer(given)]).run(mexc.edit_key(CURRENT, BOUND))


def test_a_key_without_addresses_is_asked_for_without_them() -> None:
    script = Script([reply("mexc/created")])
    script.run(mexc.create_key(replace(SPEC, ips=())))
    assert "ip" not in script.requests[0].query


@pytest.mark.parametrize(
    ("scopes", "grants"),
    [
        (Scope.READ | Scope.WITHDRAW, ("SPOT_ACCOUNT_READ", "SPOT_WITHDRAW_WRITE")),
        (Scope.READ | Scope.MANAGE_KEYS, ("SPOT_ACCOUNT_READ", mexc.MASTER)),
        (Scope.READ, ("SPOT_ACCOUNT_READ", "SPOT_DEAL_WRITE")),
    ],
)
def test_what_a_sub_key_cannot_have_is_never_asked_for(scopes: Scope, grants: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        Script([]).run(mexc.create_key(replace(SPEC, scopes=scopes, grants=grants)))


def test_eleven_addresses_are_one_more_than_all_sources_agree_on() -> None:
    ips = tuple(f"203.0.113.{n}" for n in range(11))
    with pytest.raises(UsageError, match="0 to 10 addresses"):
        Script([]).run(mexc.create_key(replace(SPEC, ips=ips)))


def test_a_deletion_elsewhere_is_no_confirmation() -> None:
    with pytest.raises(BadReply):
        Script([answer({"subAccount": "deskbeta"})]).run(mexc.delete_key(CURRENT))


def test_futures_are_signed_another_way() -> None:
    request = Request("GET", "/api/v1/private/position/open_positions", query={"b": "2", "a": "1 x"})
    wire = mexc.sign(request, mexc.ADAPTER.example, STAMP)
    assert parse_qsl(urlsplit(wire.target).query) == [("a", "1 x"), ("b", "2")]
    assert set(wire.headers) == {"ApiKey", "Request-Time", "Signature", "Content-Type"}


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (10072, Fault.KEY_UNKNOWN),
        (402, Fault.KEY_EXPIRED),
        (602, Fault.AMBIGUOUS),
        (700003, Fault.CLOCK),
        (700006, Fault.IP),
        (406, Fault.IP),
        (700007, Fault.SCOPE),
        (703, Fault.SCOPE),
        (730705, Fault.LIMIT),
        (730706, Fault.NOT_FOUND),
        (140001, Fault.OTHER),
        (510, Fault.RATE),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_refusals_by_code(status: int, code: int, fault: Fault) -> None:
    assert mexc.fault(answer({"code": code, "msg": "no"}, status)) == (fault, str(code))


@pytest.mark.parametrize("code", [0, 200])
def test_good_answers_may_have_a_code(code: int) -> None:
    assert mexc.fault(answer({"success": True, "code": code, "data": []})) is None
