"""Korbit, asked by requests that the official client's code signed, and by our own adapter.

No client of ours knows it (ccxt 4.5.90 does not have it), so a small one stands here too, written from the
reference's samples.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault
from keyguard.core.keys import Origin, Scope
from keyguard_adapters import korbit
from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.korbit import PERMISSIONS
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm, Unacceptable
from tests.simulators.clients import Got, Sent, send
from tests.simulators.signed import as_sent, drive_ours, enter, stopped, vectors

TRADER = ["readBalances", "readOrders", "writeOrders"]
HERE = ("127.0.0.1",)


class Desk:
    def __init__(self, served: Running) -> None:
        self.served, self.venue, self.base = served, served.venues["korbit"], served.urls["korbit"]
        self.state = stopped(self.venue.state)
        self.account = self.venue.open_account("firm", "").id
        self.trader = self.issue(TRADER)

    def issue(self, permissions: Any, ips: tuple[str, ...] = HERE, **more: Any) -> Key:
        return self.venue.issue(KeyForm(self.account, permissions, ips=ips, label="arb_1", **more))

    def get(self, key: Key, path: str, *, secret: str = "", late_ms: int = 0, **query: Any) -> Got:
        text = urlencode({**query, "timestamp": self.state.clock.now_ms() - late_ms})
        signature = hmac.new((secret or key.secret).encode(), text.encode(), hashlib.sha256).hexdigest()
        url = f"{self.base}{path}?{text}&signature={signature}"
        return send(Sent("GET", url, {"X-KAPI-KEY": key.public_id}, b""))

    def error(self, key: Key, **options: Any) -> tuple[int, str]:
        got = self.get(key, "/v2/currentKeyInfo", **options)
        assert got.json["success"] is False
        return got.status, got.json["error"]["message"]


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


@pytest.fixture
def pair() -> tuple[str, str]:
    private = Ed25519PrivateKey.generate()
    return (
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    )


@pytest.mark.parametrize("vector", vectors("korbit"), ids=lambda vector: vector["name"])
def test_what_the_official_client_signs_is_accepted(desk: Desk, vector: dict[str, Any]) -> None:
    lines = "\n".join(vector["credentials"].get("public_key_body", ()))
    label = "PUBLIC KEY"
    public = f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n" if lines else ""
    enter(desk.state, vector, desk.account, frozenset(PERMISSIONS), public_key=public)
    sent = as_sent(desk.base, vector)
    assert send(sent).status == (404 if sent.method == "POST" else 200)
    spoilt = (
        replace(sent, body=sent.body.replace(b"btc", b"eth"))
        if sent.method == "POST"
        else replace(sent, url=sent.url.replace("timestamp=17", "timestamp=18"))
    )
    assert send(spoilt).json["error"]["message"] == "INVALID_SIGNATURE"


def test_a_key_tells_everything_of_itself(desk: Desk) -> None:
    told = desk.get(desk.trader, "/v2/currentKeyInfo").json["data"]
    assert told["permissions"] == TRADER
    assert (told["whitelist"], told["status"], told["label"]) == ("127.0.0.1", "activated", "arb_1")
    assert told["expiration"] - told["createdAt"] == 365 * DAY_MS
    assert [one["currency"] for one in desk.get(desk.trader, "/v2/balance").json["data"]] == ["krw", "btc"]


def test_unknown_deleted_expired_and_foreign_are_told_apart(desk: Desk) -> None:
    dead = desk.issue(TRADER)
    desk.state.delete(dead, 0)
    assert desk.error(replace(desk.trader, public_id="x" * 43)) == (400, "KEY_NOT_FOUND")
    assert desk.error(dead) == (401, "KEY_DEACTIVATED")
    assert desk.error(desk.issue(TRADER, age_days=366)) == (401, "KEY_EXPIRED")
    assert desk.error(desk.issue(TRADER, ips=("203.0.113.10",))) == (403, "IP_NOT_ALLOWED")
    assert desk.error(desk.trader, secret="FAKE" + "another") == (401, "INVALID_SIGNATURE")


def test_a_clock_that_runs_ahead_is_not_cured_by_a_window(desk: Desk) -> None:
    assert desk.error(desk.trader, late_ms=6000)[1] == "EXCEED_TIME_WINDOW"
    assert desk.get(desk.trader, "/v2/currentKeyInfo", late_ms=6000, recvWindow=30_000).status == 200
    assert desk.error(desk.trader, late_ms=-3000, recvWindow=60_000)[1] == "EXCEED_TIME_WINDOW"


def test_a_missing_permission_is_refused(desk: Desk) -> None:
    watcher = desk.issue(["readOrders"])
    assert desk.get(watcher, "/v2/balance").status == 403
    assert desk.get(watcher, "/v2/openOrders", symbol="btc_krw").status == 200


def test_a_key_is_unknown_in_its_first_minute(desk: Desk) -> None:
    desk.state.switches.new_key_delay_ms = 60_000
    young = desk.issue(TRADER)
    assert desk.error(young) == (400, "KEY_NOT_FOUND")
    desk.state.clock.advance(61_000)
    assert desk.get(young, "/v2/currentKeyInfo").status == 200


def test_a_key_for_any_address_is_not_issued(desk: Desk) -> None:
    with pytest.raises(Unacceptable):
        desk.issue(TRADER, ips=())


def test_a_signature_must_be_encoded(desk: Desk, pair: tuple[str, str]) -> None:
    private, public = pair
    own = desk.issue(TRADER, public_key=public)
    told = drive_ours(desk.served, "korbit", korbit.whoami(own.public_id), own, secret=private)
    assert told.scopes == Scope.READ | Scope.TRADE_SPOT
    forged = f"timestamp={desk.state.clock.now_ms()}&signature={quote(base64.b64encode(b'0' * 64), safe='')}"
    url = f"{desk.base}/v2/currentKeyInfo?{forged}"
    assert send(Sent("GET", url, {"X-KAPI-KEY": own.public_id}, b"")).status == 401


def test_our_adapter_learns_all_by_asking_once(desk: Desk) -> None:
    told = drive_ours(desk.served, "korbit", korbit.whoami(desk.trader.public_id), desk.trader)
    assert (told.scopes, told.scopes_origin) == (Scope.READ | Scope.TRADE_SPOT, Origin.REPORTED)
    assert told.ips == HERE
    assert told.enabled


def test_our_adapter_follows_the_venues_clock(desk: Desk) -> None:
    step = korbit.whoami(desk.trader.public_id)
    assert drive_ours(desk.served, "korbit", step, desk.trader, ahead_ms=90_000).enabled
    assert drive_ours(desk.served, "korbit", korbit.clock(), desk.trader) == desk.state.clock.now_ms()


@pytest.mark.parametrize(("gone", "fault"), [(True, Fault.KEY_UNKNOWN), (False, Fault.OTHER)])
def test_our_adapter_tells_a_dead_key_from_a_wrong_secret(desk: Desk, gone: bool, fault: Fault) -> None:
    old = desk.issue(TRADER)
    if gone:
        desk.state.delete(old, 0)
    with pytest.raises(Refused) as caught:
        drive_ours(desk.served, "korbit", korbit.whoami(old.public_id), old, secret="FAKE" + "another")
    assert caught.value.fault is fault
