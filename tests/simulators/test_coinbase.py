"""Coinbase, asked by ccxt, by PyJWT and by our adapter."""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace
from typing import Any

import ccxt
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from keyguard.core.errors import Refused
from keyguard.core.exchange import Credential, Fault
from keyguard.core.keys import KeyKind, Scope
from keyguard.core.secret import Secret
from keyguard_adapters.coinbase import ADAPTER
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import Got, Sent, ask, rerouted, send, tap

TRADER = ["view", "trade"]


class Desk:
    """An account with a trading key of each kind."""

    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["coinbase"], served.urls["coinbase"]
        self.account = self.venue.open_account("desk", "")
        self.trader = self.issue()
        private = ec.generate_private_key(ec.SECP256R1())
        self.pem = private.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        ).decode()
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.curve = self.issue(public_key=public.decode())

    def issue(self, permissions: Any = TRADER, **form: Any) -> Key:
        return self.venue.issue(KeyForm(self.account.id, permissions, **form))

    def ccxt(self, key: Key, **credential: str) -> Any:
        return rerouted("coinbase", self.base, key, **credential)

    def who(self, key: Key, secret: str = "", kind: KeyKind = KeyKind.ED25519) -> Credential:
        return Credential(key.public_id, Secret(secret or key.secret), kind=kind)

    def whoami(self, who: Credential) -> Any:
        now_ms = self.venue.state.clock.now_ms()
        return ask(ADAPTER, self.base, ADAPTER.whoami(who.key), who, now_ms, uuid.uuid4)

    def get(self, path: str, **claims: Any) -> Got:
        """A GET of the trader, signed with PyJWT; `claims` override those of a good token."""
        now = self.venue.state.clock.now_ms() // 1000
        host = self.base.removeprefix("http://")
        name = self.trader.public_id
        good = {"sub": name, "iss": "cdp", "nbf": now, "exp": now + 120, "uri": f"GET {host}{path}"}
        private = ed25519.Ed25519PrivateKey.from_private_bytes(base64.b64decode(self.trader.secret)[:32])
        head = {"kid": name, "nonce": uuid.uuid4().hex}
        token = jwt.encode({**good, **claims}, private, "EdDSA", head)
        return send(Sent("GET", self.base + path, {"Authorization": f"Bearer {token}"}, b""))


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_is_accepted_with_an_ed25519_key(desk: Desk) -> None:
    told = desk.ccxt(desk.trader).v3_private_get_brokerage_key_permissions()
    assert (told["can_view"], told["can_trade"], told["can_transfer"]) == (True, True, False)
    assert told["portfolio_uuid"] == desk.account.id


def test_ccxt_is_accepted_with_a_p256_key(desk: Desk) -> None:
    client = desk.ccxt(desk.curve, secret=desk.pem)
    rows = client.v3_private_get_brokerage_accounts({"limit": 250})["accounts"]
    assert {row["currency"] for row in rows} == {"USDT", "BTC"}


def test_a_wrong_key_is_refused_like_an_unknown_one_and_a_deleted_one(desk: Desk) -> None:
    foreign = desk.issue()
    with pytest.raises(ccxt.AuthenticationError):
        desk.ccxt(desk.trader, secret=foreign.secret).v3_private_get_brokerage_key_permissions()
    unknown = replace(desk.trader, public_id=str(uuid.uuid4()))
    with pytest.raises(ccxt.AuthenticationError):
        desk.ccxt(unknown).v3_private_get_brokerage_key_permissions()
    desk.venue.state.delete(desk.trader, 0)
    with pytest.raises(ccxt.AuthenticationError):
        desk.ccxt(desk.trader).v3_private_get_brokerage_key_permissions()
    answers = {(one.status, one.code) for one in desk.venue.state.seen if one.status != 200}
    assert answers == {(401, "401")}


def test_a_missing_permission_is_told_apart(desk: Desk) -> None:
    path = "/api/v3/brokerage/accounts"
    desk.trader.grants = frozenset({"trade"})
    got = desk.get(path)
    assert (got.status, got.json["error_details"]) == (403, "Missing required scopes")


def test_a_token_for_another_call_is_refused(desk: Desk) -> None:
    path = "/api/v3/brokerage/accounts"
    assert desk.get(path).status == 200
    assert desk.get(path, uri=f"GET elsewhere.test{path}").status == 401
    assert desk.get(path, uri="GET " + desk.base.removeprefix("http://") + "/other").status == 401
    assert desk.get(path, sub="another").status == 401


def test_a_token_is_good_once_and_for_two_minutes(desk: Desk) -> None:
    path = "/api/v3/brokerage/accounts"
    now = desk.venue.state.clock.now_ms() // 1000
    assert desk.get(path, nbf=now - 130, exp=now - 10).status == 401
    assert desk.get(path, nbf=now + 60, exp=now + 120).status == 401
    assert desk.get(path, nbf=now, exp=now + 3600).status == 401
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.v3_private_get_brokerage_key_permissions()
    assert send(replace(sent[0], url=desk.base + "/api/v3/brokerage/key_permissions")).status == 401


def test_a_stale_clock_is_refused(desk: Desk) -> None:
    desk.venue.state.clock.offset_ms = 300_000
    with pytest.raises(ccxt.AuthenticationError):
        desk.ccxt(desk.trader).v3_private_get_brokerage_key_permissions()


def test_a_foreign_address_is_refused_by_the_same_word(desk: Desk) -> None:
    key = desk.issue(ips=("203.0.113.0/24",))
    with pytest.raises(Refused) as caught:
        desk.whoami(desk.who(key))
    assert caught.value.fault is Fault.AMBIGUOUS
    desk.venue.state.switches.egress = "203.0.113.77"
    assert desk.whoami(desk.who(key)).public_id == key.public_id


@pytest.mark.parametrize("kind", [KeyKind.ED25519, KeyKind.ES256])
def test_our_adapter_is_accepted(desk: Desk, kind: KeyKind) -> None:
    edwards = kind is KeyKind.ED25519
    key, secret = (desk.trader, desk.trader.secret) if edwards else (desk.curve, desk.pem)
    told = desk.whoami(desk.who(key, secret, kind))
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES
    assert told.account == desk.account.id


def test_our_adapter_reads_the_clock(desk: Desk) -> None:
    desk.venue.state.clock.frozen_ms = 1_795_176_000_123
    assert ADAPTER.clock is not None
    told = ask(ADAPTER, desk.base, ADAPTER.clock(), ADAPTER.example, 0)
    assert told == 1_795_176_000_123


def test_a_deleted_key_dies_when_the_delay_is_over(desk: Desk) -> None:
    state = desk.venue.state
    state.clock.frozen_ms = 1_795_176_000_000
    state.switches.dead_key_delay_ms = 60_000
    state.delete(desk.trader, state.clock.now_ms())
    assert desk.whoami(desk.who(desk.trader))
    state.clock.advance(60_000)
    with pytest.raises(Refused):
        desk.whoami(desk.who(desk.trader))
