"""Upbit's traps, each named after what would go wrong."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused, UsageError
from keyguard.core.exchange import Fault, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import upbit
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.upbit import CURRENT, KEY, SPEC

OUT_OF_SCOPE = refused(Fault.SCOPE, "out_of_scope")


def replies(*names: str) -> list[Reply | Refused]:
    return [reply(f"upbit/{name}") for name in names]


def test_a_main_pocket_key_is_told_everything() -> None:
    told = Script(replies("pockets")).run(upbit.whoami(KEY))
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT
    assert told.scopes_unknown == Scope.NONE
    assert told.grants == ("make_orders", "view_account", "view_orders")
    assert told.ips == ("203.0.113.10", "203.0.113.11")
    assert {told.scopes_origin, told.ips_origin, told.expiry_origin} == {Origin.REPORTED}
    assert told.account == "0b5a3c4e-1111-4222-8333-777788889999"
    # 08:30 in Seoul is the evening before in UTC.
    assert told.expires_at == datetime(2027, 5, 31, 23, 30, tzinfo=UTC)


def test_managing_pockets_is_dangerous() -> None:
    told = Script(replies("pockets")).run(upbit.whoami("FAKEupbitOther000000000000000000000000002"))
    assert told.scopes == Scope.READ | Scope.TRANSFER_INTERNAL | Scope.MANAGE_KEYS


def test_any_other_key_is_probed_and_the_rest_stays_unknown() -> None:
    script = Script([OUT_OF_SCOPE, *replies("keys", "accounts", "empty"), OUT_OF_SCOPE, OUT_OF_SCOPE])
    told = script.run(upbit.whoami(KEY))
    assert [request.path for request in script.requests] == [
        "/v1/pockets/api_keys",
        "/v1/api_keys",
        "/v1/accounts",
        "/v1/orders/open",
        "/v1/withdraws",
        "/v1/deposits",
    ]
    assert {request.method for request in script.requests} == {"GET"}
    assert told.scopes == Scope.READ
    assert told.scopes_origin is Origin.INFERRED
    assert told.grants == ("view_account", "view_orders")
    assert told.scopes_unknown == (Scope.TRADE_SPOT | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL | Scope.OTHER)
    assert (told.ips, told.ips_origin) == (None, Origin.UNKNOWN)
    assert told.expires_at == datetime(2027, 1, 13, 3, 0, tzinfo=UTC)
    assert told.expiry_origin is Origin.REPORTED


def test_a_key_that_may_read_nothing_is_said_to_read_nothing() -> None:
    script = Script([OUT_OF_SCOPE, *replies("keys"), *[OUT_OF_SCOPE] * 4])
    told = script.run(upbit.whoami(KEY))
    assert (told.scopes, told.grants) == (Scope.NONE, ())


@pytest.mark.parametrize("position", [0, 1, 2, 5])
def test_a_refusal_for_another_reason_infers_nothing(position: int) -> None:
    answers = [OUT_OF_SCOPE, *replies("keys", "accounts", "empty", "empty")][:position]
    with pytest.raises(Refused) as caught:
        Script([*answers, refused(Fault.IP)]).run(upbit.whoami(KEY))
    assert caught.value.fault is Fault.IP


@pytest.mark.parametrize("first", ["pockets", None])
def test_a_key_missing_from_the_list_is_a_bad_reply(first: str | None) -> None:
    answers = replies(first) if first else [OUT_OF_SCOPE, *replies("keys")]
    with pytest.raises(BadReply):
        Script(answers).run(upbit.whoami("FAKEgone"))


def test_the_list_shows_keys_nobody_registered() -> None:
    first, second = Script(replies("keys")).run(upbit.list_keys(""))
    assert first.public_id == KEY
    assert second.ref == second.public_id
    assert second.expires_at == datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
    assert (first.scopes_origin, first.ips) == (Origin.UNKNOWN, None)


def test_an_expiry_without_its_offset_is_a_bad_reply() -> None:
    rows = body("upbit/keys")
    rows[0]["expire_at"] = "2027-01-13T12:00:00"
    with pytest.raises(BadReply):
        Script([answer(rows)]).run(upbit.list_keys(""))


def test_no_key_is_made_changed_or_deleted_by_api() -> None:
    venue = upbit.ADAPTER
    assert {venue.create_key, venue.edit_key, venue.delete_key, venue.reset_key, venue.clock} == {None}


def test_the_guide_names_exactly_the_boxes_in_korean() -> None:
    guide = upbit.guide_create(SPEC)
    steps = " ".join(guide.steps)
    ticked = next(step for step in guide.steps if step.startswith("Tick exactly"))
    for word in ("자산조회", "주문조회", "주문하기", "203.0.113.10", "2채널 인증", "Open API 관리"):
        assert word in steps
    for word in ("출금하기", "입금하기", "포켓관리", "자산이전"):
        assert word not in ticked


def test_every_permission_has_its_box() -> None:
    assert set(upbit.PAGE.words.boxes) == set(upbit.SCOPES.names)


def test_withdrawing_wants_the_mobile_app_too() -> None:
    spec = replace(SPEC, scopes=Scope.WITHDRAW, grants=("withdraw",))
    guide = upbit.guide_create(spec)
    assert any("출금 안심차단" in step for step in guide.steps)
    assert any("메인포켓" in step for step in guide.steps)


def test_transfers_belong_to_a_sub_pocket() -> None:
    spec = replace(SPEC, scopes=Scope.TRANSFER_INTERNAL, grants=("transfer",))
    assert any("서브포켓" in step for step in upbit.guide_create(spec).steps)
    both = replace(SPEC, scopes=Scope.TRANSFER_INTERNAL | Scope.WITHDRAW, grants=("transfer", "withdraw"))
    with pytest.raises(UsageError, match="cannot grant exactly"):
        upbit.guide_create(both)


@pytest.mark.parametrize("ips", [(), tuple(f"203.0.113.{n}" for n in range(11))])
def test_one_to_ten_addresses_are_wanted(ips: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="1 to 10 addresses"):
        upbit.guide_create(replace(SPEC, ips=ips))
    with pytest.raises(UsageError, match="1 to 10 addresses"):
        upbit.PAGE.edit(CURRENT, replace(SPEC, ips=ips))


@pytest.mark.parametrize("ip", ["203.0.113.0/24", "2001:db8::1", "desk.example.test", "1.2.3"])
def test_only_single_ipv4_addresses_are_taken(ip: str) -> None:
    with pytest.raises(UsageError, match="IPv4"):
        upbit.guide_create(replace(SPEC, ips=(ip,)))


def test_scopes_and_boxes_must_agree() -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        upbit.guide_create(replace(SPEC, scopes=Scope.READ))


def test_other_permissions_need_another_key() -> None:
    current = Script(replies("pockets")).run(upbit.whoami(KEY))
    with pytest.raises(NotOffered, match="cannot change the permissions"):
        upbit.PAGE.edit(current, replace(SPEC, scopes=Scope.READ, grants=("view_account",)))
    assert upbit.PAGE.edit(current, SPEC).steps


@pytest.mark.parametrize(
    ("status", "name", "fault"),
    [
        (401, "invalid_access_key", Fault.KEY_UNKNOWN),
        (401, "expired_access_key", Fault.KEY_EXPIRED),
        (401, "jwt_verification", Fault.SIGNATURE),
        (401, "invalid_query_payload", Fault.SIGNATURE),
        (401, "nonce_used", Fault.NONCE),
        (401, "no_authorization_ip", Fault.IP),
        (401, "no_authorization_i_p", Fault.IP),
        (403, "out_of_scope", Fault.SCOPE),
        (401, "out_of_scope", Fault.SCOPE),
        (404, "pocket_not_found", Fault.NOT_FOUND),
        (429, "too_many_requests", Fault.RATE),
        (418, "whatever", Fault.RATE),
        (429, 429, Fault.RATE),
        (404, 404, Fault.NOT_FOUND),
        (200, 500, Fault.BUSY),
        (500, "server_error", Fault.BUSY),
        (401, "thirdparty_agreement_required", Fault.OTHER),
        (400, "validation_error", Fault.OTHER),
    ],
)
def test_refusals_by_name(status: int, name: object, fault: Fault) -> None:
    told = Reply(status, {}, json.dumps({"error": {"name": name, "message": "no"}}).encode())
    assert upbit.fault(told) == (fault, str(name))


def test_an_expired_key_is_told_by_its_message_too() -> None:
    told = {"error": {"name": "authorization_failed", "message": "This key has expired."}}
    assert upbit.fault(answer(told, 401)) == (Fault.KEY_EXPIRED, "authorization_failed")


@pytest.mark.parametrize(("status", "fault"), [(418, Fault.RATE), (429, Fault.RATE), (401, Fault.AMBIGUOUS)])
def test_refusals_by_status(status: int, fault: Fault) -> None:
    assert upbit.fault(Reply(status, {}, b"Too many API requests.")) == (fault, str(status))


def test_a_foreign_address_is_no_sign_of_death() -> None:
    assert upbit.FACTS.dead == {Fault.KEY_UNKNOWN}


def test_lists_in_a_body_are_hashed_as_in_a_query() -> None:
    request = Request("POST", "/v1/x", body={"ids": ["a b", "c"], "n": 1})
    wire = upbit.sign(request, upbit.ADAPTER.example, Stamp(0, "n", "h"))
    claims = json.loads(base64.urlsafe_b64decode(wire.headers["Authorization"].split(".")[1] + "=="))
    assert claims["query_hash"] == hashlib.sha512(b"ids[]=a b&ids[]=c&n=1").hexdigest()
    assert wire.headers["Content-Type"] == "application/json; charset=utf-8"
