"""Bitso's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, Refused, UsageError
from keyguard.core.exchange import Fault, NonceKind, Origin, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import bitso
from tests.adapters.scripts import Script, answer, refused, reply
from tests.adapters.venues.bitso import KEY, SPEC

NO_RIGHT = refused(Fault.SCOPE, "0202")


def test_what_a_key_may_read_is_inferred_and_the_rest_stays_unknown() -> None:
    script = Script([reply("bitso/balance"), reply("bitso/orders")])
    told = script.run(bitso.whoami(KEY))
    assert {request.method for request in script.requests} == {"GET"}
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert told.scopes_unknown == Scope.TRADE_SPOT | Scope.WITHDRAW
    assert told.ips is None


def test_the_holders_personal_data_are_never_asked_for() -> None:
    assert all("account_status" not in probe.request.path for probe in bitso.PROBES)


def test_a_key_that_reads_neither_may_still_see_the_account() -> None:
    told = Script([NO_RIGHT, NO_RIGHT]).run(bitso.whoami(KEY))
    assert (told.scopes, told.grants) == (Scope.NONE, ())
    assert Scope.READ in told.scopes_unknown


@pytest.mark.parametrize("fault", [Fault.IP, Fault.KEY_DISABLED, Fault.NONCE])
def test_a_refusal_for_another_reason_infers_nothing(fault: Fault) -> None:
    with pytest.raises(Refused):
        Script([reply("bitso/balance"), refused(fault)]).run(bitso.whoami(KEY))


def test_an_answer_about_something_else_proves_no_right() -> None:
    with pytest.raises(BadReply):
        Script([answer({"success": True, "payload": []})]).run(bitso.whoami(KEY))


def signed_nonce(stamp: Stamp) -> str:
    wire = bitso.sign(Request("GET", "/api/v3/balance"), bitso.ADAPTER.example, stamp)
    return wire.headers["Authorization"].split(":")[1]


def test_a_nonce_is_milliseconds_and_six_digits_so_that_no_counter_is_pushed_ahead() -> None:
    assert bitso.FACTS.nonce is NonceKind.UUID
    nonce = signed_nonce(Stamp(1767225600123, "11111111-2222-4333-8444-555555555501", "h"))
    assert nonce.startswith("1767225600123")
    assert len(nonce) == 19
    other = signed_nonce(Stamp(1767225600123, "11111111-2222-4333-8444-555555555502", "h"))
    assert nonce != other


def test_another_clients_own_number_is_signed_as_it_is() -> None:
    assert signed_nonce(Stamp(0, "1767225600123", "h")) == "1767225600123"


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("0201", Fault.KEY_UNKNOWN),
        ("0326", Fault.KEY_DISABLED),
        ("0202", Fault.SCOPE),
        ("0207", Fault.NONCE),
        (104, Fault.NONCE),
        ("0213", Fault.IP),
        ("0215", Fault.SIGNATURE),
        ("0209", Fault.SECOND_FACTOR),
        ("0216", Fault.OTHER),
    ],
)
def test_refusals_by_code(code: object, fault: Fault) -> None:
    told = {"success": False, "error": {"code": code, "message": "no"}}
    assert bitso.fault(answer(told, 401)) == (fault, str(code))


def test_a_key_switched_off_is_not_dead() -> None:
    assert bitso.FACTS.dead == {Fault.KEY_UNKNOWN}


def test_transfers_to_others_count_as_withdrawing() -> None:
    assert bitso.SCOPES.read(("transfers",)) == Scope.WITHDRAW


def test_at_most_five_single_addresses() -> None:
    with pytest.raises(UsageError, match="0 to 5 addresses"):
        bitso.PAGE.create(replace(SPEC, ips=tuple(f"203.0.113.{n}" for n in range(6))))


def test_every_right_has_its_switch() -> None:
    assert set(bitso.PAGE.words.boxes) == set(bitso.SCOPES.names)


def test_no_key_is_listed_made_changed_or_deleted_by_api() -> None:
    venue = bitso.ADAPTER
    assert {venue.list_keys, venue.create_key, venue.edit_key, venue.delete_key, venue.clock} == {None}
