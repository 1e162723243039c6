"""Coinbase's traps, each named after what would go wrong."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keyguard.core.errors import BadReply, UsageError
from keyguard.core.exchange import Credential, Fault, Origin, Reply, Request, Stamp
from keyguard.core.keys import KeyKind, Scope
from keyguard.core.secret import Secret
from keyguard_adapters import coinbase
from tests.adapters.scripts import Script, answer, body, reply
from tests.adapters.venues.coinbase import CURRENT, KEY, SPEC, opened

STAMP = Stamp(1763640001999, "11111111-2222-4333-8444-555555555501", "127.0.0.1:40001")
REQUEST = Request("GET", "/api/v3/brokerage/accounts", query={"cursor": "a/b", "limit": 5})


def test_the_token_names_method_host_and_path_but_not_the_query() -> None:
    wire = coinbase.sign(REQUEST, coinbase.ADAPTER.example, STAMP)
    header, claims, _ = opened(wire)
    assert wire.target == "/api/v3/brokerage/accounts?cursor=a%2Fb&limit=5"
    assert claims["uri"] == "GET 127.0.0.1:40001/api/v3/brokerage/accounts"
    assert (header["kid"], claims["sub"]) == (KEY, KEY)
    assert header["nonce"] == STAMP.nonce


def test_a_token_is_never_from_the_future() -> None:
    _, claims, _ = opened(coinbase.sign(REQUEST, coinbase.ADAPTER.example, STAMP))
    assert (claims["nbf"], claims["exp"]) == (1763640001, 1763640121)


def test_an_ed25519_key_signs_alike_in_all_three_forms() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    seed = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    both = seed + private.public_key().public_bytes_raw()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    forms = [base64.b64encode(seed).decode(), base64.b64encode(both).decode(), pem]
    wires = {
        coinbase.sign(REQUEST, Credential(KEY, Secret(form), kind=KeyKind.ED25519), STAMP).headers[
            "Authorization"
        ]
        for form in forms
    }
    assert len(wires) == 1


@pytest.mark.parametrize("secret", ["FAKEnotBase64!", "RkFLRQ==", base64.b64encode(b"FAKE" * 10).decode()])
def test_a_private_key_cut_short_is_a_clear_error_without_the_key(secret: str) -> None:
    who = Credential(KEY, Secret(secret), kind=KeyKind.ED25519)
    with pytest.raises(UsageError) as caught:
        coinbase.sign(REQUEST, who, STAMP)
    assert secret not in str(caught.value)


def test_the_rights_are_reported_and_trade_means_derivatives_too() -> None:
    told = Script([reply("coinbase/permissions")]).run(coinbase.whoami(KEY))
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES
    assert told.scopes_origin is Origin.REPORTED
    assert told.grants == ("trade", "view")
    assert told.account == "0b5a3c4e-1111-4222-8333-777788889999"
    assert (told.ips, told.expires_at) == (None, None)


def test_transfer_is_dangerous() -> None:
    row = {**body("coinbase/permissions"), "can_transfer": True}
    told = Script([answer(row)]).run(coinbase.whoami(KEY))
    assert told.scopes & (Scope.WITHDRAW | Scope.TRANSFER_INTERNAL) == (
        Scope.WITHDRAW | Scope.TRANSFER_INTERNAL
    )


@pytest.mark.parametrize("name", ["can_receive", "can_receive_payments"])
def test_inbound_payments_are_seen_whatever_their_flag_is_called(name: str) -> None:
    row = {**body("coinbase/permissions"), name: True}
    told = Script([answer(row)]).run(coinbase.whoami(KEY))
    assert told.scopes & Scope.OTHER
    assert "receive" in told.grants


@pytest.mark.parametrize("value", ["false", 0, None, "true"])
def test_a_flag_that_is_no_yes_or_no_is_a_bad_reply(value: object) -> None:
    with pytest.raises(BadReply):
        Script([answer({**body("coinbase/permissions"), "can_transfer": value})]).run(coinbase.whoami(KEY))


@pytest.mark.parametrize("missing", ["can_view", "can_trade", "can_transfer", "portfolio_uuid"])
def test_a_flag_left_out_is_not_taken_for_no(missing: str) -> None:
    row = {name: value for name, value in body("coinbase/permissions").items() if name != missing}
    with pytest.raises(BadReply):
        Script([answer(row)]).run(coinbase.whoami(KEY))


@pytest.mark.parametrize(
    "text",
    [
        b"Unauthorized",
        b'{"error": "UNAUTHENTICATED"}',
        b'{"errors": [{"id": "revoked_token", "message": "no"}]}',
        b'{"errors": [{"id": "expired_token"}]}',
        b'{"error": "rate_limit_exceeded"}',
    ],
)
def test_a_401_never_says_that_the_key_is_dead(text: bytes) -> None:
    verdict = coinbase.fault(Reply(401, {}, text))
    assert verdict is not None
    assert verdict[0] is Fault.AMBIGUOUS
    assert coinbase.FACTS.dead == {Fault.AMBIGUOUS}


@pytest.mark.parametrize(
    ("status", "told", "fault"),
    [
        (403, {"error": "PERMISSION_DENIED", "error_details": "Missing required scopes"}, Fault.SCOPE),
        (403, {"error": "PERMISSION_DENIED"}, Fault.SCOPE),
        (403, {"errors": [{"id": "invalid_scope", "message": "no"}]}, Fault.SCOPE),
        (403, {}, Fault.OTHER),  # a proxy's page is no word on permissions
        (429, {"error": "RESOURCE_EXHAUSTED"}, Fault.RATE),
        (400, {"error": "rate_limit_exceeded"}, Fault.RATE),
        (500, {"error": "INTERNAL"}, Fault.BUSY),
        (404, {"error": "NOT_FOUND"}, Fault.NOT_FOUND),
    ],
)
def test_refusals(status: int, told: object, fault: Fault) -> None:
    verdict = coinbase.fault(answer(told, status))
    assert verdict is not None
    assert verdict[0] is fault


def test_every_permission_has_its_box() -> None:
    assert set(coinbase.PAGE.words.boxes) == set(coinbase.SCOPES.names)


def test_spot_alone_cannot_be_granted() -> None:
    spec = replace(SPEC, scopes=Scope.READ | Scope.TRADE_SPOT, grants=("trade", "view"))
    with pytest.raises(UsageError, match="cannot grant exactly"):
        coinbase.PAGE.create(spec)
    with pytest.raises(UsageError, match="cannot grant exactly"):
        coinbase.PAGE.create(replace(spec, grants=()))


def test_boxes_nobody_chose_are_named_by_the_scopes() -> None:
    assert coinbase.PAGE.create(replace(SPEC, grants=())) == coinbase.PAGE.create(
        replace(SPEC, grants=("trade", "view"))
    )


def test_an_open_key_is_said_to_be_open() -> None:
    assert any("any address" in step for step in coinbase.PAGE.create(replace(SPEC, ips=())).steps)
    assert any("::/48" in step for step in coinbase.PAGE.edit(CURRENT, SPEC).steps)


def test_the_clock_is_told_in_milliseconds() -> None:
    assert Script([reply("coinbase/time")]).run(coinbase.clock()) == 1795176000123


def test_the_body_goes_out_as_json() -> None:
    wire = coinbase.sign(Request("POST", "/api/v3/x", body={"a": 1}), coinbase.ADAPTER.example, STAMP)
    assert json.loads(wire.body) == {"a": 1}
    assert wire.headers["Content-Type"] == "application/json"
