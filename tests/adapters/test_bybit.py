"""Bybit's traps, each named after what would go wrong."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused, UsageError
from keyguard.core.exchange import Effect, Fault, KeyReport, Origin, Reply
from keyguard.core.keys import Scope
from keyguard_adapters import bybit
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.bybit import CURRENT, KEY, NARROW, SPEC

TRADE = Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES
MOVE = Scope.TRANSFER_INTERNAL | Scope.MANAGE_KEYS


def whoami(name: str) -> KeyReport:
    return Script([reply(f"bybit/{name}")]).run(bybit.whoami(KEY))


def test_clock_is_in_milliseconds() -> None:
    assert Script([reply("bybit/time")]).run(bybit.clock()) == 1763600001222


def test_a_bound_key_has_no_expiry_although_1970_is_written_there() -> None:
    told = whoami("whoami_sub_bound")
    assert told.expires_at is None
    assert told.expiry_origin is Origin.REPORTED
    assert told.ips == ("203.0.113.10", "203.0.113.11")
    assert told.scopes == TRADE
    assert told.grants == (
        "ContractTrade:Order",
        "ContractTrade:Position",
        "Derivatives:DerivativesTrade",
        "Spot:SpotTrade",
    )
    assert (told.account, told.parent) == ("53888000", "53880000")
    assert told.created_at == datetime(2026, 10, 13, 3, 20, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    "told",
    [
        {"deadlineDay": 0, "expiredAt": "1970-01-01T00:00:00Z"},
        {"deadlineDay": -2, "expiredAt": "2026-11-27T00:00:00Z"},
    ],
)
def test_either_sign_of_no_end_is_enough(told: dict[str, object]) -> None:
    row = body("bybit/whoami_sub_bound")
    row["result"] |= told
    assert Script([answer(row)]).run(bybit.whoami(KEY)).expires_at is None


def test_a_self_generated_key_from_another_application_is_noted() -> None:
    row = body("bybit/whoami_sub_bound")
    row["result"] |= {"type": 2, "rsaPublicKey": "FAKE"}
    notes = " ".join(Script([answer(row)]).run(bybit.whoami(KEY)).notes)
    assert "third-party" in notes
    assert "RSA" in notes


def test_the_guide_warns_of_a_key_without_addresses() -> None:
    steps = bybit.ADAPTER.guide_create(replace(SPEC, ips=())).steps
    assert any("90 days" in step for step in steps)


def test_a_star_is_any_address_and_gives_an_expiry() -> None:
    told = whoami("whoami_sub_open")
    assert told.ips == ()
    assert told.ips_origin is Origin.REPORTED
    assert told.expires_at == datetime(2027, 2, 15, 3, 13, 24, tzinfo=UTC)


def test_a_bound_key_that_ends_after_a_password_change_is_told() -> None:
    changed = body("bybit/whoami_sub_bound")
    changed["result"] |= {"deadlineDay": 6, "expiredAt": "2026-11-27T00:00:00Z"}
    told = Script([answer(changed)]).run(bybit.whoami(KEY))
    assert told.expires_at == datetime(2026, 11, 27, tzinfo=UTC)


def test_a_right_to_transfer_manages_keys_too() -> None:
    assert whoami("whoami_sub_open").scopes == Scope.READ | Scope.TRADE_SPOT | MOVE


def test_read_only_overrides_the_trade_rights_still_listed() -> None:
    told = whoami("whoami_read_only")
    assert told.scopes == Scope.READ
    assert set(told.grants) > {"ReadOnly", "Spot:SpotTrade", "Wallet:SubMemberTransfer"}
    assert told.parent == ""
    assert any("master" in note for note in told.notes)


def test_an_answer_about_another_key_is_refused() -> None:
    with pytest.raises(BadReply):
        Script([reply("bybit/whoami_sub_bound")]).run(bybit.whoami("FAKEanotherKey"))


def test_the_list_is_read_to_its_last_page() -> None:
    script = Script([reply("bybit/sub_keys_page1"), reply("bybit/sub_keys_page2")])
    first, expired, third = script.run(bybit.list_keys("53888000"))
    assert [dict(r.query) for r in script.requests] == [
        {"subMemberId": "53888000", "limit": 20},
        {"subMemberId": "53888000", "limit": 20, "cursor": "2026-10-03:06,42"},
    ]
    assert (first.label, first.ips, first.account) == ("mm_a", (), "53888000")
    assert (expired.enabled, expired.ips) == (False, ())
    assert (third.scopes, third.expires_at) == (Scope.READ, None)
    assert any("RSA" in note for note in third.notes)


def test_a_list_that_repeats_its_cursor_is_no_proof_of_absence() -> None:
    page = reply("bybit/sub_keys_page1")
    with pytest.raises(BadReply):
        Script([page, page]).run(bybit.list_keys("53888000"))


@pytest.mark.parametrize("account", ["", "desk", "12 3", "١٢"])
def test_keys_are_listed_and_made_for_a_named_sub_account_only(account: str) -> None:
    with pytest.raises(UsageError, match="sub-account"):
        Script([]).run(bybit.list_keys(account))
    with pytest.raises(UsageError, match="sub-account"):
        Script([]).run(bybit.create_key(replace(SPEC, account=account)))


def test_a_new_key_is_asked_for_with_every_field() -> None:
    script = Script([reply("bybit/created")])
    made = script.run(bybit.create_key(SPEC))
    (request,) = script.requests
    assert (request.method, request.path, request.effect) == (
        "POST",
        "/v5/user/create-sub-api",
        Effect.KEY_CREATED,
    )
    assert request.body == {
        "subuid": 53888000,
        "note": "mm_new",
        "readOnly": 0,
        "ips": "203.0.113.10,203.0.113.11",
        "permissions": {
            "ContractTrade": ["Order", "Position"],
            "Spot": ["SpotTrade"],
            "Wallet": [],
            "Options": [],
            "Exchange": [],
            "Earn": [],
        },
    }
    assert made.credential.key == made.report.public_id == KEY
    assert made.report.scopes == TRADE
    # The answer does not tell the addresses, so they are not claimed.
    assert (made.report.ips, made.report.ips_origin) == (None, Origin.UNKNOWN)
    assert made.credential.secret.reveal() not in repr(made)


def test_order_without_position_stays_order_without_position() -> None:
    spec = replace(SPEC, scopes=Scope.READ | Scope.TRADE_DERIVATIVES, grants=("ContractTrade:Order",))
    script = Script([reply("bybit/created")])
    script.run(bybit.create_key(spec))
    assert (script.requests[0].body or {})["permissions"]["ContractTrade"] == ["Order"]


def test_an_edit_always_sends_read_only_addresses_and_the_whole_map() -> None:
    """Left out, `readOnly` means read-write and `ips` means any address."""
    script = Script([reply("bybit/edited")])
    report = script.run(bybit.edit_key(CURRENT, NARROW))
    (request,) = script.requests
    assert request.path == "/v5/user/update-sub-api"
    assert request.body == {
        "apikey": KEY,
        "readOnly": 0,
        "ips": "203.0.113.10",
        "permissions": {
            "ContractTrade": [],
            "Spot": ["SpotTrade"],
            "Wallet": [],
            "Options": [],
            "Derivatives": [],
            "Exchange": [],
            "Earn": [],
        },
    }
    assert (report.account, report.ips) == ("53888000", ("203.0.113.10",))


def test_no_addresses_are_said_aloud() -> None:
    script = Script([reply("bybit/edited")])
    script.run(bybit.edit_key(CURRENT, replace(NARROW, ips=())))
    assert (script.requests[0].body or {})["ips"] == "*"


def test_narrowing_to_reading_keeps_a_box_ticked_but_never_the_wallets() -> None:
    current = replace(CURRENT, grants=("Spot:SpotTrade", "Wallet:AccountTransfer"))
    wanted = replace(NARROW, scopes=Scope.READ, grants=bybit.SCOPES.write(Scope.READ))
    script = Script([reply("bybit/edited")])
    script.run(bybit.edit_key(current, wanted))
    sent = script.requests[0].body or {}
    assert sent["readOnly"] == 1
    assert sent["permissions"]["Spot"] == ["SpotTrade"]
    assert sent["permissions"]["Wallet"] == []


def test_a_read_only_key_is_rotated_into_a_read_only_key() -> None:
    spec = replace(SPEC, scopes=Scope.READ, grants=("ReadOnly", "Spot:SpotTrade"))
    script = Script([reply("bybit/created")])
    script.run(bybit.create_key(spec))
    sent = script.requests[0].body or {}
    assert (sent["readOnly"], sent["permissions"]["Spot"]) == (1, ["SpotTrade"])


def test_what_write_names_for_trading_makes_a_trading_key() -> None:
    """`write` names ReadOnly and master-only rights too; neither may spoil or widen the new key."""
    grants = bybit.SCOPES.write(TRADE)
    assert {"ReadOnly", "BlockTrade:BlockTrade"} < set(grants)
    script = Script([reply("bybit/created")])
    script.run(bybit.create_key(replace(SPEC, scopes=TRADE, grants=grants)))
    sent = script.requests[0].body or {}
    assert sent["readOnly"] == 0
    assert sent["permissions"]["Wallet"] == []


@pytest.mark.parametrize(
    ("scopes", "grants"),
    [
        (Scope.NONE, ()),
        (Scope.READ, ()),
        (Scope.READ, ("Spot:SpotTrade",)),  # would trade
        (Scope.TRADE_SPOT, ("Spot:SpotTrade",)),  # every key can read
        (Scope.READ | Scope.TRADE_SPOT, ("ReadOnly",)),
        (Scope.READ | Scope.TRANSFER_INTERNAL, ("Wallet:AccountTransfer",)),  # would manage keys
        (Scope.READ | Scope.WITHDRAW | Scope.MANAGE_KEYS, ("Wallet:Withdraw",)),  # master keys only
        (Scope.READ | Scope.TRADE_DERIVATIVES, ("Derivatives:DerivativesTrade",)),  # no such parameter
        (TRADE, ("Spot:SpotTrade",)),
    ],
)
def test_what_cannot_be_granted_exactly_is_refused_before_anything_is_sent(
    scopes: Scope, grants: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        Script([]).run(bybit.create_key(replace(SPEC, scopes=scopes, grants=grants)))


def test_the_old_key_is_deleted_by_name_and_never_the_calling_one() -> None:
    script = Script([reply("bybit/deleted")])
    script.run(bybit.delete_key(CURRENT))
    (request,) = script.requests
    assert request.path == "/v5/user/delete-sub-api"
    assert request.body == {"apikey": KEY}


@pytest.mark.parametrize("told", [{"retCode": ""}, {"retCode": None}, {"result": {}}])
def test_an_answer_that_confirms_nothing_is_no_deletion(told: dict[str, object]) -> None:
    with pytest.raises(BadReply):
        Script([answer(told)]).run(bybit.delete_key(CURRENT))


@pytest.mark.parametrize("operation", ["delete", "edit"])
def test_without_a_handle_nothing_is_sent(operation: str) -> None:
    """Without `apikey` these calls would act on the calling key."""
    nameless = replace(CURRENT, ref="")
    with pytest.raises(UsageError):
        if operation == "delete":
            Script([]).run(bybit.delete_key(nameless))
        else:
            Script([]).run(bybit.edit_key(nameless, NARROW))


def test_there_is_no_way_to_disable_or_reset() -> None:
    venue = bybit.ADAPTER
    assert (venue.disable_key, venue.enable_key, venue.reset_key) == (None, None, None)
    assert "user/delete-api" not in inspect.getsource(bybit)


@pytest.mark.parametrize("code", ["141019", "141020", "81007", "20096"])
def test_what_only_the_web_page_can_do_says_so_and_where(code: str) -> None:
    with pytest.raises(NotOffered) as caught:
        Script([refused(Fault.OTHER, code)]).run(bybit.edit_key(CURRENT, NARROW))
    assert caught.value.hint == bybit.FACTS.key_page
    assert caught.value.still == "the key is as it was"
    with pytest.raises(NotOffered):
        Script([refused(Fault.OTHER, code)]).run(bybit.create_key(SPEC))


def test_other_refusals_pass_as_they_are() -> None:
    with pytest.raises(Refused) as caught:
        Script([refused(Fault.SCOPE, "10005")]).run(bybit.create_key(SPEC))
    assert caught.value.fault is Fault.SCOPE


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (10003, Fault.KEY_UNKNOWN),
        (10004, Fault.SIGNATURE),
        (10005, Fault.SCOPE),
        (10010, Fault.IP),
        (33004, Fault.KEY_EXPIRED),
        (10002, Fault.CLOCK),
        (-1, Fault.CLOCK),
        (10006, Fault.RATE),
        (10009, Fault.REGION),
        (10024, Fault.REGION),
        (10014, Fault.NONCE),
        (10016, Fault.BUSY),
        (141019, Fault.OTHER),
        (99999, Fault.OTHER),
    ],
)
def test_refusals_by_code(code: int, fault: Fault) -> None:
    for status in (200, 401, 403):
        told = Reply(status, {}, json.dumps({"retCode": code, "retMsg": "no", "result": {}}).encode())
        assert bybit.fault(told) == (fault, str(code))


@pytest.mark.parametrize(
    ("status", "text", "fault"),
    [
        (403, b"403, access too frequent", Fault.RATE),
        (403, b"<html>The Amazon CloudFront distribution is configured to block access", Fault.REGION),
        (401, b"", Fault.AMBIGUOUS),
        (429, b"", Fault.RATE),
        (503, b"<html>", Fault.BUSY),
        (404, b"", Fault.OTHER),
    ],
)
def test_refusals_by_status(status: int, text: bytes, fault: Fault) -> None:
    assert bybit.fault(Reply(status, {}, text)) == (fault, str(status))
