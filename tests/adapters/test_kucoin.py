"""KuCoin's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, UsageError
from keyguard.core.exchange import Credential, Fault, Origin, Request, Stamp
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters import kucoin
from tests.adapters.scripts import Script, answer, body, reply
from tests.adapters.venues.kucoin import CURRENT, KEY, NARROW, PASSPHRASE, SPEC

EXAMPLE = kucoin.ADAPTER.example
STAMP = Stamp(0, "", "venue.test")


def test_a_master_key_that_may_only_read_manages_keys() -> None:
    told = Script([reply("kucoin/whoami_master")]).run(kucoin.whoami(KEY))
    assert told.scopes == Scope.READ | Scope.WITHDRAW | Scope.MANAGE_KEYS
    assert told.account == "100400000"


def test_a_sub_key_does_not_manage_keys() -> None:
    told = Script([reply("kucoin/whoami_sub")]).run(kucoin.whoami(KEY))
    assert (told.scopes, told.scopes_origin) == (Scope.READ | Scope.TRADE_SPOT, Origin.REPORTED)
    assert told.account == "deskalpha01"


def test_masked_addresses_are_not_told_and_not_none() -> None:
    told = Script([reply("kucoin/whoami_sub")]).run(kucoin.whoami(KEY))
    assert (told.ips, told.ips_origin) == (None, Origin.UNKNOWN)
    assert "bound to 2 addresses" in told.notes[0]


def test_addresses_that_are_not_masked_are_told() -> None:
    given = body("kucoin/whoami_sub")
    given["data"]["ipWhitelist"] = "203.0.113.10"
    told = Script([answer(given)]).run(kucoin.whoami(KEY))
    assert (told.ips, told.ips_origin) == (("203.0.113.10",), Origin.REPORTED)


def test_no_addresses_mean_any() -> None:
    told = Script([reply("kucoin/whoami_master")]).run(kucoin.whoami(KEY))
    assert (told.ips, told.ips_origin) == ((), Origin.REPORTED)


def test_an_answer_about_another_key_is_a_bad_reply() -> None:
    with pytest.raises(BadReply):
        Script([reply("kucoin/whoami_sub")]).run(kucoin.whoami("FAKEother"))


def test_an_edit_replaces_everything_so_everything_is_sent() -> None:
    script = Script([reply("kucoin/edited")], [PASSPHRASE])
    script.run(kucoin.edit_key(CURRENT, NARROW))
    assert script.requests[0].body == {
        "subName": "deskalpha01",
        "apiKey": KEY,
        "passphrase": Secret(PASSPHRASE),
        "permission": "General,Spot",
        "ipWhitelist": "203.0.113.10",
    }


def test_an_edit_that_opens_a_key_says_so_by_the_empty_list() -> None:
    script = Script([reply("kucoin/edited")], [PASSPHRASE])
    script.run(kucoin.edit_key(CURRENT, replace(NARROW, ips=())))
    assert (script.requests[0].body or {})["ipWhitelist"] == ""


def test_the_passphrase_asked_for_is_that_of_the_key_acted_on() -> None:
    script = Script([reply("kucoin/deleted")], [PASSPHRASE])
    script.run(kucoin.delete_key(CURRENT))
    assert [(ask.kind, ask.key) for ask in script.asked] == [("passphrase", KEY)]
    assert script.requests[0].query["passphrase"] == Secret(PASSPHRASE)


def test_a_new_key_has_the_passphrase_that_was_asked_for() -> None:
    script = Script([reply("kucoin/created")], [PASSPHRASE])
    made = script.run(kucoin.create_key(SPEC))
    assert made.credential.passphrase == Secret(PASSPHRASE)
    assert [ask.kind for ask in script.asked] == ["new_passphrase"]
    assert (script.requests[0].body or {})["permission"] == "General,Spot,Futures"


def test_a_passphrase_in_the_address_is_in_no_repr() -> None:
    script = Script([reply("kucoin/deleted")], [PASSPHRASE])
    script.run(kucoin.delete_key(CURRENT))
    wire = kucoin.sign(script.requests[0], EXAMPLE, STAMP)
    assert PASSPHRASE in wire.target
    assert PASSPHRASE not in repr(wire) + repr(script.requests[0])


def test_a_credential_without_passphrase_is_a_clear_error() -> None:
    with pytest.raises(UsageError, match="have a passphrase"):
        kucoin.sign(Request("GET", "/x"), Credential("FAKE", Secret("FAKE")), STAMP)


@pytest.mark.parametrize(
    ("scopes", "grants"),
    [
        (Scope.TRADE_SPOT, ("Spot",)),  # every key has General
        (Scope.READ | Scope.WITHDRAW, ("General", "Transfer")),  # not for sub-accounts
        (Scope.READ | Scope.MANAGE_KEYS, ("General", kucoin.MASTER)),
        (Scope.READ, ("General", "Spot")),
    ],
)
def test_what_a_sub_key_cannot_have_is_never_asked_for(scopes: Scope, grants: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        Script([]).run(kucoin.create_key(replace(SPEC, scopes=scopes, grants=grants)))


def test_two_names_of_one_right_are_asked_for_once() -> None:
    grants = kucoin.SCOPES.write(Scope.READ | Scope.TRANSFER_INTERNAL)
    assert "FlexTransfers" in grants
    script = Script([reply("kucoin/created")], [PASSPHRASE])
    script.run(kucoin.create_key(replace(SPEC, scopes=Scope.READ | Scope.TRANSFER_INTERNAL, grants=grants)))
    assert (script.requests[0].body or {})["permission"] == "General,InnerTransfer"


@pytest.mark.parametrize("account", ["", "desk alpha", "a/b"])
def test_a_sub_account_without_name_is_never_acted_on(account: str) -> None:
    for step in (
        kucoin.create_key(replace(SPEC, account=account)),
        kucoin.edit_key(replace(CURRENT, account=account), NARROW),
        kucoin.delete_key(replace(CURRENT, account=account)),
    ):
        with pytest.raises(UsageError, match="name is not known"):
            Script([]).run(step)


def test_a_deletion_of_another_key_is_no_confirmation() -> None:
    given = body("kucoin/deleted")
    given["data"]["apiKey"] = "FAKEother"
    with pytest.raises(BadReply):
        Script([answer(given)], [PASSPHRASE]).run(kucoin.delete_key(CURRENT))


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("400001", Fault.SIGNATURE),
        ("400002", Fault.CLOCK),
        ("400003", Fault.KEY_UNKNOWN),
        ("400004", Fault.SIGNATURE),
        ("400005", Fault.SIGNATURE),
        ("400006", Fault.IP),
        ("400007", Fault.SCOPE),
        ("411100", Fault.OTHER),
        ("404000", Fault.NOT_FOUND),
        ("429000", Fault.RATE),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401])
def test_refusals_by_code_whatever_the_status(status: int, code: str, fault: Fault) -> None:
    assert kucoin.fault(answer({"code": code, "msg": "no"}, status)) == (fault, code)


def test_only_an_unknown_key_is_a_sign_of_death() -> None:
    assert kucoin.FACTS.dead == {Fault.KEY_UNKNOWN}


def test_the_page_asks_for_a_passphrase() -> None:
    steps = kucoin.PAGE.create(SPEC).steps
    assert any("API Passphrase" in step for step in steps)
    assert any("Spot Trading" in step and "Futures Trading" in step for step in steps)
