"""Bitget's traps, each named after what would go wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused, UsageError
from keyguard.core.exchange import Credential, Fault, KeySpec, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters import bitget
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.bitget import (
    CLASSIC,
    CLASSIC_SPEC,
    CURRENT,
    KEY,
    NARROW,
    PASSPHRASE,
    SPEC,
    SUB,
)

IN_CLASSIC_MODE = refused(Fault.OTHER, "40084")
TRADE = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES


def test_a_unified_key_is_told_what_it_may() -> None:
    told = Script([reply("bitget/info")]).run(bitget.whoami(KEY))
    assert (told.scopes, told.scopes_origin) == (Scope.READ | TRADE, Origin.REPORTED)
    assert (told.account, told.parent) == (SUB, "1234567000")
    assert told.ips == ("203.0.113.10", "203.0.113.11")


def test_a_key_of_type_read_only_may_only_read_whatever_it_lists() -> None:
    given = body("bitget/info")
    given["data"] |= {"permType": "read-only", "permissions": ["uta_mgt", "uta_trade"]}
    told = Script([answer(given)]).run(bitget.whoami(KEY))
    assert (told.scopes, told.grants) == (Scope.READ, ("uta_mgt:read", "uta_trade:read"))


def test_managing_a_unified_account_manages_keys() -> None:
    assert Scope.MANAGE_KEYS in bitget.SCOPES.read(("uta_mgt",))


def test_a_user_id_is_read_under_both_names() -> None:
    given = body("bitget/info")
    given["data"]["userId"] = given["data"].pop("uid")
    assert Script([answer(given)]).run(bitget.whoami(KEY)).account == SUB


def test_a_classic_account_is_asked_its_own_way() -> None:
    script = Script([IN_CLASSIC_MODE, reply("bitget/info_classic")])
    told = script.run(bitget.whoami(KEY))
    assert script.requests[1].path == "/api/v2/spot/account/info"
    assert told.grants == ("contract_trade", "read", "spot_trade")
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES


@pytest.mark.parametrize(
    ("codes", "scopes"),
    [
        (["trade", "readonly"], Scope.READ | TRADE),  # the example's older words
        (["wwow"], Scope.WITHDRAW),
        (["chow"], Scope.MANAGE_KEYS),
        (["wtow"], Scope.TRANSFER_INTERNAL),
        (["p2p", "pllw", "taxw", "ttow"], Scope.OTHER),
    ],
)
def test_a_classic_keys_codes(codes: list[str], scopes: Scope) -> None:
    given = body("bitget/info_classic")
    given["data"]["authorities"] = codes
    assert Script([IN_CLASSIC_MODE, answer(given)]).run(bitget.whoami(KEY)).scopes == scopes


def test_an_unknown_code_is_a_bad_reply() -> None:
    given = body("bitget/info_classic")
    given["data"]["authorities"] = ["stow", "telw"]
    with pytest.raises(BadReply):
        Script([IN_CLASSIC_MODE, answer(given)]).run(bitget.whoami(KEY))


def test_only_the_wrong_mode_leads_to_the_other_way() -> None:
    with pytest.raises(Refused):
        Script([refused(Fault.IP, "40038")]).run(bitget.whoami(KEY))


def test_a_long_list_is_read_to_its_end() -> None:
    script = Script([reply("bitget/keys_page1"), reply("bitget/keys_page2")])
    first, second = script.run(bitget.list_keys(SUB))
    assert script.requests[1].query["cursor"] == "2"
    assert (first.label, second.label) == ("mm_a", "web")
    assert second.ips == ()


def test_a_list_that_does_not_end_is_no_list() -> None:
    with pytest.raises(BadReply):
        Script([reply("bitget/keys_page1")] * 50).run(bitget.list_keys(SUB))


def test_classic_keys_are_listed_too() -> None:
    (told,) = Script([IN_CLASSIC_MODE, reply("bitget/keys_classic")]).run(bitget.list_keys(SUB))
    assert (told.grants, told.ips, told.account) == (("read", "spot_trade"), ("203.0.113.10",), SUB)


def test_a_classic_edit_clears_addresses_it_does_not_name_so_all_is_sent() -> None:
    script = Script([reply("bitget/done")], [PASSPHRASE])
    told = script.run(bitget.edit_key(CLASSIC, replace(CLASSIC_SPEC, label="mm_b", ips=())))
    assert script.requests[0].path == "/api/v2/user/modify-virtual-subaccount-apikey"
    assert script.requests[0].body == {
        "subAccountUid": SUB,
        "subAccountApiKey": KEY,
        "label": "mm_b",
        "passphrase": Secret(PASSPHRASE),
        "ipList": [],
        "permList": ["read", "spot_trade"],
    }
    assert (told.label, told.ips, told.ips_origin) == ("mm_b", (), Origin.INFERRED)


def test_a_unified_edit_keeps_addresses_it_does_not_name_so_all_is_sent() -> None:
    script = Script([reply("bitget/done")], [PASSPHRASE])
    script.run(bitget.edit_key(CURRENT, replace(NARROW, ips=())))
    assert script.requests[0].body == {
        "apiKey": KEY,
        "passphrase": Secret(PASSPHRASE),
        "type": "read_only",
        "permissions": ["uta_trade"],
        "ips": [],
    }
    assert [(ask.kind, ask.key) for ask in script.asked] == [("passphrase", KEY)]


@pytest.mark.parametrize(("current", "wanted"), [(CURRENT, CLASSIC_SPEC), (CLASSIC, NARROW)])
def test_a_key_never_changes_its_mode(current: object, wanted: KeySpec) -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        Script([]).run(bitget.edit_key(current, wanted))  # type: ignore[arg-type]  # two reports


def test_a_classic_key_is_not_deleted_by_api_and_nothing_is_tried() -> None:
    with pytest.raises(NotOffered, match="on its page only"):
        Script([]).run(bitget.delete_key(CLASSIC))


def test_a_new_classic_key() -> None:
    script = Script([reply("bitget/created_classic")], [PASSPHRASE])
    made = script.run(bitget.create_key(CLASSIC_SPEC))
    assert made.credential.passphrase == Secret(PASSPHRASE)
    assert (script.requests[0].body or {})["permList"] == ["read", "spot_trade"]


def test_names_of_both_modes_mean_the_one_that_grants_exactly() -> None:
    for scopes, path in (
        (Scope.READ | TRADE, "/api/v3/user/create-sub-api"),
        (Scope.READ | Scope.TRADE_SPOT, "/api/v2/user/create-virtual-subaccount-apikey"),
    ):
        spec = replace(SPEC, scopes=scopes, grants=bitget.SCOPES.write(scopes))
        step = bitget.create_key(spec)
        next(step)  # asks for a passphrase
        request = step.send(PASSPHRASE)
        assert isinstance(request, Request)
        assert request.path == path


@pytest.mark.parametrize(
    ("scopes", "grants"),
    [
        (Scope.WITHDRAW, ("withdraw",)),
        (Scope.READ | Scope.TRADE_SPOT, ("uta_trade",)),
        (Scope.READ | TRADE | Scope.WITHDRAW, ("uta_trade", "withdraw")),
        (Scope.TRADE_SPOT, ("read", "spot_trade")),
    ],
)
def test_what_cannot_be_granted_exactly_is_never_asked_for(scopes: Scope, grants: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        Script([]).run(bitget.create_key(replace(SPEC, scopes=scopes, grants=grants)))


# Two clients sign the same request differently and the documents do not say which is right: ccxt 4.5.90 the
# query as a person reads it, bitget-api 3.2.3 as it travels. ccxt changed to the plain form when markets with
# other than ASCII names came up, so that is what the adapter does. The one query of ours that may hold such
# characters is the cursor of a list; a wrong choice is refused as a wrong signature, and changes nothing.
DISPUTED = Request(
    "GET",
    "/api/v3/user/sub-api-list",
    query={"subUid": "1234567890", "limit": "100", "cursor": "ab+c/d= é"},
)
BY_CCXT = "dqMClLv06D+VHpNj38QpIvWYc3dmX81ijSbtz7YicTI="
BY_BITGET_API = "v/7Z7qIj9Kh+cclDgxRT6ywBhj/sSctubVOfSEWlrCQ="
WHO = Credential("bg_" + "fa4e" * 8, Secret("fa4e" * 16), Secret("NotReal1Pass"))


def test_the_disputed_query_is_signed_as_ccxt_does(monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = Stamp(1763622000123, "", "api.bitget.com")
    wire = bitget.sign(DISPUTED, WHO, stamp)
    assert wire.target.endswith("?cursor=ab%2Bc%2Fd%3D%20%C3%A9&limit=100&subUid=1234567890")
    assert wire.headers["ACCESS-SIGN"] == BY_CCXT
    monkeypatch.setattr(bitget, "plain", bitget.encoded)
    assert bitget.sign(DISPUTED, WHO, stamp).headers["ACCESS-SIGN"] == BY_BITGET_API


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("40006", Fault.KEY_UNKNOWN),
        ("40037", Fault.KEY_UNKNOWN),
        ("40041", Fault.KEY_UNKNOWN),
        ("40012", Fault.AMBIGUOUS),
        ("40036", Fault.SIGNATURE),
        ("40009", Fault.SIGNATURE),
        ("40008", Fault.CLOCK),
        ("40018", Fault.IP),
        ("40038", Fault.IP),
        ("22010", Fault.SCOPE),
        ("40014", Fault.SCOPE),
        ("25620", Fault.SCOPE),
        ("40065", Fault.NOT_FOUND),
        ("40063", Fault.LIMIT),
        ("40084", Fault.OTHER),
        ("45001", Fault.BUSY),
        ("99999", Fault.OTHER),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 403])
def test_refusals_by_code_whatever_the_status(status: int, code: str, fault: Fault) -> None:
    assert bitget.fault(answer({"code": code, "msg": "no"}, status)) == (fault, code)


def test_key_or_passphrase_may_be_death_and_needs_the_list() -> None:
    assert bitget.FACTS.dead == {Fault.KEY_UNKNOWN, Fault.AMBIGUOUS}


def test_the_number_429_is_a_rate_limit() -> None:
    assert bitget.fault(Reply(429, {}, json.dumps({"code": 429}).encode())) == (Fault.RATE, "429")
