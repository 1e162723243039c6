"""Kraken's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keyguard.core.errors import BadReply, Refused, UsageError
from keyguard.core.exchange import Fault, NonceKind, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters import kraken
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.kraken import CURRENT, KEY, SPEC, form

EXAMPLE = kraken.ADAPTER.example
STAMP = Stamp(1763630000123, "1763630000124", "venue.test")


def test_a_key_describes_itself() -> None:
    told = Script([reply("kraken/info")]).run(kraken.whoami(KEY))
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN
    assert (told.label, told.account) == ("mm_1", "AA68 N84G 7XHZ 5L5Q")
    assert told.ips == ("203.0.113.10", "198.51.100.0/24")
    assert told.created_at == datetime.fromtimestamp(1795000000, UTC)
    assert (told.expires_at, told.expiry_origin) == (None, Origin.REPORTED)
    assert {told.scopes_origin, told.ips_origin} == {Origin.REPORTED}
    assert told.notes == ()


@pytest.mark.parametrize("ends", ["1795500000", 1795500000])
def test_an_end_is_told_in_seconds(ends: object) -> None:
    told = Script([answer(_info(validUntil=ends))]).run(kraken.whoami(KEY))
    assert told.expires_at == datetime.fromtimestamp(1795500000, UTC)


def test_an_answer_about_another_key_is_a_bad_reply() -> None:
    with pytest.raises(BadReply):
        Script([answer(_info(apiKey="another"))]).run(kraken.whoami(KEY))


@pytest.mark.parametrize(
    "missing", ["permissions", "ipAllowlist", "validUntil", "createdTime", "iban", "apiKeyName"]
)
def test_what_is_not_told_is_not_taken_for_none(missing: str) -> None:
    info = _info()
    del info["result"][missing]
    with pytest.raises(BadReply):
        Script([answer(info)]).run(kraken.whoami(KEY))


def test_changing_withdrawal_addresses_is_said_although_it_withdraws_nothing() -> None:
    told = Script([answer(_info(permissions=["update-withdraw-address"]))]).run(kraken.whoami(KEY))
    assert told.scopes == Scope.OTHER
    assert told.notes == ("it may add or change withdrawal addresses",)


def test_one_invalid_key_proves_nothing_for_live_keys_get_it_too() -> None:
    verdict = kraken.fault(answer({"error": ["EAPI:Invalid key"]}))
    assert verdict == (Fault.AMBIGUOUS, "EAPI:Invalid-key")
    assert kraken.FACTS.dead == {Fault.AMBIGUOUS}


def test_asking_is_said_to_disturb_the_program_that_uses_the_key() -> None:
    assert kraken.FACTS.nonce is NonceKind.COUNTER
    assert "nonce" in kraken.FACTS.disturbs


def test_a_program_that_counts_in_microseconds_does_not_make_its_key_look_dead() -> None:
    verdict = kraken.fault(answer({"error": ["EAPI:Invalid nonce"]}))
    assert verdict == (Fault.NONCE, "EAPI:Invalid-nonce")
    assert Fault.NONCE not in kraken.FACTS.dead
    with pytest.raises(Refused):
        Script([refused(Fault.NONCE)]).run(kraken.whoami(KEY))


def test_a_fixed_second_factor_goes_along_unasked() -> None:
    who = replace(EXAMPLE, passphrase=Secret("FAKE otp"))
    wire = kraken.sign(Request("POST", "/0/private/Balance", body={}), who, STAMP)
    assert form(wire) == {"nonce": "1763630000124", "otp": "FAKE otp"}
    alone = kraken.sign(Request("POST", "/0/private/Balance", body={}), EXAMPLE, STAMP)
    assert form(alone) == {"nonce": "1763630000124"}
    assert alone.headers["API-Sign"] != wire.headers["API-Sign"]


def test_a_code_is_asked_for_when_a_call_for_everybody_is_denied() -> None:
    denied = refused(Fault.SCOPE, "EGeneral:Permission-denied")
    script = Script([denied, reply("kraken/info")], codes=["123456"])
    told = script.run(kraken.whoami(KEY))
    assert told.public_id == KEY
    assert [request.body for request in script.requests] == [{}, {"otp": "123456"}]
    assert [question.kind for question in script.asked] == ["totp"]


def test_a_code_typed_now_goes_before_a_fixed_one() -> None:
    who = replace(EXAMPLE, passphrase=Secret("FAKEold"))
    wire = kraken.sign(Request("POST", "/0/private/GetApiKeyInfo", body={"otp": "123456"}), who, STAMP)
    assert form(wire)["otp"] == "123456"


@pytest.mark.parametrize("fault", [Fault.AMBIGUOUS, Fault.SIGNATURE, Fault.RATE])
def test_nobody_is_asked_for_a_code_upon_another_refusal(fault: Fault) -> None:
    script = Script([refused(fault)])
    with pytest.raises(Refused):
        script.run(kraken.whoami(KEY))
    assert script.asked == []


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        ("EAPI:Invalid signature", Fault.SIGNATURE),
        ("EAPI:Rate limit exceeded", Fault.RATE),
        ("EGeneral:Temporary lockout", Fault.RATE),
        ("EGeneral:Permission denied", Fault.SCOPE),
        ("EGeneral:Invalid arguments:price", Fault.OTHER),
        ("EGeneral:Internal error", Fault.BUSY),
        ("EService:Unavailable", Fault.BUSY),
        ("ETrade:User Locked", Fault.OTHER),
    ],
)
def test_refusals_come_with_status_200(error: str, fault: Fault) -> None:
    verdict = kraken.fault(answer({"error": [error]}))
    assert verdict is not None
    assert verdict[0] is fault
    assert " " not in verdict[1]


def test_an_empty_list_of_errors_is_no_refusal() -> None:
    assert kraken.fault(answer({"error": [], "result": {}})) is None
    assert kraken.fault(Reply(520, {}, b"")) == (Fault.BUSY, "520")


def test_every_permission_has_its_box() -> None:
    assert set(kraken.PAGE.words.boxes) == set(kraken.SCOPES.names)


def test_spot_without_margin_cannot_be_granted() -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        kraken.PAGE.create(replace(SPEC, scopes=Scope.READ | Scope.TRADE_SPOT, grants=()))


def test_the_guide_names_the_boxes_and_no_other() -> None:
    ticked = next(step for step in kraken.PAGE.edit(CURRENT, SPEC).steps if step.startswith("Tick"))
    assert "Create & modify orders" in ticked
    assert "Withdraw" not in ticked


def test_a_secret_that_is_not_base64_is_a_clear_error_without_it() -> None:
    with pytest.raises(UsageError, match="not base64") as caught:
        kraken.sign(
            Request("POST", "/0/private/Balance", body={}), replace(EXAMPLE, secret=Secret("FAKE!")), STAMP
        )
    assert "FAKE!" not in str(caught.value)


def _info(**changed: object) -> dict[str, dict[str, object]]:
    info: dict[str, dict[str, object]] = body("kraken/info")
    info["result"].update(changed)
    return info
