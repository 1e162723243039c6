"""Backpack's traps, each named after what would go wrong."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keyguard.core.errors import BadReply, UsageError
from keyguard.core.exchange import Fault, Origin, Request, Stamp
from keyguard.core.keys import KeyKind, Scope
from keyguard.core.secret import Secret
from keyguard_adapters import backpack
from tests.adapters.scripts import Script, answer, reply
from tests.adapters.venues.backpack import CURRENT, KEY, SPEC

STAMP = Stamp(1767225600123, "", "h")
FULL = backpack.SCOPES.names["full"]


def test_any_live_key_reads_and_whether_it_does_more_is_unknown() -> None:
    told = Script([reply("backpack/account")]).run(backpack.whoami(KEY))
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert Scope.WITHDRAW in told.scopes_unknown
    assert told.scopes | told.scopes_unknown == FULL


def test_an_answer_about_something_else_proves_nothing() -> None:
    with pytest.raises(BadReply):
        Script([answer({"code": "OK"})]).run(backpack.whoami(KEY))


@pytest.mark.parametrize("value", [1767225600, "soon", None])
def test_a_time_in_other_units_is_a_bad_reply(value: object) -> None:
    with pytest.raises(BadReply):
        Script([answer(value)]).run(backpack.clock())


def test_a_key_that_trades_can_withdraw_and_no_other_can_be_asked_for() -> None:
    wide = replace(SPEC, scopes=FULL, grants=("full",))
    assert any("Read Only: off" in step for step in backpack.guide_create(wide).steps)
    assert any("Address book" in step for step in backpack.guide_create(wide).steps)
    with pytest.raises(UsageError, match="cannot grant exactly"):
        backpack.guide_create(replace(wide, scopes=FULL & ~Scope.WITHDRAW))


def test_the_switch_has_one_position() -> None:
    both = replace(SPEC, scopes=FULL, grants=backpack.SCOPES.write(FULL))
    for guide in (backpack.guide_create(both), backpack.guide_edit(CURRENT, both)):
        assert not any("Read Only: on" in step for step in guide.steps)


def test_an_own_private_key_in_pem_form_signs_as_its_seed_does() -> None:
    private = Ed25519PrivateKey.generate()
    seed = base64.b64encode(private.private_bytes_raw()).decode()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    request, example = Request("GET", "/api/v1/account"), backpack.ADAPTER.example
    wires = [backpack.sign(request, replace(example, secret=Secret(text)), STAMP) for text in (seed, pem)]
    assert wires[0].headers == wires[1].headers


@pytest.mark.parametrize(
    "secret", ["FAKE!", base64.b64encode(b"FAKE" * 4).decode(), base64.b64encode(b"FAKE" * 16).decode()]
)
def test_a_secret_that_is_no_seed_is_a_clear_error_without_it(secret: str) -> None:
    with pytest.raises(UsageError) as caught:
        backpack.sign(
            Request("GET", "/api/v1/account"), replace(backpack.ADAPTER.example, secret=Secret(secret)), STAMP
        )
    assert secret not in str(caught.value)


def test_a_withdrawal_is_signed_under_no_name() -> None:
    named = [request for request, name in backpack.INSTRUCTIONS.items() if name == "withdraw"]
    assert not named
    assert ("POST", "/wapi/v1/capital/withdrawals") not in backpack.INSTRUCTIONS


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, "INVALID_SIGNATURE", Fault.AMBIGUOUS),
        (401, "UNAUTHORIZED", Fault.AMBIGUOUS),
        (400, "INVALID_CLIENT_REQUEST", Fault.OTHER),
        (403, "FORBIDDEN", Fault.OTHER),
        (429, "TOO_MANY_REQUESTS", Fault.RATE),
        (503, "MAINTENANCE", Fault.BUSY),
    ],
)
def test_refusals_by_code(status: int, code: str, fault: Fault) -> None:
    assert backpack.fault(answer({"code": code, "message": "no"}, status)) == (fault, code)


def test_no_answer_means_death_by_itself() -> None:
    assert backpack.FACTS.dead == {Fault.AMBIGUOUS}
    assert backpack.FACTS.kinds == (KeyKind.ED25519,)


def test_no_key_is_listed_made_changed_or_deleted_by_api() -> None:
    venue = backpack.ADAPTER
    assert {venue.list_keys, venue.create_key, venue.edit_key, venue.delete_key} == {None}
