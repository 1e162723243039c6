"""WhiteBIT's traps, each named after what would go wrong."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused, UsageError
from keyguard.core.exchange import Fault, Origin, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import whitebit
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.whitebit import CURRENT, KEY, REF, SPEC, SUB, TRADES

NO_RIGHT = refused(Fault.SCOPE, "4")


def signed_body(given: dict[str, object] | None) -> dict[str, object]:
    request = Request("POST", "/api/v4/x", body=given)
    wire = whitebit.sign(request, whitebit.ADAPTER.example, Stamp(0, "7", "h"))
    assert base64.b64decode(wire.headers["X-TXC-PAYLOAD"]) == wire.body
    sent = json.loads(wire.body)
    assert isinstance(sent, dict)
    return sent


def test_every_nonce_asks_for_the_window_so_that_no_counter_is_pushed_ahead() -> None:
    assert signed_body({"a": 1}) == {"request": "/api/v4/x", "nonce": "7", "nonceWindow": True, "a": 1}
    assert signed_body(None)["nonceWindow"] is True


def test_a_key_is_never_probed_in_passing_for_a_foreign_address_switches_it_off() -> None:
    assert "switches the key off" in whitebit.FACTS.disturbs


def test_what_a_key_says_of_itself_is_inferred() -> None:
    script = Script([reply("whitebit/balance"), NO_RIGHT])
    told = script.run(whitebit.whoami(KEY))
    assert [request.path for request in script.requests] == [
        "/api/v4/trade-account/balance",
        "/api/v4/sub-account/api-key/list",
    ]
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert Scope.WITHDRAW in told.scopes_unknown
    assert Scope.MANAGE_KEYS not in told.scopes_unknown
    assert told.ips is None


def test_a_key_that_lists_keys_manages_them() -> None:
    told = Script([NO_RIGHT, reply("whitebit/keys")]).run(whitebit.whoami(KEY))
    assert told.scopes == Scope.MANAGE_KEYS
    assert Scope.READ in told.scopes_unknown


@pytest.mark.parametrize("fault", [Fault.KEY_DISABLED, Fault.AMBIGUOUS, Fault.NONCE])
def test_a_refusal_for_another_reason_infers_nothing(fault: Fault) -> None:
    with pytest.raises(Refused):
        Script([refused(fault)]).run(whitebit.whoami(KEY))


def test_the_list_tells_rights_and_addresses() -> None:
    script = Script([reply(f"whitebit/{name}") for name in ("keys", "bound", "unbound")])
    first, second = script.run(whitebit.list_keys(SUB))
    assert (first.public_id, first.ref, first.account, first.label) == (KEY, REF, SUB, "mm_1")
    assert (first.scopes, first.grants) == (TRADES, ("type:1",))
    assert first.scopes_unknown == Scope.TRANSFER_INTERNAL
    assert first.ips == ("203.0.113.10",)
    assert (second.scopes, second.grants, second.enabled) == (Scope.READ | Scope.TRADE_SPOT, (), False)
    assert second.ips == ("2001:db8::1",)


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/api/v4/main-account/withdraw-pay", Scope.WITHDRAW),
        ("/api/v4/main-account/codes", Scope.WITHDRAW),
        ("/main-account/transfer", Scope.TRANSFER_INTERNAL),
        ("/api/v4/sub-account/transfer", Scope.TRANSFER_INTERNAL),
        ("/api/v4/sub-account/api-key/create", Scope.MANAGE_KEYS),
        ("/api/v4/order/collateral/limit", Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES),
        ("/api/v4/order/new", Scope.TRADE_SPOT),
        ("/api/v4/trade-account/executed-history", Scope.READ),
        ("/api/v4/main-account/smart/plans", Scope.OTHER),
    ],
)
def test_the_endpoints_of_a_restricted_key_are_its_rights(path: str, scope: Scope) -> None:
    keys = body("whitebit/keys")
    keys["data"] = keys["data"][1:]
    keys["data"][0]["accessEndpoints"] = [{"name": path, "title": "x"}]
    (told,) = Script([answer(keys), reply("whitebit/bound")]).run(whitebit.list_keys(SUB))
    assert told.scopes == scope


def test_a_full_page_is_not_the_end_of_the_list() -> None:
    row = body("whitebit/keys")["data"][0]
    bound = reply("whitebit/bound")
    script = Script([answer({"data": [row] * 100}), *[bound] * 100, answer({"data": []})])
    assert len(script.run(whitebit.list_keys(""))) == 100
    assert script.requests[0].body == {"limit": 100, "offset": 0}
    assert script.requests[-1].body == {"limit": 100, "offset": 100}


def test_a_new_key_works_from_anywhere_until_it_is_bound() -> None:
    bound = [answer({"data": ["203.0.113.10"]}), answer({"data": ["203.0.113.10", "203.0.113.11"]})]
    script = Script([reply("whitebit/created"), *bound])
    made = script.run(whitebit.create_key(replace(SPEC, ips=("203.0.113.10", "203.0.113.11"))))
    assert [request.path.rsplit("/", 2)[-2:] for request in script.requests] == [
        ["api-key", "create"],
        ["ip-address", "create"],
        ["ip-address", "create"],
    ]
    assert (script.requests[0].body or {})["type"] == 1
    assert made.report.ips == ("203.0.113.10", "203.0.113.11")
    assert made.credential.secret == whitebit.ADAPTER.example.secret


def test_an_address_that_was_not_taken_is_no_success() -> None:
    with pytest.raises(BadReply):
        Script([reply("whitebit/created"), answer({"data": []})]).run(whitebit.create_key(SPEC))


def test_an_edit_adds_before_it_removes_so_that_the_list_is_never_empty() -> None:
    current = replace(CURRENT, ips=("203.0.113.9",))
    script = Script([answer({"data": ["203.0.113.9", "203.0.113.10"]}), reply("whitebit/bound")])
    told = script.run(whitebit.edit_key(current, SPEC))
    assert [request.path.rsplit("/", 1)[-1] for request in script.requests] == ["create", "delete"]
    assert [(request.body or {})["ip"] for request in script.requests] == ["203.0.113.10", "203.0.113.9"]
    assert told.ips == ("203.0.113.10",)


def test_an_address_that_is_still_there_is_no_success() -> None:
    current = replace(CURRENT, ips=("203.0.113.9", "203.0.113.10"))
    with pytest.raises(BadReply):
        Script([answer({"data": ["203.0.113.9"]})]).run(whitebit.edit_key(current, SPEC))


def test_an_edit_of_a_key_whose_addresses_are_not_known_is_refused() -> None:
    with pytest.raises(UsageError, match="addresses are not known"):
        Script([]).run(whitebit.edit_key(replace(CURRENT, ips=None), SPEC))


def test_other_rights_need_another_key() -> None:
    spec = replace(SPEC, scopes=TRADES | Scope.WITHDRAW | Scope.OTHER, grants=("type:1", "type:2"))
    with pytest.raises(NotOffered, match="cannot change the permissions"):
        Script([]).run(whitebit.edit_key(CURRENT, spec))
    script = Script([answer({**body("whitebit/created"), "type": 2}), reply("whitebit/bound")])
    assert Scope.WITHDRAW in script.run(whitebit.create_key(spec)).report.scopes
    assert (script.requests[0].body or {})["type"] == 2


def test_spot_alone_cannot_be_granted() -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        Script([]).run(whitebit.create_key(replace(SPEC, scopes=Scope.READ | Scope.TRADE_SPOT)))


@pytest.mark.parametrize("account", ["", "7", "../" + SUB[3:]])
def test_keys_are_made_for_a_named_sub_account_only(account: str) -> None:
    with pytest.raises(UsageError, match="sub-account"):
        Script([]).run(whitebit.create_key(replace(SPEC, account=account)))


def test_a_deletion_that_answers_with_something_is_not_confirmed() -> None:
    with pytest.raises(BadReply):
        Script([reply("whitebit/keys")]).run(whitebit.delete_key(CURRENT))
    with pytest.raises(UsageError, match="handle"):
        Script([]).run(whitebit.delete_key(replace(CURRENT, ref="")))


def test_a_secret_is_never_reset_for_where_the_new_one_comes_is_not_told() -> None:
    assert whitebit.ADAPTER.reset_key is None


@pytest.mark.parametrize(
    ("status", "code", "message", "fault", "shown"),
    [
        (401, 10, "Unauthorized request.", Fault.AMBIGUOUS, "10"),
        (401, 2, "This action is unauthorized. Enable your key in API settings", Fault.KEY_DISABLED, "2"),
        (403, 4, "This API Key is not authorized to perform this action.", Fault.SCOPE, "4"),
        (403, 3, "You don't have permission to use this endpoint.", Fault.SCOPE, "3"),
        (422, 0, "Too many requests.", Fault.NONCE, "0"),
        (429, 0, "Too many requests.", Fault.RATE, "429"),
        (418, 0, "Too many requests.", Fault.RATE, "418"),
        (422, 0, "Your nonce is more than 5 seconds lesser than the current nonce", Fault.CLOCK, "0"),
        (400, 9, "Invalid payload.", Fault.SIGNATURE, "9"),
        (422, 10, "Inner validation failed", Fault.OTHER, "10"),
        (422, 0, "Validation failed", Fault.OTHER, "422"),
    ],
)
def test_refusals_by_message_for_a_code_has_several(
    status: int, code: int, message: str, fault: Fault, shown: str
) -> None:
    assert whitebit.fault(answer({"code": code, "message": message}, status)) == (fault, shown)


def test_neither_a_key_switched_off_nor_a_nonce_is_death() -> None:
    assert whitebit.FACTS.dead == {Fault.AMBIGUOUS}
