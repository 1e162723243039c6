"""BingX's traps, each named after what would go wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, Refused, UsageError
from keyguard.core.exchange import Fault, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import bingx
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.bingx import CURRENT, KEY, NARROW, SPEC, SPOT, SUB

NOT_HELD = refused(Fault.SCOPE, "100004")
EXAMPLE = bingx.ADAPTER.example
STAMP = Stamp(1767225600123, "", "open-api.bingx.com")


def replies(*names: str) -> list[Reply | Refused]:
    return [reply(f"bingx/{name}") for name in names]


def test_permissions_told_as_numbers() -> None:
    told = Script([*replies("numbers", "uid"), NOT_HELD]).run(bingx.whoami(KEY))
    assert (told.scopes, told.scopes_origin) == (Scope.READ | SPOT | Scope.TRADE_DERIVATIVES, Origin.REPORTED)
    assert (told.ips, told.account, told.label) == (("203.0.113.10",), SUB, "mm_a")


def test_permissions_told_as_flags() -> None:
    told = Script([*replies("flags", "uid"), NOT_HELD]).run(bingx.whoami(KEY))
    assert (told.scopes, told.grants) == (Scope.READ | SPOT, ("1", "2"))
    assert (told.ips, told.ips_origin) == (None, Origin.UNKNOWN)
    assert told.notes == ("bound to addresses that BingX does not show",)


def test_flags_of_an_open_key() -> None:
    given = body("bingx/flags")
    given["data"]["ipRestrict"] = False
    told = Script([answer(given), *replies("uid"), NOT_HELD]).run(bingx.whoami(KEY))
    assert (told.ips, told.ips_origin) == ((), Origin.REPORTED)


@pytest.mark.parametrize("name", sorted(bingx.FLAGS))
@pytest.mark.parametrize("value", [None, "false", 0])
def test_a_flag_that_is_none_is_a_bad_reply(name: str, value: object) -> None:
    given = body("bingx/flags")
    given["data"][name] = value
    with pytest.raises(BadReply):
        Script([answer(given)]).run(bingx.whoami(KEY))


def test_an_empty_entry_is_no_address() -> None:
    given = body("bingx/numbers")
    given["data"]["ipAddresses"] = [""]
    told = Script([answer(given), *replies("uid"), NOT_HELD]).run(bingx.whoami(KEY))
    assert told.ips == ()


def test_the_right_to_manage_keys_is_inferred_and_says_so() -> None:
    told = Script(replies("numbers", "uid", "sub_accounts")).run(bingx.whoami(KEY))
    assert Scope.MANAGE_KEYS in told.scopes
    assert told.scopes_origin is Origin.INFERRED


def test_a_transfer_to_anybody_counts_as_withdrawing() -> None:
    assert Scope.WITHDRAW in bingx.SCOPES.read(("7",))
    assert Scope.WITHDRAW not in bingx.SCOPES.read(("4",))


def test_a_masked_list_is_no_list_and_so_nothing_is_managed_by_api() -> None:
    assert bingx.ADAPTER.list_keys is None


def test_both_names_of_a_new_secret_are_read() -> None:
    given = body("bingx/created")
    given["data"]["secretKey"] = given["data"].pop("apiSecret")
    made = Script([answer(given)]).run(bingx.create_key(SPEC))
    assert made.credential.secret == EXAMPLE.secret


def test_an_edit_replaces_lists_so_everything_is_sent_and_no_secret_comes() -> None:
    script = Script(replies("edited"))
    told = script.run(bingx.edit_key(CURRENT, replace(NARROW, ips=())))
    assert script.requests[0].body == {
        "subUid": 16789001,
        "apiKey": KEY,
        "note": "mm_a",
        "permissions": [2],
        "ipAddresses": [],
    }
    assert told.public_id == KEY  # masked in the answer


def test_a_body_is_signed_as_sorted_json_members() -> None:
    request = Request("POST", "/x", body={"b": [1, 2], "a": ["x", "y z"], "c": True, "d": "é"})
    wire = bingx.sign(request, EXAMPLE, STAMP)
    sent = json.loads(wire.body)
    text = 'a=["x","y z"]&b=[1,2]&c=true&d=é&timestamp=1767225600123'
    assert sent.pop("signature") == bingx.hmac_sha256(EXAMPLE.secret, text).hex()
    assert list(sent) == ["a", "b", "c", "d", "timestamp"]


@pytest.mark.parametrize(
    ("scopes", "grants"),
    [
        (Scope.READ | Scope.TRADE_SPOT, ("1", "2")),  # includes margin
        (Scope.READ | Scope.WITHDRAW, ("2", "5")),
        (Scope.READ | Scope.MANAGE_KEYS, ("2", bingx.MANAGER)),
    ],
)
def test_what_cannot_be_granted_exactly_is_never_asked_for(scopes: Scope, grants: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        Script([]).run(bingx.create_key(replace(SPEC, scopes=scopes, grants=grants)))


def test_only_success_confirms_a_deletion() -> None:
    with pytest.raises(BadReply):
        Script([answer({"code": "0", "data": {}})]).run(bingx.delete_key(CURRENT))


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (100001, Fault.SIGNATURE),
        (100412, Fault.SIGNATURE),
        (100413, Fault.KEY_UNKNOWN),
        (100419, Fault.IP),
        (100004, Fault.SCOPE),
        (100421, Fault.CLOCK),
        (100414, Fault.OTHER),
        (100410, Fault.RATE),
    ],
)
def test_refusals_by_code(code: int, fault: Fault) -> None:
    assert bingx.fault(answer({"code": code, "msg": "no", "data": {}})) == (fault, str(code))
