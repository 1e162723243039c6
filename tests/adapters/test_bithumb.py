"""Bithumb's traps, each named after what would go wrong."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused, UsageError
from keyguard.core.exchange import Fault, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import bithumb
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.bithumb import CURRENT, KEY, SPEC

OUT_OF_SCOPE = refused(Fault.SCOPE, "out_of_scope")
VENUE = bithumb.ADAPTER


def replies(*names: str) -> list[Reply | Refused]:
    return [reply(f"bithumb/{name}") for name in names]


def claims(request: Request) -> dict[str, Any]:
    wire = VENUE.sign(request, VENUE.example, Stamp(1763596800123, "n", "h"))
    part = wire.headers["Authorization"].split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return found


def test_the_hash_covers_the_parameters_as_they_are_sent_not_as_upbit_hashes_them() -> None:
    request = Request("GET", "/v1/withdraws", query={"txid": "a b/c", "uuids": ["x:1", "y[]=z"]})
    sent = "txid=a%20b%2Fc&uuids[]=x%3A1&uuids[]=y%5B%5D%3Dz"
    assert VENUE.sign(request, VENUE.example, Stamp(0, "n", "h")).target == f"/v1/withdraws?{sent}"
    assert claims(request)["query_hash"] == hashlib.sha512(sent.encode()).hexdigest()


def test_the_sample_hash_of_the_documents_is_ours() -> None:
    found = claims(Request("GET", "/v1/withdraws", query={"currency": "BTC", "net_type": "BTC"}))
    assert found["query_hash"].startswith("1c2362ca")


def test_the_time_is_a_number_of_milliseconds() -> None:
    assert claims(Request("GET", "/v1/api_keys")) == {
        "access_key": KEY,
        "nonce": "n",
        "timestamp": 1763596800123,
    }


def test_a_key_is_found_in_the_list_and_probed_and_the_rest_stays_unknown() -> None:
    script = Script([*replies("keys", "accounts", "empty"), OUT_OF_SCOPE, OUT_OF_SCOPE])
    told = script.run(VENUE.whoami(KEY))
    assert [request.path for request in script.requests] == [
        "/v1/api_keys",
        "/v1/accounts",
        "/v1/orders",
        "/v1/withdraws",
        "/v1/deposits",
    ]
    assert {request.method for request in script.requests} == {"GET"}
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert told.grants == ("자산조회", "주문조회")
    assert told.scopes_unknown == Scope.TRADE_SPOT | Scope.WITHDRAW | Scope.OTHER
    assert (told.ips, told.ips_origin) == (None, Origin.UNKNOWN)
    # 09:00 in Seoul is midnight in UTC.
    assert told.expires_at == datetime(2027, 3, 2, tzinfo=UTC)
    assert told.expiry_origin is Origin.REPORTED


def test_a_probe_answered_with_something_else_proves_no_permission() -> None:
    with pytest.raises(BadReply):
        Script([*replies("keys"), answer({"status": "0000"})]).run(VENUE.whoami(KEY))


@pytest.mark.parametrize("position", [0, 1, 4])
def test_a_refusal_for_another_reason_infers_nothing(position: int) -> None:
    answers = replies("keys", "accounts", "empty", "empty")[:position]
    with pytest.raises(Refused) as caught:
        Script([*answers, refused(Fault.IP)]).run(VENUE.whoami(KEY))
    assert caught.value.fault is Fault.IP


def test_a_key_missing_from_the_list_is_a_bad_reply() -> None:
    with pytest.raises(BadReply):
        Script(replies("keys")).run(VENUE.whoami("FAKEgone"))


def test_an_expiry_without_its_offset_is_a_bad_reply() -> None:
    rows = body("bithumb/keys")
    rows[0]["expire_at"] = "2027-01-13 12:00:00"
    with pytest.raises(BadReply):
        Script([answer(rows)]).run(VENUE.list_keys(""))


def test_a_deleted_key_cannot_be_told_from_a_wrong_secret_so_the_list_has_to_prove_it() -> None:
    told = {"error": {"name": "jwt_verification", "message": "no"}}
    assert VENUE.fault(answer(told, 401)) == (Fault.AMBIGUOUS, "jwt_verification")
    assert VENUE.facts.dead == {Fault.AMBIGUOUS}
    assert VENUE.list_keys is not None


@pytest.mark.parametrize(
    ("status", "name", "fault"),
    [
        (401, "expired_jwt", Fault.CLOCK),
        (401, "invalid_query_payload", Fault.SIGNATURE),
        (401, "NotAllowIP", Fault.IP),
        (401, "out_of_scope", Fault.SCOPE),
        (401, "no_such_name", Fault.AMBIGUOUS),
        (403, "blocked_member_id", Fault.OTHER),
        (400, "invalid_parameter", Fault.OTHER),
        (429, "whatever", Fault.RATE),
        (500, "server_error", Fault.BUSY),
    ],
)
def test_refusals_by_name(status: int, name: str, fault: Fault) -> None:
    assert VENUE.fault(answer({"error": {"name": name, "message": "no"}}, status)) == (fault, name)


def test_a_foreign_address_or_an_old_token_is_no_sign_of_death() -> None:
    assert not {Fault.IP, Fault.CLOCK, Fault.SCOPE, Fault.KEY_EXPIRED} & VENUE.facts.dead


@pytest.mark.parametrize("ips", [(), tuple(f"203.0.113.{n}" for n in range(6))])
def test_one_to_five_addresses_are_wanted(ips: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="1 to 5 addresses"):
        VENUE.guide_create(replace(SPEC, ips=ips))


def test_the_guide_names_exactly_the_boxes_in_both_languages() -> None:
    guide = VENUE.guide_create(SPEC)
    for steps in (guide.steps, guide.korean):
        (ticked,) = [step for step in steps if "자산조회" in step]
        assert "자산조회, 주문조회, 주문하기" in ticked
        assert "출금" not in ticked
        assert any("203.0.113.10" in step for step in steps)
    assert len(guide.korean) == len(guide.steps)


def test_other_permissions_need_another_key() -> None:
    current = replace(CURRENT, grants=("자산조회",), scopes_origin=Origin.DECLARED)
    with pytest.raises(NotOffered, match="cannot change the permissions"):
        VENUE.guide_edit(current, SPEC)
    assert VENUE.guide_edit(replace(current, grants=SPEC.grants), SPEC).steps


def test_no_key_is_made_changed_or_deleted_by_api() -> None:
    assert {VENUE.create_key, VENUE.edit_key, VENUE.delete_key, VENUE.reset_key, VENUE.clock} == {None}
