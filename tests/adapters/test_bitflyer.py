"""bitFlyer's traps, each named after what would go wrong."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest

from keyguard.core.errors import BadReply, UsageError
from keyguard.core.exchange import Fault, Origin, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import bitflyer
from tests.adapters.scripts import Script, answer, reply
from tests.adapters.test_vectors import signed, vectors
from tests.adapters.venues.bitflyer import KEY, SPEC

VENUE = bitflyer.ADAPTER
TRADE = Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES


def told_of(*names: str) -> Any:
    paths = [f"/v1/me/{name}" for name in names]
    return Script([answer(paths)]).run(VENUE.whoami(KEY))


def test_the_calls_a_key_may_make_are_its_permissions() -> None:
    told = Script([reply("bitflyer/permissions")]).run(VENUE.whoami(KEY))
    assert (told.scopes, told.scopes_origin) == (Scope.READ | TRADE, Origin.REPORTED)
    assert told.scopes_unknown == Scope.NONE
    assert "/v1/me/getpermissions" not in told.grants  # every key may: no box, nothing granted
    assert (told.ips, told.expires_at) == (None, None)


@pytest.mark.parametrize("name", ["withdraw", "sendcoin"])
def test_sending_coins_and_yen_is_withdrawing(name: str) -> None:
    assert told_of("getpermissions", name).scopes == Scope.WITHDRAW


def test_cancelling_is_trading() -> None:
    assert told_of("getpermissions", "cancelallchildorders").scopes == TRADE


def test_no_box_is_no_scope_and_not_reading() -> None:
    assert told_of("getpermissions").scopes == Scope.NONE


@pytest.mark.parametrize("told", [[], ["/v1/me/getteleport"], ["/v2/me/getbalance"], [""]])
def test_an_empty_list_or_a_path_nobody_knows_is_a_bad_reply(told: list[str]) -> None:
    with pytest.raises(BadReply):
        Script([answer(told)]).run(VENUE.whoami(KEY))


def test_spot_cannot_be_had_without_cfd() -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        VENUE.guide_create(replace(SPEC, scopes=Scope.READ | Scope.TRADE_SPOT))
    assert set(VENUE.scopes.write(Scope.READ | TRADE)) >= set(SPEC.grants)


@pytest.mark.parametrize("vector", vectors("bitflyer"))
def test_the_time_is_signed_in_seconds_as_clients_do_not_in_milliseconds_as_the_sample_does(
    vector: dict[str, Any],
) -> None:
    """The other reading differs by the number only; a client that used it was refused."""
    wire = signed(vector)
    assert wire.headers["ACCESS-TIMESTAMP"] == str(vector["clock_ms"] // 1000)
    for at in (vector["clock_ms"] // 1000, vector["clock_ms"]):
        text = f"{at}{wire.method}{wire.target}{wire.body.decode()}".encode()
        made = hmac.new("".join(vector["credentials"]["secret"]).encode(), text, hashlib.sha256).hexdigest()
        assert (made == wire.headers["ACCESS-SIGN"]) == (at != vector["clock_ms"])
    assert any("milliseconds" in line for line in VENUE.facts.unverified)


def test_the_secret_is_text_although_it_looks_like_base64() -> None:
    wire = VENUE.sign(Request("GET", "/v1/me/getbalance"), VENUE.example, Stamp(5000, "", "h"))
    text = b"5GET/v1/me/getbalance"
    made = hmac.new(VENUE.example.secret.reveal().encode(), text, hashlib.sha256)
    assert wire.headers["ACCESS-SIGN"] == made.hexdigest()


@pytest.mark.parametrize(
    ("http", "status", "fault"),
    [
        (401, -500, Fault.AMBIGUOUS),
        (400, -505, Fault.SECOND_FACTOR),
        (400, -700, Fault.OTHER),
        (200, -2, Fault.BUSY),
        (400, -208, Fault.OTHER),
        (429, -1, Fault.RATE),
    ],
)
def test_refusals_by_status(http: int, status: int, fault: Fault) -> None:
    told = answer({"status": status, "error_message": "no", "data": None}, http)
    assert VENUE.fault(told) == (fault, str(status))


def test_a_deleted_key_cannot_be_told_from_a_wrong_secret() -> None:
    """So a death is inferred at best: a refusal of several meanings, and no list of keys at hand."""
    assert VENUE.facts.dead == {Fault.AMBIGUOUS}
    assert VENUE.list_keys is None
    assert any("does not tell" in step for step in VENUE.guide_delete(told_of("getbalance")).steps)


def test_the_guide_names_each_call() -> None:
    (ticked,) = [step for step in VENUE.guide_create(SPEC).steps if "Tick exactly" in step]
    assert "/v1/me/cancelchildorder, /v1/me/getbalance, /v1/me/sendchildorder." in ticked
