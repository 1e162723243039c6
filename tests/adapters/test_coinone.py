"""Coinone's traps, each named after what would go wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import BadReply, Refused, UsageError
from keyguard.core.exchange import Credential, Fault, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters import coinone
from tests.adapters.scripts import Script, answer, refused, reply
from tests.adapters.test_vectors import credential, signed, vectors
from tests.adapters.venues.coinone import KEY, SPEC

NOT_APPROVED = refused(Fault.SCOPE, "40")
VENUE = coinone.ADAPTER
STAMP = Stamp(0, "31111111-2222-4333-8444-555555555501", "h")


def replies(*names: str) -> list[Reply | Refused]:
    return [reply(f"coinone/{name}") for name in names]


@pytest.mark.parametrize("vector", vectors("coinone-as-issued"))
def test_the_client_that_signs_with_the_secret_as_issued_agrees(
    vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It puts token and nonce last and sends no body; with its order of members all it signs is ours."""
    order = list(vector["expected"]["payload_json"])
    monkeypatch.setattr(
        coinone,
        "compact",
        lambda members: json.dumps({name: members[name] for name in order}, separators=(",", ":")),
    )
    wire, expected = signed(vector), vector["expected"]["headers"]
    assert wire.headers["X-COINONE-PAYLOAD"] == expected["X-COINONE-PAYLOAD"]
    assert wire.headers["X-COINONE-SIGNATURE"] == expected["X-COINONE-SIGNATURE"]


@pytest.mark.parametrize("vector", vectors("coinone-as-issued"))
def test_the_other_reading_of_the_secret_is_had_by_entering_it_in_capitals(vector: dict[str, Any]) -> None:
    """ccxt and the documents before 2.1 put the secret in capitals before it signs."""
    who = credential(vector)
    client = ccxt.coinone({"apiKey": who.key, "secret": who.secret.reveal()})
    client.uuid = lambda *_: STAMP.nonce
    theirs = client.sign("account/balance/all", ["v2_1Private"], "POST", {})
    request = Request("POST", "/v2.1/account/balance/all", body={})
    capitals = Credential(who.key, Secret(who.secret.reveal().upper()))
    assert dict(VENUE.sign(request, capitals, STAMP).headers) == theirs["headers"]
    issued = VENUE.sign(request, who, STAMP).headers
    assert issued["X-COINONE-PAYLOAD"] == theirs["headers"]["X-COINONE-PAYLOAD"]
    assert issued["X-COINONE-SIGNATURE"] != theirs["headers"]["X-COINONE-SIGNATURE"]
    assert any("capitals" in line for line in VENUE.facts.unverified)


def test_what_is_signed_is_the_base64_text_not_what_it_stands_for() -> None:
    wire = VENUE.sign(Request("POST", "/v2.1/order/info", body={"order_id": "ü"}), VENUE.example, STAMP)
    payload = wire.headers["X-COINONE-PAYLOAD"]
    assert json.loads(base64.b64decode(payload)) == {
        "access_token": KEY,
        "nonce": STAMP.nonce,
        "order_id": "ü",
    }
    secret = VENUE.example.secret.reveal().encode()
    assert (
        wire.headers["X-COINONE-SIGNATURE"] == hmac.new(secret, payload.encode(), hashlib.sha512).hexdigest()
    )
    assert wire.body == payload.encode()


def test_reading_is_probed_and_the_rest_stays_unknown() -> None:
    script = Script([*replies("balances"), NOT_APPROVED, *replies("transactions")])
    told = script.run(VENUE.whoami(KEY))
    assert [request.path for request in script.requests] == [
        "/v2.1/account/balance/all",
        "/v2.1/order/active_orders",
        "/v2.1/transaction/krw/history",
    ]
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert told.grants == ("입출금 조회", "잔고 조회")
    assert told.scopes_unknown == Scope.TRADE_SPOT | Scope.WITHDRAW
    assert (told.ips, told.expires_at) == (None, None)


def test_a_call_refused_for_its_parameters_tells_nothing_of_its_permission() -> None:
    odd = refused(Fault.OTHER, "107")
    told = Script([NOT_APPROVED, odd, NOT_APPROVED]).run(VENUE.whoami(KEY))
    assert (told.scopes, told.grants) == (Scope.NONE, ())
    assert Scope.READ in told.scopes_unknown
    told = Script([*replies("balances"), odd, odd]).run(VENUE.whoami(KEY))
    assert told.scopes == Scope.READ
    assert Scope.READ not in told.scopes_unknown


def test_where_every_call_is_refused_for_something_else_nothing_is_inferred() -> None:
    with pytest.raises(Refused) as caught:
        Script([refused(Fault.OTHER, "151")] * 3).run(VENUE.whoami(KEY))
    assert caught.value.venue_code == "151"


def test_no_order_is_cancelled_to_learn_of_the_right_to_trade() -> None:
    assert not any("cancel" in probe.request.path for probe in coinone.PROBES)


def test_a_key_that_may_read_nothing_is_alive_all_the_same() -> None:
    told = Script([NOT_APPROVED] * 3).run(VENUE.whoami(KEY))
    assert (told.scopes, told.grants) == (Scope.NONE, ())


@pytest.mark.parametrize("told", [{"result": "pending"}, {"balances": []}])
def test_what_is_neither_refusal_nor_success_proves_no_permission(told: dict[str, Any]) -> None:
    with pytest.raises(BadReply):
        Script([answer(told)]).run(VENUE.whoami(KEY))


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("12", Fault.KEY_UNKNOWN),
        ("27", Fault.KEY_UNKNOWN),
        ("10", Fault.IP),
        ("40", Fault.SCOPE),
        ("123", Fault.SIGNATURE),
        ("132", Fault.NONCE),
        ("4", Fault.OTHER),
        ("151", Fault.OTHER),
        ("107", Fault.OTHER),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("name", ["error_code", "errorCode"])
def test_refusals_are_told_by_their_code_whatever_the_status(
    code: str, fault: Fault, status: int, name: str
) -> None:
    assert VENUE.fault(answer({"result": "error", name: code}, status)) == (fault, code)


def test_only_a_dead_token_is_a_death() -> None:
    assert VENUE.facts.dead == {Fault.KEY_UNKNOWN}


def test_a_key_for_any_address_is_not_asked_for() -> None:
    with pytest.raises(UsageError, match="address"):
        VENUE.guide_create(replace(SPEC, ips=()))


def test_the_guide_names_exactly_the_boxes_in_both_languages() -> None:
    guide = VENUE.guide_create(SPEC)
    for steps in (guide.steps, guide.korean):
        (ticked,) = [step for step in steps if "잔고 조회" in step]
        assert "잔고 조회, 주문 권한, 주문 조회" in ticked
        assert "출금" not in ticked
        assert any("203.0.113.10" in step for step in steps)
    assert len(guide.korean) == len(guide.steps)


def test_no_key_is_listed_made_changed_or_deleted_by_api() -> None:
    assert {VENUE.list_keys, VENUE.create_key, VENUE.edit_key, VENUE.delete_key, VENUE.clock} == {None}
