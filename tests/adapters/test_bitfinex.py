"""Bitfinex's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, UsageError
from keyguard.core.exchange import Fault, NonceKind, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import bitfinex
from tests.adapters.scripts import Script, answer, body, reply
from tests.adapters.venues.bitfinex import CURRENT, KEY, SPEC

TRADES = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES


def test_a_key_tells_both_bits_of_each_permission() -> None:
    told = Script([reply("bitfinex/permissions")]).run(bitfinex.whoami(KEY))
    assert told.scopes == Scope.READ | TRADES
    assert "orders:write" in told.grants
    assert "positions:write" not in told.grants
    assert told.scopes_origin is Origin.REPORTED
    assert (told.ips, told.expires_at, told.label) == (None, None, "")


def test_one_question_spends_one_nonce_and_no_more() -> None:
    script = Script([reply("bitfinex/permissions")])
    script.run(bitfinex.whoami(KEY))
    assert [request.path for request in script.requests] == ["/v2/auth/r/permissions"]
    assert bitfinex.FACTS.nonce is NonceKind.COUNTER
    assert bitfinex.FACTS.disturbs  # so keys in use are asked about on demand only


def test_a_nonce_in_milliseconds_stays_below_that_of_a_bot_that_counts_microseconds() -> None:
    stamp = Stamp(1767225600123, "1767225600123", "h")
    wire = bitfinex.sign(Request("POST", "/v2/x", body={}), bitfinex.ADAPTER.example, stamp)
    assert wire.headers["bfx-nonce"] == "1767225600123"


@pytest.mark.parametrize("area", ["withdraw", "ui_withdraw"])
@pytest.mark.parametrize("bits", [[1, 0], [0, 1]])
def test_any_right_about_withdrawals_counts_as_withdrawing(area: str, bits: list[int]) -> None:
    told = Script([answer([[area, *bits]])]).run(bitfinex.whoami(KEY))
    assert told.scopes == Scope.WITHDRAW


def test_transfers_between_wallets_hide_in_wallets_write() -> None:
    told = Script([answer([["wallets", 1, 1]])]).run(bitfinex.whoami(KEY))
    assert told.scopes == Scope.READ | Scope.TRANSFER_INTERNAL


@pytest.mark.parametrize(
    "row", [["orders", 1, 2], ["orders", "1", 0], ["orders", 1], [None, 1, 0], [], "orders"]
)
def test_a_row_that_is_not_scope_and_two_bits_is_a_bad_reply(row: object) -> None:
    with pytest.raises(BadReply):
        Script([answer([row])]).run(bitfinex.whoami(KEY))


def test_no_permissions_at_all_is_not_an_answer() -> None:
    with pytest.raises(BadReply):
        Script([answer([])]).run(bitfinex.whoami(KEY))


def test_spot_alone_cannot_be_granted() -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        bitfinex.PAGE.create(replace(SPEC, scopes=Scope.READ | Scope.TRADE_SPOT))


def test_every_permission_has_its_box() -> None:
    assert set(bitfinex.PAGE.words.boxes) == set(bitfinex.SCOPES.names)


def test_at_most_twenty_single_addresses() -> None:
    many = tuple(f"203.0.113.{n}" for n in range(21))
    with pytest.raises(UsageError, match="0 to 20 addresses"):
        bitfinex.PAGE.create(replace(SPEC, ips=many))
    with pytest.raises(UsageError, match="IPv4"):
        bitfinex.PAGE.edit(CURRENT, replace(SPEC, ips=("203.0.113.0/24",)))
    assert any("any address" in step for step in bitfinex.PAGE.create(replace(SPEC, ips=())).steps)


def test_no_key_is_made_changed_or_deleted_by_api() -> None:
    venue = bitfinex.ADAPTER
    assert {venue.list_keys, venue.create_key, venue.edit_key, venue.delete_key, venue.clock} == {None}


@pytest.mark.parametrize(
    ("status", "code", "message", "fault"),
    [
        (500, 10100, "apikey: invalid", Fault.AMBIGUOUS),
        (500, 10100, "apikey: digest invalid", Fault.AMBIGUOUS),
        (500, 10112, "signature: invalid", Fault.SIGNATURE),
        (500, 10114, "nonce: small", Fault.NONCE),
        (500, 10001, "api_key: permission invalid", Fault.SCOPE),
        (429, 11010, "ratelimit: error", Fault.RATE),
        (500, 10020, "limit: invalid", Fault.OTHER),
        (429, 19999, "x", Fault.RATE),
    ],
)
def test_refusals_by_the_code_in_a_server_error(status: int, code: int, message: str, fault: Fault) -> None:
    assert bitfinex.fault(answer(["error", code, message], status)) == (fault, str(code))


def test_a_server_error_without_a_code_is_a_busy_venue() -> None:
    assert bitfinex.fault(Reply(502, {}, b"<html>")) == (Fault.BUSY, "502")


def test_an_unknown_key_and_a_wrong_signature_look_alike_so_neither_is_death() -> None:
    assert bitfinex.FACTS.dead == {Fault.AMBIGUOUS}


def test_the_api_prefix_is_signed_but_not_sent() -> None:
    wire = bitfinex.sign(Request("POST", "/v2/x"), bitfinex.ADAPTER.example, Stamp(0, "1", "h"))
    assert wire.target == "/v2/x"
    other = bitfinex.sign(Request("POST", "/v2/y"), bitfinex.ADAPTER.example, Stamp(0, "1", "h"))
    assert wire.headers["bfx-signature"] != other.headers["bfx-signature"]


def test_the_reply_file_shows_every_area() -> None:
    areas = {row[0] for row in body("bitfinex/permissions")}
    assert areas == {name.partition(":")[0] for name in bitfinex.SCOPES.names}
