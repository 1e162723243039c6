"""Korbit's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from keyguard.core.errors import BadReply, UsageError
from keyguard.core.exchange import Credential, Fault, Origin, Request, Stamp
from keyguard.core.keys import KeyKind, Scope
from keyguard.core.secret import Secret
from keyguard_adapters import korbit
from tests.adapters.scripts import Script, answer, body
from tests.adapters.test_vectors import credential, vectors
from tests.adapters.venues.korbit import KEY, SPEC

VENUE = korbit.ADAPTER


def told_of(**changed: Any) -> Any:
    row = body("korbit/key")
    row["data"] = {name: value for name, value in {**row["data"], **changed}.items() if value is not ...}
    return Script([answer(row)]).run(VENUE.whoami(KEY))


def test_a_key_tells_everything_of_itself() -> None:
    told = told_of()
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT
    assert told.ips == ("203.0.113.10", "203.0.113.11")
    assert {told.scopes_origin, told.ips_origin, told.expiry_origin} == {Origin.REPORTED}
    assert told.expires_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert told.created_at == datetime(2025, 11, 20, tzinfo=UTC)
    assert (told.label, told.account) == ("arb_1", "0b5a3c4e-1111-4222-8333-777788889999")
    assert told.enabled


def test_an_answer_about_another_key_is_a_bad_reply() -> None:
    with pytest.raises(BadReply):
        told_of(apiKey="FAKEother")


def test_a_missing_list_of_addresses_is_not_told_and_an_empty_one_is_any_address() -> None:
    assert (told_of(whitelist=...).ips, told_of(whitelist=...).ips_origin) == (None, Origin.UNKNOWN)
    assert told_of(whitelist="").ips == ()
    assert told_of(whitelist="203.0.113.1, 203.0.113.2").ips == ("203.0.113.1", "203.0.113.2")


def test_a_deactivated_key_is_said_to_be_off_and_an_unknown_state_is_a_bad_reply() -> None:
    assert not told_of(status="deactivated").enabled
    with pytest.raises(BadReply):
        told_of(status="frozen")


def test_members_the_korean_reference_lacks_may_be_missing() -> None:
    told = told_of(userUuid=..., label=...)
    assert (told.account, told.label) == ("", "")


@pytest.mark.parametrize("vector", vectors("korbit-claim"))
def test_claiming_a_key_is_signed_alike_though_not_offered(vector: dict[str, Any]) -> None:
    """The official client's undocumented flow: the request has no key id yet, so its header is missing."""
    asked = vector["request"]
    who = replace(credential({"credentials": {**vector["credentials"], "api_key": "FAKE"}}), key="FAKE")
    request = Request(asked["method"], asked["path"], query=asked["query"])
    wire = VENUE.sign(request, who, Stamp(vector["clock_ms"], "", "h"))
    assert VENUE.facts.base + wire.target == vector["expected"]["url"]


def test_the_signature_covers_what_is_sent_and_a_body_is_a_form() -> None:
    request = Request("POST", "/v2/orders", query={"a": "1"}, body={"b": "x y", "c": True})
    wire = VENUE.sign(request, VENUE.example, Stamp(5, "", "h"))
    assert wire.target == "/v2/orders?a=1"
    assert wire.body.startswith(b"b=x%20y&c=true&timestamp=5&signature=")
    assert wire.headers["Content-Type"] == "application/x-www-form-urlencoded"
    again = VENUE.sign(replace(request, query={"a": "2"}), VENUE.example, Stamp(5, "", "h"))
    assert again.body != wire.body


def test_the_secret_is_text_although_it_looks_like_base64() -> None:
    padded = replace(VENUE.example, secret=Secret(VENUE.example.secret.reveal() + "="))
    request = Request("GET", "/v2/currentKeyInfo")
    one, other = (VENUE.sign(request, who, Stamp(5, "", "h")).target for who in (VENUE.example, padded))
    assert one != other


def test_a_key_of_ones_own_that_is_none_is_a_clear_error_without_the_key() -> None:
    who = Credential("FAKE", Secret("FAKEnotAkey"), kind=KeyKind.ED25519)
    with pytest.raises(UsageError, match="not an unencrypted key in PEM form") as caught:
        VENUE.sign(Request("GET", "/v2/currentKeyInfo"), who, Stamp(5, "", "h"))
    assert "FAKEnotAkey" not in str(caught.value)


def test_the_host_of_the_new_name_is_pinned_beside_the_old_one() -> None:
    assert VENUE.facts.base == "https://api.korbit.co.kr"
    assert VENUE.facts.other_bases == ("https://api.digitalx.miraeasset.com",)


@pytest.mark.parametrize(
    ("status", "symbol", "fault"),
    [
        (400, "KEY_NOT_FOUND", Fault.KEY_UNKNOWN),
        (401, "KEY_DEACTIVATED", Fault.KEY_UNKNOWN),
        (401, "KEY_EXPIRED", Fault.KEY_EXPIRED),
        (403, "IP_NOT_ALLOWED", Fault.IP),
        (400, "EXCEED_TIME_WINDOW", Fault.CLOCK),
        (403, "INVALID_USER_STATUS", Fault.OTHER),
        (429, "TOO_MANY_REQUESTS", Fault.RATE),
        (500, "INTERNAL", Fault.BUSY),
    ],
)
def test_refusals_by_symbol(status: int, symbol: str, fault: Fault) -> None:
    reply = answer({"success": False, "error": {"message": symbol}}, status)
    assert VENUE.fault(reply) == (fault, symbol)


@pytest.mark.parametrize("status", [401, 403])
def test_a_symbol_nobody_documented_proves_no_death(status: int) -> None:
    reply = answer({"success": False, "error": {"message": "KEY_TELEPORTED"}}, status)
    verdict = VENUE.fault(reply)
    assert verdict == (Fault.OTHER, "KEY_TELEPORTED")
    assert verdict[0] not in VENUE.facts.dead


def test_the_guide_names_exactly_the_boxes_in_both_languages() -> None:
    guide = VENUE.guide_create(SPEC)
    for steps in (guide.steps, guide.korean):
        (ticked,) = [step for step in steps if "필요 권한" in step]
        assert "자산 조회, 주문 조회, 주문 신청" in ticked
        assert "출금" not in ticked
        assert any("203.0.113.10" in step for step in steps)
        assert any("arb_1" in step for step in steps)
    assert len(guide.korean) == len(guide.steps)
    assert set(korbit.PAGE.words.boxes) == set(korbit.SCOPES.names)


def test_deleting_is_not_deactivating() -> None:
    guide = VENUE.guide_delete(told_of())
    assert any("삭제" in step and "비활성화" in step for step in guide.steps)


@pytest.mark.parametrize("ips", [(), tuple(f"203.0.113.{n}" for n in range(21))])
def test_one_to_twenty_addresses_are_wanted(ips: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="1 to 20 addresses"):
        VENUE.guide_create(replace(SPEC, ips=ips))
