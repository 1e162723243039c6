"""Bullish's ECDSA keys: their log-in, as the vendor's example makes it and as keyguard does."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from keyguard.core.errors import Refused, UsageError
from keyguard.core.exchange import Credential, KeySpec, Request, Stamp
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.secret import Secret
from keyguard_adapters import bullish
from keyguard_adapters._bullish_ecdsa import user_of
from keyguard_simulators.accounts import Key
from keyguard_simulators.bullish import ECDSA_LOGIN
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import Got, Sent, call, send
from tests.simulators.signed import drive_ours

STAMP = Stamp(1767225600000, "1767225600123", "venue.test")


class Desk:
    def __init__(self, served: Running) -> None:
        self.served, self.venue, self.base = served, served.venues["bullish"], served.urls["bullish"]
        self.account = self.venue.open_account("desk", "")
        self.key = self.issue()

    def issue(self, ips: tuple[str, ...] = ()) -> Key:
        return self.venue.issue(KeyForm(self.account.id, ["ecdsa"], ips=ips))

    def log_in(self, key: Key, *, signer: str = "", **changes: Any) -> Got:
        """After the vendor's example, with its parts changed."""
        now = self.venue.state.clock.now_ms() // 1000
        user = json.loads(base64.b64decode(key.public_id))["userId"]
        payload = {
            "userId": user,
            "nonce": now,
            "expirationTime": now + 300,
            "biometricsUsed": False,
            "sessionKey": None,
            **changes,
        }
        private = load_pem_private_key((signer or key.secret).encode(), None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        text = json.dumps(payload, separators=(",", ":")).encode()
        signature = base64.b64encode(private.sign(text, ec.ECDSA(hashes.SHA256()))).decode()
        body = {"publicKey": key.public_key, "signature": signature, "loginPayload": payload}
        return call(self.base, "POST", ECDSA_LOGIN, body)


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_the_vendors_way_of_logging_in_gives_a_token_that_reads(desk: Desk) -> None:
    token = desk.log_in(desk.key).json["token"]
    path = "/trading-api/v1/accounts/trading-accounts"
    got = send(Sent("GET", desk.base + path, {"Authorization": f"Bearer {token}"}, b""))
    assert got.json[0]["tradingAccountId"] == desk.account.id


@pytest.mark.parametrize(
    "changes",
    [
        {"userId": "000000000000"},
        {"expirationTime": 1},
        {"expirationTime": 10**12},
        {"nonce": 10**12},
        {"nonce": "x"},
    ],
)
def test_a_payload_that_is_not_this_keys_and_of_now_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    assert desk.log_in(desk.key, **changes).json["errorCode"] == 8327


def test_a_log_in_by_another_key_from_elsewhere_or_twice_is_refused(desk: Desk) -> None:
    assert desk.log_in(desk.key, signer=desk.issue().secret).json["errorCode"] == 8327
    assert desk.log_in(desk.issue(ips=("203.0.113.7",))).json["errorCode"] == 8327
    now = desk.venue.state.clock.now_ms() // 1000
    assert "token" in desk.log_in(desk.key, nonce=now).json
    assert desk.log_in(desk.key, nonce=now).json["errorCode"] == 2035


def test_keyguard_asks_about_the_key_by_logging_in_and_out(desk: Desk) -> None:
    told = drive_ours(desk.served, "bullish", bullish.whoami(desk.key.public_id), desk.key)
    assert told.grants == ("ecdsa",)
    assert Scope.WITHDRAW in told.scopes
    assert told.scopes_origin is Origin.INFERRED
    assert told.account == desk.account.id
    assert any(name == "logged out" for name, _token in desk.venue.state.nonces)


def test_a_wrong_private_key_and_a_deleted_one_are_refused_alike(desk: Desk) -> None:
    def refusal(secret: str) -> str:
        with pytest.raises(Refused) as caught:
            drive_ours(desk.served, "bullish", bullish.whoami(desk.key.public_id), desk.key, secret)
        return caught.value.venue_code

    assert refusal(desk.issue().secret) == "8327"
    desk.venue.state.delete(desk.key, desk.venue.state.clock.now_ms())
    assert refusal(desk.key.secret) == "8327"


def test_nothing_else_is_signed_with_such_a_key(desk: Desk) -> None:
    who = Credential(desk.key.public_id, Secret(desk.key.secret), kind=KeyKind.ES256)
    for request in (
        Request("POST", "/trading-api/v2/orders", body={"a": 1}, query={bullish.TOKEN: "FAKE"}),
        Request("GET", "/trading-api/v1/users/hmac/login"),
    ):
        with pytest.raises(UsageError) as caught:
            bullish.sign(request, who, STAMP)
        assert caught.value.code == "sign.refused"
    wire = bullish.sign(Request("POST", ECDSA_LOGIN), who, STAMP)
    assert desk.key.secret[40:60] not in wire.body.decode()


@pytest.mark.parametrize("key", ["FAKE", "HMAC-FAKE", "e30=", base64.b64encode(b"[1]").decode()])
def test_a_key_that_is_no_metadata_is_said(desk: Desk, key: str) -> None:
    assert user_of(key) == ""
    who = Credential(key, Secret(desk.key.secret), kind=KeyKind.ES256)
    with pytest.raises(UsageError) as caught:
        bullish.sign(Request("POST", ECDSA_LOGIN), who, STAMP)
    assert caught.value.code == "credential.shape"


def test_a_key_that_withdraws_is_guided_to_be_an_ecdsa_key() -> None:
    both = bullish.SCOPES.names["ecdsa"]
    guide = bullish.guide_create(KeySpec("mm", both, (), ()))
    assert "ECDSA" in guide.steps[1]
    assert "HMAC" not in guide.steps[1]
    assert guide.parts == ("key", "private_key")
    trading = bullish.guide_create(KeySpec("mm", bullish.SCOPES.names["hmac"], ("hmac",), ()))
    assert "HMAC" in trading.steps[1]
    assert trading.parts == ("key", "secret")
