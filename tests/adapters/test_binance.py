"""Binance's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from keyguard.core.errors import BadReply, UsageError
from keyguard.core.exchange import Fault, Reply, Request, Stamp
from keyguard.core.expiry import deadlines
from keyguard.core.keys import Origin, Scope
from keyguard_adapters import binance
from tests.adapters.scripts import Script, answer, body, reply
from tests.adapters.venues.binance import CURRENT, KEY, SPEC, SUB

STAMP = Stamp(1763596802000, "", "api.binance.com")


def whoami(**changes: Any) -> Any:
    return Script([answer({**body("binance/restrictions"), **changes})]).run(binance.whoami(KEY))


def first(step: Any) -> Request:
    request = next(step)
    assert isinstance(request, Request)
    return request


def test_one_code_for_three_refusals_proves_nothing_by_itself() -> None:
    told = answer({"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}, 401)
    assert binance.fault(told) == (Fault.AMBIGUOUS, "-2015")
    assert Fault.IP not in binance.FACTS.dead


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, -2008, Fault.KEY_UNKNOWN),
        (401, -2014, Fault.AMBIGUOUS),
        (400, -1022, Fault.SIGNATURE),
        (400, -1021, Fault.CLOCK),
        (401, -1002, Fault.SCOPE),
        (429, -1003, Fault.RATE),
        (418, -1003, Fault.RATE),
        (418, -4711, Fault.RATE),
        (400, -1007, Fault.BUSY),
        (400, -9000, Fault.OTHER),
        (400, -12022, Fault.OTHER),
    ],
)
def test_refusals_by_code(status: int, code: int, fault: Fault) -> None:
    assert binance.fault(answer({"code": code, "msg": "no"}, status)) == (fault, str(code))


def test_the_firewall_is_no_verdict_on_the_key() -> None:
    assert binance.fault(Reply(403, {}, b"<html>")) == (Fault.OTHER, "403")


def test_a_bound_key_is_not_taken_for_an_open_one() -> None:
    bound, free = whoami(), whoami(ipRestrict=False)
    assert (bound.ips, bound.ips_origin) == (None, Origin.UNKNOWN)
    assert (free.ips, free.ips_origin) == ((), Origin.REPORTED)


def test_no_flag_says_that_a_key_manages_others() -> None:
    told = whoami()
    assert told.scopes_unknown == Scope.MANAGE_KEYS
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES
    assert told.scopes_origin is Origin.REPORTED
    assert told.created_at == datetime(2025, 8, 1, tzinfo=UTC)


def test_a_flag_of_tomorrow_matters_only_once_it_is_on() -> None:
    assert whoami(enableTeleport=False).grants == whoami().grants
    with pytest.raises(BadReply):
        whoami(enableTeleport=True)


@pytest.mark.parametrize("value", ["false", "true", 0, 1, None])
def test_a_flag_that_is_no_yes_or_no_is_a_bad_reply(value: object) -> None:
    with pytest.raises(BadReply):
        whoami(enableWithdrawals=value)


def test_the_right_to_trade_of_a_key_without_addresses_ends_after_30_days() -> None:
    free = whoami(ipRestrict=False)
    (end,) = deadlines(free, binance.FACTS)
    assert (end.at, end.origin) == (datetime(2025, 8, 31, tzinfo=UTC), Origin.INFERRED)
    assert deadlines(whoami(), binance.FACTS) == ()
    reader = whoami(ipRestrict=False, enableSpotAndMarginTrading=False)
    assert deadlines(reader, binance.FACTS) == ()


def test_where_binance_tells_that_end_its_word_counts() -> None:
    told = whoami(tradingAuthorityExpirationTime=1767225600000)
    assert (told.expires_at, told.expiry_origin) == (datetime(2026, 1, 1, tzinfo=UTC), Origin.REPORTED)


def test_every_key_of_a_sub_account_reads_so_none_is_made_that_should_not() -> None:
    blind = replace(SPEC, scopes=Scope.TRADE_DERIVATIVES, grants=("enableFutures",))
    with pytest.raises(UsageError, match="cannot grant exactly"):
        next(binance.create_key(blind))


def test_spot_without_margin_cannot_be_had() -> None:
    spot = replace(SPEC, scopes=Scope.READ | Scope.TRADE_SPOT)
    with pytest.raises(UsageError, match="cannot grant exactly"):
        next(binance.create_key(spot))
    with pytest.raises(ValueError, match="exactly"):
        binance.SCOPES.write(Scope.READ | Scope.TRADE_SPOT)


@pytest.mark.parametrize("grant", ["enableWithdrawals", "enableInternalTransfer", "enableFixApiTrade"])
def test_what_only_the_page_grants_is_not_asked_of_the_api(grant: str) -> None:
    wide = replace(
        SPEC, grants=("enableReading", grant), scopes=binance.SCOPES.read(("enableReading", grant))
    )
    with pytest.raises(UsageError, match="cannot grant exactly"):
        next(binance.create_key(wide))
    if grant != "enableFixApiTrade":
        assert binance.PAGE.create(wide).steps


def test_names_of_fix_that_come_with_the_scopes_are_left_out() -> None:
    scopes = Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN
    spec = replace(SPEC, scopes=scopes, grants=binance.SCOPES.write(scopes))
    assert "enableFixApiTrade" in spec.grants
    sent = first(binance.create_key(spec)).body or {}
    assert [name for name, on in sent.items() if on is True] == ["canTrade"]


def test_every_flag_is_sent_for_one_left_out_would_be_off() -> None:
    for request in (first(binance.create_key(SPEC)), first(binance.edit_key(CURRENT, SPEC))):
        assert set(binance.SETTABLE) <= set(request.body or {})


@pytest.mark.parametrize(("ips", "sent"), [((), {"status": 1}), (("203.0.113.9",), {"status": 2})])
def test_addresses_and_their_switch_go_together(ips: tuple[str, ...], sent: dict[str, int]) -> None:
    script = Script(
        [reply("binance/permitted"), answer({"status": 1, "apiKey": KEY})]
        if not ips
        else [reply("binance/permitted"), reply("binance/bound")]
    )
    script.run(binance.edit_key(CURRENT, replace(SPEC, ips=ips)))
    bound = script.requests[1].body or {}
    assert bound["status"] == sent["status"]
    assert bound.get("ipAddress", "") == ",".join(ips)


@pytest.mark.parametrize(
    "changes",
    [{"status": 3}, {"status": 2, "ipList": []}, {"status": 2, "ipList": None}, {"apiKey": "FAKEother"}],
)
def test_an_answer_that_does_not_tell_the_addresses_is_a_bad_reply(changes: dict[str, Any]) -> None:
    edited = answer({**body("binance/bound"), **changes})
    with pytest.raises(BadReply):
        Script([reply("binance/permitted"), edited]).run(binance.edit_key(CURRENT, SPEC))


def test_a_key_is_spelt_in_two_ways() -> None:
    made = Script([reply("binance/created")]).run(binance.create_key(SPEC))
    assert made.credential.key == made.report.public_id == KEY
    assert made.report.ips == ("203.0.113.10", "203.0.113.11")
    keys = Script([reply("binance/keys_page1"), reply("binance/keys_page2")]).run(binance.list_keys(SUB))
    assert [key.label for key in keys] == ["mm_a", "old bot"]
    assert (keys[1].grants, keys[1].ips) == (("enableReading",), None)
    assert keys[0].account == SUB


def test_a_list_cut_short_is_no_proof_of_absence() -> None:
    page = reply("binance/keys_page1")
    empty = answer({"total": 2, "rows": []})
    with pytest.raises(BadReply):
        Script([page, *[empty] * 19]).run(binance.list_keys(SUB))


@pytest.mark.parametrize("account", ["", "53888000"])
def test_a_sub_account_is_called_by_its_address(account: str) -> None:
    with pytest.raises(UsageError, match="e-mail"):
        next(binance.list_keys(account))
    with pytest.raises(UsageError, match="e-mail"):
        next(binance.delete_key(replace(CURRENT, account=account)))


def test_without_the_key_to_act_on_nothing_is_sent() -> None:
    for step in (
        binance.delete_key(replace(CURRENT, ref="")),
        binance.edit_key(replace(CURRENT, ref=""), SPEC),
    ):
        with pytest.raises(UsageError, match="handle"):
            next(step)


@pytest.mark.parametrize("given", [None, [], {"code": 0}, "ok"])
def test_a_deletion_is_confirmed_by_nothing_else(given: object) -> None:
    with pytest.raises(BadReply):
        Script([answer(given)]).run(binance.delete_key(CURRENT))


def test_what_needs_encoding_is_signed_as_encoded() -> None:
    wire = binance.sign(Request("GET", "/x", query={"email": "a+b@c d"}), binance.ADAPTER.example, STAMP)
    assert wire.target.startswith("/x?email=a%2Bb%40c%20d&timestamp=1763596802000&signature=")
    form = binance.sign(Request("POST", "/x", body={"email": "a+b@c d"}), binance.ADAPTER.example, STAMP)
    assert (form.target, form.body.decode()) == ("/x", wire.target.removeprefix("/x?"))


def test_the_guide_names_the_boxes_of_the_page() -> None:
    assert set(binance.PAGE.words.boxes) == set(binance.SCOPES.names)
    steps = " ".join(binance.PAGE.create(replace(SPEC, ips=())).steps)
    assert "Enable Spot & Margin Trading" in steps
    assert "loses the permission to trade after 30 days" in steps
    assert "Withdrawals" not in steps
