"""Bitstamp, asked by ccxt and by our adapter."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Credential, Fault
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters.bitstamp import ADAPTER
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import Got, ask, call, rerouted, send, tap

TRADER = ["account_balance", "limit_order", "cancel_order"]


class Desk:
    """A main account and a sub-account with a trading key."""

    def __init__(self, served: Running) -> None:
        self.venue, self.base = served.venues["bitstamp"], served.urls["bitstamp"]
        self.main = self.venue.open_account("firm", "")
        self.sub = self.venue.open_account("desk", self.main.id)
        self.trader = self.issue(TRADER)

    def issue(self, permissions: Any, **form: Any) -> Key:
        return self.venue.issue(KeyForm(self.sub.id, permissions, **form))

    def ccxt(self, key: Key, **credential: str) -> Any:
        return rerouted("bitstamp", self.base, key, uid="1", **credential)

    def code(self, key: Key, **changed: str) -> Any:
        """The venue's code for ccxt's own request, some headers changed on the way."""
        client = self.ccxt(key)
        sent = tap(client.session)
        client.private_post_account_balances()
        fresh = {"X-Auth-Nonce": str(uuid.uuid4()), **changed}
        got: Got = send(
            replace(
                sent[-1],
                url=f"{self.base}/api/v2/account_balances/",
                headers={**sent[-1].headers, **fresh},
            )
        )
        return got.json["code"]

    def whoami(self, held: Key, **parts: Any) -> Any:
        who = replace(Credential(held.public_id, Secret(held.secret)), **parts)
        now_ms = self.venue.state.clock.now_ms()
        return ask(ADAPTER, self.base, ADAPTER.whoami(held.public_id), who, now_ms, uuid.uuid4)

    def refusal(self, held: Key, **parts: Any) -> Fault:
        with pytest.raises(Refused) as caught:
            self.whoami(held, **parts)
        return caught.value.fault


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_reads_balances(desk: Desk) -> None:
    rows = desk.ccxt(desk.trader).private_post_account_balances()
    assert {row["currency"] for row in rows} == {"usd", "btc"}


def test_a_wrong_secret_is_refused(desk: Desk) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="invalid signature"):
        desk.ccxt(desk.trader, secret="x" * 32).private_post_account_balances()
    assert desk.refusal(desk.trader, secret=Secret("x" * 32)) is Fault.SIGNATURE


def test_an_unknown_deleted_or_sleeping_key_is_not_found(desk: Desk) -> None:
    desk.trader.enabled = False
    assert desk.refusal(desk.trader) is Fault.KEY_UNKNOWN
    desk.trader.enabled = True
    assert desk.whoami(desk.trader)
    desk.venue.state.delete(desk.trader, 0)
    assert desk.refusal(desk.trader) is Fault.KEY_UNKNOWN
    with pytest.raises(ccxt.AuthenticationError, match="API key not found"):
        desk.ccxt(desk.trader).private_post_account_balances()


def test_a_nonce_is_good_once(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_post_account_balances()
    again = send(replace(sent[-1], url=f"{desk.base}/api/v2/account_balances/"))
    assert (again.status, again.json["code"]) == (403, "API0004")


def test_a_clock_minutes_off_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    desk.venue.state.clock.offset_ms = -140_000
    assert client.private_post_account_balances()
    desk.venue.state.clock.offset_ms = -250_000
    with pytest.raises(ccxt.ExchangeError, match="API0017"):
        client.private_post_account_balances()


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("Host", "elsewhere.test", "API0005"),
        ("X-Auth-Version", "v1", "API0010"),
        ("X-Auth-Timestamp", "soon", "API0018"),
        ("X-Auth-Nonce", "", "API0014"),
        ("X-Auth-Timestamp", "", "API0015"),
        ("X-Auth-Version", "", "API0016"),
        ("Content-Type", "application/json", "API0019"),
    ],
)
def test_a_header_changed_on_the_way_is_refused(desk: Desk, header: str, value: str, code: str) -> None:
    assert desk.code(desk.trader, **{header: value}) == code


def test_a_foreign_address_is_refused(desk: Desk) -> None:
    key = desk.issue(TRADER, ips=("203.0.113.10",))
    assert desk.refusal(key) is Fault.IP
    desk.venue.state.switches.egress = "203.0.113.10"
    assert desk.whoami(key).scopes == Scope.READ


def test_a_missing_permission_is_told_apart(desk: Desk) -> None:
    with pytest.raises(ccxt.PermissionDenied, match="No permission found"):
        desk.ccxt(desk.trader).private_post_user_transactions()


def test_a_call_without_headers_is_refused(desk: Desk) -> None:
    assert call(desk.base, "POST", "/api/v2/account_balances/").json["code"] == "API0012"


def test_our_adapter_is_accepted_and_ends_no_key(desk: Desk) -> None:
    told = desk.whoami(desk.trader)
    assert (told.scopes, told.grants) == (Scope.READ, ("account_balance",))
    nothing = desk.whoami(desk.issue(["limit_order"]))
    assert nothing.scopes == Scope.NONE
    assert {one.operation for one in desk.venue.state.seen} == {
        "/api/v2/account_balances/",
        "/api/v2/user_transactions/",
        "/api/v2/open_orders/",
    }


def test_the_kill_switch_ends_every_key_of_the_family(desk: Desk) -> None:
    other = desk.venue.issue(KeyForm(desk.main.id, TRADER))
    told = desk.ccxt(desk.trader).private_post_revoke_all_api_keys()
    assert set(told["revoked_api_keys"]) == {desk.trader.public_id, other.public_id}
    assert desk.refusal(other) is Fault.KEY_UNKNOWN
