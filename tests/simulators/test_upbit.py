"""Upbit, asked by ccxt; algorithms ccxt does not use are signed with PyJWT."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import ccxt
import jwt
import pytest

from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.serve import Running
from keyguard_simulators.upbit.venue import Upbit
from keyguard_simulators.venue import KeyForm, Unacceptable
from tests.simulators.clients import Got, Sent, call, ccxt_client, send, tap

TRADER = ["view_account", "view_orders", "make_orders"]
HERE = ("127.0.0.1",)


class Desk:
    """A main pocket and a sub pocket with a trading key."""

    def __init__(self, served: Running) -> None:
        venue = served.venues["upbit"]
        assert isinstance(venue, Upbit)
        self.venue, self.base = venue, served.urls["upbit"]
        self.main = venue.open_account("main", "")
        self.sub = venue.open_account("desk-a", self.main.id)
        self.trader = self.issue(self.sub.id, TRADER)

    def issue(self, account: str, permissions: Any, ips: tuple[str, ...] = HERE, age_days: float = 0) -> Key:
        return self.venue.issue(KeyForm(account, permissions, ips=ips, age_days=age_days))

    def ccxt(self, key: Key, secret: str = "") -> Any:
        return ccxt_client("upbit", self.base, key, secret)

    def get(self, key: Key, path: str, algorithm: str = "HS256", **claims: Any) -> Got:
        """A GET signed with PyJWT; `claims` override those of a good token."""
        good = {"access_key": key.public_id, "nonce": str(uuid.uuid4())}
        query = path.partition("?")[2]
        if query:
            good["query_hash"] = hashlib.sha512(query.encode()).hexdigest()
            good["query_hash_alg"] = "SHA512"
        token = jwt.encode({**good, **claims}, key.secret, algorithm)
        return send(Sent("GET", self.base + path, {"Authorization": f"Bearer {token}"}, b""))


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def test_ccxt_reads_balances_and_places_an_order(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    assert client.fetch_balance()["KRW"]["free"] == 12_500_000
    order = client.create_order("BTC/KRW", "limit", "buy", 0.01, 100_000_000)
    assert (order["status"], order["amount"]) == ("open", 0.01)
    assert [one["uuid"] for one in client.private_get_orders_open()] == [order["id"]]
    client.create_order("BTC/KRW", "limit", "buy", 0.01, 100_000_000, {"test": True})
    assert len(client.private_get_orders_open()) == 1


def test_every_key_sees_the_expiry_of_every_live_key(desk: Desk) -> None:
    desk.issue(desk.main.id, ["view_account"], age_days=366)
    other = desk.issue(desk.main.id, ["view_account"])
    listed = desk.ccxt(desk.trader).private_get_api_keys()
    assert {one["access_key"] for one in listed} == {desk.trader.public_id, other.public_id}
    expiry = datetime.fromisoformat(listed[0]["expire_at"])
    assert expiry.utcoffset() == timedelta(hours=9)
    assert expiry.timestamp() * 1000 == pytest.approx(other.created_ms + 365 * DAY_MS, abs=5000)


def test_a_manager_of_the_main_pocket_sees_permissions_and_addresses(desk: Desk) -> None:
    manager = desk.issue(desk.main.id, ["manage_pockets"])
    path = f"/v1/pockets/api_keys?include_expired=true&uuids[]={desk.sub.id}"
    told = desk.get(manager, path)
    assert told.status == 200
    (pocket,) = told.json
    assert pocket["uuid"] == desk.sub.id
    (described,) = pocket["keys"]
    assert described["permissions"] == TRADER
    assert described["allowed_ips"] == ["127.0.0.1"]
    assert (
        desk.get(manager, "/v1/pockets/api_keys?uuids[]=nowhere").json["error"]["name"] == "pocket_not_found"
    )
    assert [one["type"] for one in desk.get(manager, "/v1/pockets").json] == ["main", "user_spot_trading"]
    assert desk.get(desk.trader, "/v1/pockets").json["error"]["name"] == "out_of_scope"


@pytest.mark.filterwarnings("ignore:The HMAC key:jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_both_algorithms_are_accepted(desk: Desk, algorithm: str) -> None:
    assert desk.get(desk.trader, "/v1/accounts", algorithm).status == 200


def test_no_other_algorithm_is(desk: Desk) -> None:
    unsigned = jwt.encode({"access_key": desk.trader.public_id, "nonce": "n"}, "", "none")
    reply = send(Sent("GET", f"{desk.base}/v1/accounts", {"Authorization": f"Bearer {unsigned}"}, b""))
    assert (reply.status, reply.json["error"]["name"]) == (401, "jwt_verification")


def test_a_wrong_secret_is_refused(desk: Desk) -> None:
    with pytest.raises(ccxt.AuthenticationError, match='"name":"jwt_verification"'):
        desk.ccxt(desk.trader, "x" * 40).private_get_accounts()


def test_an_unknown_or_deleted_key_is_refused(desk: Desk) -> None:
    desk.venue.state.delete(desk.trader, 0)
    with pytest.raises(ccxt.AuthenticationError, match='"name":"invalid_access_key"'):
        desk.ccxt(desk.trader).private_get_accounts()


def test_a_token_without_or_with_the_wrong_hash_is_refused(desk: Desk) -> None:
    path = "/v1/orders/open?market=KRW-BTC"
    assert desk.get(desk.trader, path).status == 200
    assert desk.get(desk.trader, path, query_hash="0" * 128).json["error"]["name"] == "invalid_query_payload"
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_post_orders_test(
        {"market": "KRW-BTC", "side": "bid", "price": "5000", "ord_type": "price"}
    )
    forged = replace(sent[-1], body=sent[-1].body.replace(b"5000", b"9000"))
    assert send(forged).json["error"]["name"] == "invalid_query_payload"


def test_a_reused_nonce_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_get_accounts()
    again = send(sent[-1])
    assert (again.status, again.json["error"]["name"]) == (401, "nonce_used")


def test_a_timestamp_does_not_exist_so_a_wrong_clock_does_not_matter(desk: Desk) -> None:
    desk.venue.state.clock.offset_ms = -DAY_MS
    assert desk.ccxt(desk.trader).private_get_accounts()


def test_an_expired_key_is_refused_as_such(desk: Desk) -> None:
    old = desk.issue(desk.sub.id, TRADER, age_days=365.1)
    with pytest.raises(ccxt.ExchangeError, match='"name":"expired_access_key"'):
        desk.ccxt(old).private_get_accounts()


def test_a_foreign_address_is_refused(desk: Desk) -> None:
    key = desk.issue(desk.sub.id, TRADER, ips=("203.0.113.10",))
    with pytest.raises(ccxt.ExchangeError, match='"name":"no_authorization_ip"'):
        desk.ccxt(key).private_get_accounts()
    desk.venue.state.switches.egress = "203.0.113.10"
    assert desk.ccxt(key).private_get_accounts()


def test_a_missing_scope_is_refused(desk: Desk) -> None:
    watcher = desk.issue(desk.sub.id, ["view_account"])
    with pytest.raises(ccxt.PermissionDenied, match='"name":"out_of_scope"'):
        desk.ccxt(watcher).create_order("BTC/KRW", "limit", "buy", 0.01, 100_000_000)
    assert desk.get(watcher, "/v1/withdraws").status == 403


def test_a_withdrawal_stays_locked(desk: Desk) -> None:
    payer = desk.issue(desk.main.id, ["withdraw"])
    with pytest.raises(ccxt.ExchangeError, match='"name":"open_api_withdraw_locked"'):
        desk.ccxt(payer).private_post_withdraws_coin({"currency": "BTC", "amount": "1"})


def test_a_call_without_token_is_refused(desk: Desk) -> None:
    assert call(desk.base, "GET", "/v1/accounts").json["error"]["name"] == "no_authorization_token"


def test_form_bodies_are_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_post_orders_test(
        {"market": "KRW-BTC", "side": "bid", "price": "5000", "ord_type": "price"}
    )
    headers = {**sent[-1].headers, "Content-Type": "application/x-www-form-urlencoded"}
    assert send(replace(sent[-1], headers=headers)).status == 400


def test_remaining_requests_are_told_and_when_switched_on_enforced(desk: Desk) -> None:
    desk.venue.state.clock.frozen_ms = desk.venue.state.clock.now_ms()
    desk.venue.state.switches.enforce_rate_limits = True
    replies = [desk.get(desk.trader, "/v1/api_keys") for _ in range(31)]
    assert replies[0].headers["remaining-req"] == "group=default; min=1800; sec=29"
    assert {reply.status for reply in replies[:30]} == {200}
    assert (replies[30].status, replies[30].json["error"]["name"]) == (429, "too_many_requests")


def test_the_website_refuses_what_upbit_refuses(desk: Desk) -> None:
    for permissions, ips in (
        (TRADER, ()),
        (TRADER, tuple(f"203.0.113.{n}" for n in range(11))),
        ([], HERE),
        (["trade"], HERE),
        (["withdraw"], HERE),  # not in a sub pocket
    ):
        with pytest.raises(Unacceptable):
            desk.issue(desk.sub.id, permissions, ips)
    for _ in range(4):
        desk.issue(desk.sub.id, TRADER)
    with pytest.raises(Unacceptable, match="at most 5"):
        desk.issue(desk.sub.id, TRADER)
