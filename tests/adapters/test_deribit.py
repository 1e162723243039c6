"""Deribit's traps, each named after what would go wrong."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused, UsageError
from keyguard.core.exchange import Effect, Fault, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard.core.steps import drive
from keyguard_adapters import deribit
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.deribit import CURRENT, KEY, SPEC

TRADE = Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES
SECRET = deribit.ADAPTER.example.secret.reveal()


def replies(*names: str) -> list[Reply | Refused]:
    return [reply(f"deribit/{name}") for name in names]


def test_the_clock_is_public() -> None:
    script = Script(replies("time"))
    assert script.run(deribit.clock()) == 1763622000123
    assert not script.requests[0].signed


def test_auth_is_signed_and_the_secret_stays() -> None:
    script = Script(replies("auth_blind"))
    script.run(deribit.whoami(KEY))
    wire = deribit.sign(script.requests[0], deribit.ADAPTER.example, Stamp(1763622000123, "n1", "www"))
    sent = {name: values[0] for name, values in parse_qs(urlsplit(wire.target).query, True).items()}
    expected = hmac.new(SECRET.encode(), b"1763622000123\nn1\n", hashlib.sha256).hexdigest()
    assert sent == {
        "grant_type": "client_signature",
        "scope": "account:read_write trade:read_write wallet:read_write block_trade:read_write"
        " block_rfq:read_write custody:read_write expires:60",
        "client_id": KEY,
        "timestamp": "1763622000123",
        "nonce": "n1",
        "data": "",
        "signature": expected,
    }
    assert "session" not in sent["scope"]
    assert not wire.headers
    assert SECRET not in wire.target


def test_whoami_tells_what_the_venue_told() -> None:
    script = Script(replies("auth_reader", "account", "keys"))
    told = script.run(deribit.whoami(KEY))
    assert told.scopes == TRADE
    assert told.scopes_origin is Origin.REPORTED
    assert told.grants == (
        "account:read",
        "block_trade:read",
        "feature:restricted_block_trades",
        "trade:read_write",
    )
    assert (told.ref, told.label, told.account) == ("3", "mm_a", "10")
    assert (told.ips, told.ips_origin) == (("203.0.113.10",), Origin.REPORTED)
    assert told.created_at == datetime(2025, 10, 13, 3, 20, 45, tzinfo=UTC)
    assert told.expires_at is None


def test_the_tokens_scope_counts_and_not_the_keys_maximum() -> None:
    auth = body("deribit/auth_reader")
    auth["result"]["scope"] = "account:read trade:read connection"
    script = Script([answer(auth), *replies("account", "keys")])
    told = script.run(deribit.whoami(KEY))
    assert told.scopes == Scope.READ
    assert "trade:read_write" not in told.grants


def test_without_account_scope_nothing_more_is_asked() -> None:
    told = Script(replies("auth_blind")).run(deribit.whoami(KEY))
    assert told.scopes == TRADE
    assert (told.ips, told.ips_origin, told.account) == (None, Origin.UNKNOWN, "")
    assert told.notes


@pytest.mark.parametrize("listing", ["challenge", Fault.SECOND_FACTOR, Fault.SCOPE])
def test_whoami_asks_nobody_for_a_second_factor(listing: str | Fault) -> None:
    last = reply(f"deribit/{listing}") if isinstance(listing, str) else refused(listing)
    script = Script([*replies("auth_reader", "account"), last])
    told = script.run(deribit.whoami(KEY))
    assert not script.asked
    assert (told.ips, told.ips_origin) == (None, Origin.UNKNOWN)
    assert told.account == "10"
    assert told.notes


def test_whoami_goes_on_without_the_account() -> None:
    script = Script([*replies("auth_reader"), refused(Fault.SCOPE), *replies("keys")])
    assert script.run(deribit.whoami(KEY)).account == ""


@pytest.mark.parametrize("position", [1, 2])
def test_whoami_passes_other_refusals_on(position: int) -> None:
    script = Script([*replies("auth_reader", "account")[:position], refused(Fault.RATE)])
    with pytest.raises(Refused):
        script.run(deribit.whoami(KEY))


def test_a_key_missing_from_its_own_list_is_a_bad_reply() -> None:
    with pytest.raises(BadReply):
        Script(replies("auth_reader", "account", "keys")).run(deribit.whoami("FAKEgone"))


def test_secrets_in_a_list_are_never_kept() -> None:
    script = Script(replies("keys"))
    first, second = script.run(deribit.list_keys(""))
    assert SECRET in script.answers[0].body.decode()
    assert SECRET not in str((first, second))
    assert (second.enabled, second.label) == (False, "")
    # Nothing was said of addresses: that is not "any address".
    assert (second.ips, second.ips_origin) == (None, Origin.UNKNOWN)
    assert second.scopes == TRADE | Scope.MANAGE_KEYS | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL


def test_a_new_key_is_made_and_then_bound() -> None:
    script = Script(replies("created", "edited"))
    made = script.run(deribit.create_key(SPEC))
    create, edit = script.requests
    scope = "account:read trade:read_write wallet:none block_trade:read block_rfq:none"
    assert (create.path, create.effect) == ("/api/v2/private/create_api_key", Effect.KEY_CREATED)
    assert create.query == {"name": "mm_new", "max_scope": scope, "enabled_features": "[]"}
    assert (edit.path, edit.effect) == ("/api/v2/private/edit_api_key", Effect.KEY_EDITED)
    assert edit.query == {
        "id": "3",
        "name": "mm_new",
        "enabled": True,
        "ip_whitelist": '["203.0.113.10"]',
        "max_scope": scope,
        "enabled_features": "[]",
    }
    assert made.report.ips == ("203.0.113.10",)
    assert made.credential.secret.reveal() == SECRET
    assert SECRET not in repr(made)


def test_without_addresses_one_call_makes_the_key() -> None:
    script = Script(replies("created"))
    made = script.run(deribit.create_key(replace(SPEC, ips=())))
    assert made.report.ips == ()


def test_an_edit_sends_every_field_and_keeps_features_and_switch() -> None:
    """An area left out becomes none; a feature left out would widen the key."""
    current = replace(CURRENT, enabled=False, label="")
    grants = ("feature:block_trade_approval", "feature:restricted_block_trades", "wallet:read")
    wanted = replace(SPEC, label="", scopes=Scope.READ, grants=grants, ips=())
    script = Script(replies("edited"))
    script.run(deribit.edit_key(current, wanted))
    assert script.requests[0].query == {
        "id": "3",
        "enabled": False,
        "ip_whitelist": "[]",
        "max_scope": "account:none trade:none wallet:read block_trade:none block_rfq:none",
        "enabled_features": '["restricted_block_trades","block_trade_approval"]',
    }


def test_of_two_levels_of_an_area_the_higher_is_sent() -> None:
    grants = deribit.SCOPES.write(TRADE)
    assert {"trade:read", "trade:read_write"} < set(grants)
    script = Script(replies("created"))
    script.run(deribit.create_key(replace(SPEC, grants=grants, ips=())))
    words = str(script.requests[0].query["max_scope"]).split()
    assert words == [
        "account:read",
        "trade:read_write",
        "wallet:read",
        "block_trade:read",
        "block_rfq:read",
    ]


def test_who_asks_for_derivatives_alone_is_not_given_block_trades_instead() -> None:
    with pytest.raises(ValueError, match="cannot grant exactly"):
        deribit.SCOPES.write(Scope.READ | Scope.TRADE_DERIVATIVES)


def test_the_order_of_levels_does_not_matter() -> None:
    spec = replace(SPEC, grants=("account:read", "trade:read_write", "trade:read"), ips=())
    script = Script(replies("created"))
    script.run(deribit.create_key(spec))
    assert "trade:read_write" in str(script.requests[0].query["max_scope"])


def test_a_switch_that_is_no_boolean_is_a_bad_reply() -> None:
    rows = body("deribit/keys")
    rows["result"][0]["enabled"] = "false"  # taken for true, it would make a disabled key look alive
    with pytest.raises(BadReply):
        Script([answer(rows)]).run(deribit.list_keys(""))


def test_custody_is_named_only_where_held() -> None:
    spec = replace(SPEC, scopes=Scope.READ | Scope.OTHER, grants=("account:read", "custody:read"), ips=())
    script = Script(replies("created"))
    script.run(deribit.create_key(spec))
    assert "custody:read" in str(script.requests[0].query["max_scope"])


@pytest.mark.parametrize(
    ("scopes", "grants"),
    [
        (Scope.NONE, ()),
        (Scope.NONE, ("feature:restricted_block_trades",)),
        (Scope.TRADE_DERIVATIVES, ("trade:read_write",)),
        (Scope.READ | Scope.WITHDRAW, ("wallet:read_write",)),
        (Scope.READ | Scope.TRADE_SPOT, ("trade:read",)),
    ],
)
def test_what_cannot_be_granted_exactly_is_refused_before_anything_is_sent(
    scopes: Scope, grants: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        Script([]).run(deribit.create_key(replace(SPEC, scopes=scopes, grants=grants)))


@pytest.mark.parametrize("label", ["", "a" * 17, "mm desk", "mm-1", "데스크", "mm_1\n"])
def test_a_name_the_venue_does_not_take_is_wrong_use(label: str) -> None:
    with pytest.raises(UsageError, match="name"):
        Script([]).run(deribit.create_key(replace(SPEC, label=label)))


@pytest.mark.parametrize("ref", ["", "FakeCl1d", "3 or 1"])
def test_keys_are_managed_by_number_only(ref: str) -> None:
    with pytest.raises(UsageError, match="numeric id"):
        Script([]).run(deribit.delete_key(replace(CURRENT, ref=ref)))


def test_a_reset_keeps_the_id_and_brings_a_new_secret() -> None:
    script = Script(replies("reset"))
    made = script.run(deribit.reset_key(CURRENT))
    assert (made.credential.key, made.credential.secret.reveal()) == (KEY, SECRET)
    assert made.report.account == "10"
    with pytest.raises(BadReply):
        Script(replies("reset")).run(deribit.reset_key(replace(CURRENT, public_id="FAKEothr")))


def test_a_switch_that_did_not_switch_is_no_success() -> None:
    with pytest.raises(BadReply):
        Script(replies("enabled")).run(deribit.disable_key(CURRENT))


def test_the_second_factor_is_asked_and_the_same_call_repeated() -> None:
    script = Script(replies("challenge", "removed"), codes=[" 123456 "])
    script.run(deribit.delete_key(CURRENT))
    first, again = script.requests
    assert [question.kind for question in script.asked] == ["totp"]
    assert first.query == {"id": "3"}
    assert again.query == {"id": "3", "challenge": "FAKEchallenge01", "authorization_data": "123456"}
    assert (again.path, again.effect) == (first.path, first.effect)


def test_every_call_of_a_creation_may_want_its_own_code() -> None:
    script = Script(replies("challenge", "created", "challenge", "edited"), codes=["111111", "222222"])
    made = script.run(deribit.create_key(SPEC))
    assert [r.query.get("authorization_data") for r in script.requests] == [None, "111111", None, "222222"]
    assert made.report.ips == ("203.0.113.10",)


def test_a_code_that_is_challenged_again_is_refused() -> None:
    script = Script(replies("challenge", "challenge"), codes=["123456"])
    with pytest.raises(Refused) as caught:
        script.run(deribit.delete_key(CURRENT))
    assert caught.value.fault is Fault.SECOND_FACTOR
    assert "123456" not in str(caught.value)


def test_a_passkey_cannot_confirm_here() -> None:
    with pytest.raises(NotOffered, match="passkey"):
        Script(replies("challenge_passkey")).run(deribit.delete_key(CURRENT))


def test_nobody_there_to_answer_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="only a person has"):
        drive(deribit.list_keys(""), lambda _: reply("deribit/challenge"))


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (13004, Fault.AMBIGUOUS),
        (13009, Fault.AMBIGUOUS),
        (10000, Fault.AMBIGUOUS),
        (13021, Fault.SCOPE),
        (13403, Fault.SCOPE),
        (10028, Fault.RATE),
        (12003, Fault.RATE),
        (10066, Fault.RATE),
        (13668, Fault.SECOND_FACTOR),
        (12998, Fault.SECOND_FACTOR),
        (13904, Fault.SECOND_FACTOR),
        (13020, Fault.NOT_FOUND),
        (11051, Fault.BUSY),
        (13025, Fault.OTHER),
        (1, Fault.OTHER),
    ],
)
def test_refusals_by_code_whatever_the_status(code: int, fault: Fault) -> None:
    for status in (200, 400, 401):
        told = Reply(status, {}, json.dumps({"error": {"code": code, "message": "no"}}).encode())
        assert deribit.fault(told) == (fault, str(code))
    assert deribit.FACTS.dead == {Fault.AMBIGUOUS}


def test_the_empty_body_keeps_its_line_in_what_is_signed() -> None:
    wire = deribit.sign(Request("GET", "/api/v2/x"), deribit.ADAPTER.example, Stamp(1, "n", "h"))
    expected = hmac.new(SECRET.encode(), b"1\nn\nGET\n/api/v2/x\n\n", hashlib.sha256).hexdigest()
    assert f"sig={expected}," in wire.headers["Authorization"]


def test_guides_name_every_level() -> None:
    steps = " ".join(deribit.ADAPTER.guide_create(SPEC).steps)
    assert "wallet:none" in steps
    assert "trade:read_write" in steps
