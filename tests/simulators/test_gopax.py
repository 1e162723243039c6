"""GOPAX, asked by requests that ccxt 1.50.1 and the documents' sample signed, and by our own adapter.

ccxt 4.5.90 has no GOPAX any more; where a request of its own is needed, the documents' sample stands here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault
from keyguard.core.keys import Scope
from keyguard_adapters import gopax
from keyguard_simulators.accounts import Key
from keyguard_simulators.gopax import PERMISSIONS
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import Got, Sent, send
from tests.simulators.signed import as_sent, drive_ours, enter, stopped, vectors

TRADER = ["조회", "주문"]
HERE = ("127.0.0.1",)


class Desk:
    def __init__(self, served: Running) -> None:
        self.served, self.venue, self.base = served, served.venues["gopax"], served.urls["gopax"]
        self.state = stopped(self.venue.state)
        self.account = self.venue.open_account("firm", "").id
        self.trader = self.issue(TRADER)

    def issue(self, permissions: Any, ips: tuple[str, ...] = HERE, age_days: float = 0) -> Key:
        return self.venue.issue(KeyForm(self.account, permissions, ips=ips, age_days=age_days))

    def call(
        self, key: Key, path: str, method: str = "GET", window: str = "", late_ms: int = 0, **more: str
    ) -> Got:
        at = str(self.state.clock.now_ms() - late_ms)
        signed = path if method == "GET" and path.startswith("/orders?") else path.partition("?")[0]
        text = f"t{at}{method}{signed}{window}".encode()
        signature = hmac.new(base64.b64decode(key.secret), text, hashlib.sha512).digest()
        headers = {
            "api-key": key.public_id,
            "timestamp": at,
            "signature": base64.b64encode(signature).decode(),
        }
        headers |= ({"receive-window": window} if window else {}) | more
        return send(Sent(method, self.base + path, headers, b""))

    def error(self, key: Key, path: str = "/balances", **options: Any) -> tuple[int, int]:
        got = self.call(key, path, **options)
        return got.status, got.json["errorCode"]


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


@pytest.mark.parametrize(
    "vector", [*vectors("gopax"), *vectors("gopax-receive-window")], ids=lambda vector: vector["name"]
)
def test_what_others_signed_is_accepted(desk: Desk, vector: dict[str, Any]) -> None:
    key = enter(desk.state, vector, desk.account, frozenset(PERMISSIONS))
    sent = as_sent(desk.base, vector)
    assert send(sent).status == (404 if sent.method == "POST" else 200)
    key.secret = base64.b64encode(b"FAKE another").decode()
    assert send(sent).json["errorCode"] == 10229


def test_the_query_counts_for_orders_only(desk: Desk) -> None:
    assert desk.call(desk.trader, "/orders?includePast=true").status == 200
    assert desk.call(desk.trader, "/trades?limit=1").status == 200


def test_unknown_unusable_and_badly_signed_are_told_apart(desk: Desk) -> None:
    dead = desk.issue(TRADER)
    desk.state.delete(dead, 0)
    assert desk.error(replace(desk.trader, public_id="x" * 64)) == (401, 10155)
    assert desk.error(dead) == (401, 10233)
    assert desk.error(desk.issue(TRADER, age_days=366)) == (401, 10233)
    assert desk.error(replace(desk.trader, secret="RkFLRQ==")) == (401, 10229)


def test_a_clock_out_of_the_window_is_refused(desk: Desk) -> None:
    assert desk.error(desk.trader, late_ms=61_000) == (400, 10263)
    assert desk.error(desk.trader, late_ms=-61_000) == (400, 10264)
    assert desk.call(desk.trader, "/balances", late_ms=30_000).status == 200
    assert desk.error(desk.trader, window="200", late_ms=1000) == (400, 10298)
    assert desk.error(desk.trader, window="60000", late_ms=-2000) == (400, 10298)
    assert desk.error(desk.trader, window="100") == (400, 10296)


def test_a_nonce_beside_a_timestamp_is_refused(desk: Desk) -> None:
    assert desk.error(desk.trader, nonce="1") == (400, 10265)


def test_a_missing_permission_is_refused(desk: Desk) -> None:
    assert desk.error(desk.issue(["주문"])) == (403, 10004)


def test_addresses_restrict_withdrawals_only(desk: Desk) -> None:
    payer = desk.issue(["조회", "출금"], ips=("203.0.113.10",))
    assert desk.call(payer, "/balances").status == 200
    assert desk.error(payer, "/withdrawals", method="POST") == (403, 10004)
    desk.state.switches.egress = "203.0.113.10"
    assert desk.error(payer, "/withdrawals", method="POST") == (400, 10041)


def test_our_adapter_learns_what_there_is_to_learn(desk: Desk) -> None:
    told = drive_ours(desk.served, "gopax", gopax.whoami(desk.trader.public_id), desk.trader)
    assert (told.scopes, told.grants) == (Scope.READ, ("조회",))


def test_our_adapter_tells_a_dead_key_from_a_wrong_secret(desk: Desk) -> None:
    old = desk.issue(TRADER)
    with pytest.raises(Refused) as caught:
        drive_ours(desk.served, "gopax", gopax.whoami(old.public_id), old, secret="RkFLRQ==")
    assert caught.value.fault is Fault.SIGNATURE
    desk.state.delete(old, 0)
    with pytest.raises(Refused) as caught:
        drive_ours(desk.served, "gopax", gopax.whoami(old.public_id), old)
    assert caught.value.fault is Fault.KEY_DISABLED
