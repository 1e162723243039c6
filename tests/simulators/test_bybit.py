"""Bybit, asked by pybit and ccxt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ccxt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pybit.exceptions import FailedRequestError, InvalidRequestError

from keyguard_simulators.accounts import DAY_MS, Key
from keyguard_simulators.bybit.venue import Bybit
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import ccxt_client, pybit_session, send, tap

MANAGER = {"Wallet": ["SubMemberTransfer"]}
TRADER = {"Spot": ["SpotTrade"], "ContractTrade": ["Order", "Position"]}


class Desk:
    """A master with a manager key, and a sub-account with a trading key."""

    def __init__(self, served: Running) -> None:
        venue = served.venues["bybit"]
        assert isinstance(venue, Bybit)
        self.venue, self.base = venue, served.urls["bybit"]
        self.master = venue.open_account("firm", "")
        self.sub = venue.open_account("desk-a", self.master.id)
        self.manager = self.issue(self.master.id, MANAGER)
        self.trader = self.issue(self.sub.id, TRADER)

    def issue(self, account: str, permissions: Any, **form: Any) -> Key:
        return self.venue.issue(KeyForm(account, permissions, **form))

    def pybit(self, key: Key, secret: str = "") -> Any:
        return pybit_session(self.base, key, secret)


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def refusal(code: int) -> Any:
    return pytest.raises(InvalidRequestError, match=rf"ErrCode: {code}\)")


def test_pybit_is_accepted_and_told_about_its_key(desk: Desk) -> None:
    told = desk.pybit(desk.trader).get_api_key_information()
    assert (told["retCode"], told["retMsg"]) == (0, "OK")
    result = told["result"]
    assert result["apiKey"] == desk.trader.public_id
    assert result["permissions"]["Spot"] == ["SpotTrade"]
    assert result["permissions"]["Wallet"] == []
    assert (result["readOnly"], result["secret"], result["ips"]) == (0, "", ["*"])
    assert (result["isMaster"], result["parentUid"]) == (False, desk.master.id)
    assert result["deadlineDay"] in (89, 90)


def test_a_small_bot_can_trade(desk: Desk) -> None:
    bot = desk.pybit(desk.trader)
    assert bot.get_tickers(category="spot", symbol="BTCUSDT")["result"]["list"][0]["lastPrice"]
    coins = bot.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]["coin"]
    assert {coin["coin"] for coin in coins} == {"USDT", "BTC"}
    placed = bot.place_order(
        category="spot", symbol="BTCUSDT", side="Buy", orderType="Limit", qty="0.001", price="50000"
    )
    open_orders = bot.get_open_orders(category="spot", symbol="BTCUSDT")["result"]["list"]
    assert [order["orderId"] for order in open_orders] == [placed["result"]["orderId"]]
    assert bot.get_positions(category="linear", symbol="BTCUSDT")["result"]["list"] == []


def test_ccxt_is_accepted_and_its_wrong_secret_refused(desk: Desk) -> None:
    client = ccxt_client("bybit", desk.base, desk.trader)
    assert client.fetch_balance()["USDT"]["total"] == 25000
    order = client.create_order("BTC/USDT", "limit", "buy", 0.001, 50000)
    assert order["id"] in desk.venue.state.orders
    with pytest.raises(ccxt.AuthenticationError, match='"retCode":10004'):
        ccxt_client("bybit", desk.base, desk.trader, "wrong").private_get_v5_user_query_api()


def test_an_rsa_key_signs_with_its_private_half(desk: Desk) -> None:
    ours, foreign = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    public = ours.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key = desk.issue(desk.sub.id, TRADER, public_key=public.decode())
    told = desk.pybit(key, _pem(ours)).get_api_key_information()
    assert told["result"]["rsaPublicKey"] == public.decode()
    with refusal(10004):
        desk.pybit(key, _pem(foreign)).get_api_key_information()


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def test_a_wrong_secret_is_refused(desk: Desk) -> None:
    with refusal(10004):
        desk.pybit(desk.trader, "x" * 36).get_wallet_balance(accountType="UNIFIED")


def test_a_body_changed_on_the_way_is_refused(desk: Desk) -> None:
    bot = desk.pybit(desk.trader)
    sent = tap(bot.client)
    bot.place_order(category="spot", symbol="BTCUSDT", side="Buy", orderType="Market", qty="1")
    forged = replace(sent[0], body=sent[0].body.replace(b'"1"', b'"9"'))
    assert send(forged).json["retCode"] == 10004


@pytest.mark.parametrize(("ahead_ms", "code"), [(6000, 10002), (4000, 0), (-900, 0), (-1500, 10002)])
def test_the_window_lies_five_seconds_back_and_one_ahead(desk: Desk, ahead_ms: int, code: int) -> None:
    bot = desk.pybit(desk.trader)
    bot.retry_codes = {-1}  # pybit would try again on 10002
    desk.venue.state.clock.offset_ms = ahead_ms
    if code:
        with refusal(code):
            bot.get_api_key_information()
    else:
        bot.get_api_key_information()


def test_a_timestamp_that_is_no_number_is_outside_the_window(desk: Desk) -> None:
    bot = desk.pybit(desk.trader)
    sent = tap(bot.client)
    bot.get_api_key_information()
    for stamp in ("", "soon", "9" * 5000):
        headers = {**sent[0].headers, "X-BAPI-TIMESTAMP": stamp}
        assert send(replace(sent[0], headers=headers)).json["retCode"] == 10002


def test_without_nonces_a_replay_works_until_the_window_closes(desk: Desk) -> None:
    bot = desk.pybit(desk.trader)
    sent = tap(bot.client)
    bot.get_api_key_information()
    assert send(sent[0]).json["retCode"] == 0
    desk.venue.state.clock.advance(6000)
    late = send(sent[0])
    assert late.status == 200
    assert late.json["retCode"] == 10002
    assert "server_timestamp" in late.json["retMsg"]


def test_a_foreign_address_is_refused(desk: Desk) -> None:
    key = desk.issue(desk.sub.id, TRADER, ips=("203.0.113.10",))
    with refusal(10010):
        desk.pybit(key).get_api_key_information()
    desk.venue.state.switches.egress = "203.0.113.10"
    bot = desk.pybit(key)
    sent = tap(bot.client)
    assert bot.get_api_key_information()["result"]["ips"] == ["203.0.113.10"]
    assert send(sent[0], source="127.0.0.66").json["retCode"] == 10010


def test_a_missing_scope_is_refused(desk: Desk) -> None:
    order = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "1"}
    spot_only = desk.issue(desk.sub.id, {"Spot": ["SpotTrade"]})
    with refusal(10005):
        desk.pybit(spot_only).place_order(category="linear", **order)
    watcher = desk.issue(desk.sub.id, TRADER, read_only=True)
    with refusal(10005):
        desk.pybit(watcher).place_order(category="spot", **order)
    with refusal(10005):
        desk.pybit(desk.trader).delete_sub_api_key()


def test_an_expired_key_is_refused_as_such(desk: Desk) -> None:
    unbound = desk.issue(desk.sub.id, TRADER, age_days=91)
    bound = desk.issue(desk.sub.id, TRADER, age_days=91, ips=("127.0.0.1",))
    with refusal(33004):
        desk.pybit(unbound).get_api_key_information()
    assert desk.pybit(bound).get_api_key_information()["result"]["deadlineDay"] == -2


def test_a_get_with_a_body_and_a_call_without_key_stop_at_the_door(desk: Desk) -> None:
    bot = desk.pybit(desk.trader)
    sent = tap(bot.client)
    bot.get_api_key_information()
    assert send(replace(sent[0], body=b"{}")).status == 403
    assert send(replace(sent[0], headers={})).status == 401


def test_a_sub_key_is_created_listed_edited_and_deleted(desk: Desk) -> None:
    manager = desk.pybit(desk.manager)
    made = manager.create_sub_api_key(
        subuid=int(desk.sub.id), note="keyguard-1", readOnly=0, ips="127.0.0.1", permissions=TRADER
    )["result"]
    assert len(made["apiKey"]) == 18
    assert len(made["secret"]) == 36
    key = desk.venue.state.book.keys[made["apiKey"]]
    assert desk.pybit(key, made["secret"]).get_api_key_information()["result"]["note"] == "keyguard-1"

    listed = manager.get_all_sub_api_keys(subMemberId=desk.sub.id)["result"]["result"]
    assert [one["apiKey"] for one in listed] == [desk.trader.public_id, made["apiKey"]]
    assert (listed[1]["ips"], listed[1]["status"], listed[1]["secret"]) == (["127.0.0.1"], 1, "******")
    assert listed[0]["status"] == 3

    manager.delete_sub_api_key(apikey=made["apiKey"])
    with refusal(10003):
        desk.pybit(key, made["secret"]).get_api_key_information()
    listed = manager.get_all_sub_api_keys(subMemberId=desk.sub.id)["result"]["result"]
    assert [one["apiKey"] for one in listed] == [desk.trader.public_id]


def test_an_edit_resets_what_it_leaves_out(desk: Desk) -> None:
    key = desk.issue(desk.sub.id, TRADER, ips=("127.0.0.1",), read_only=True)
    manager = desk.pybit(desk.manager)
    kept = manager.modify_sub_api_key(apikey=key.public_id, readOnly=1, ips="127.0.0.1")["result"]
    assert (kept["readOnly"], kept["ips"]) == (1, ["127.0.0.1"])
    lost = manager.modify_sub_api_key(apikey=key.public_id)["result"]
    assert (lost["readOnly"], lost["ips"], lost["permissions"]["Spot"]) == (0, ["*"], ["SpotTrade"])
    assert key.expires_ms is not None
    assert key.expires_ms - desk.venue.state.clock.now_ms() > 89 * DAY_MS
    for ips in ("10.0.0.0/8", "127.0.0.1, 127.0.0.2", ",".join(["127.0.0.1"] * 21)):
        with refusal(10001):
            manager.modify_sub_api_key(apikey=key.public_id, readOnly=0, ips=ips)
    desk.venue.state.switches.ip_edits_on_web_only = True
    with refusal(141019):
        manager.modify_sub_api_key(apikey=key.public_id, readOnly=0, ips="127.0.0.9")


def test_a_list_is_paged_with_cursors_that_need_encoding(desk: Desk) -> None:
    for _ in range(4):
        desk.issue(desk.sub.id, TRADER)
    manager = desk.pybit(desk.manager)
    seen: list[str] = []
    cursor = None
    while cursor != "":
        page = manager.get_all_sub_api_keys(subMemberId=desk.sub.id, limit=2, cursor=cursor)["result"]
        seen += [one["apiKey"] for one in page["result"]]
        cursor = page["nextPageCursor"]
        assert cursor == "" or {":", ","} <= set(cursor)
    assert seen == [key.public_id for key in desk.venue.state.book.listed(desk.sub.id)]


def test_only_a_master_with_a_wallet_right_manages_others(desk: Desk) -> None:
    plain = desk.pybit(desk.issue(desk.master.id, TRADER))
    form = {"subuid": int(desk.sub.id), "readOnly": 0, "permissions": TRADER}
    with refusal(10005):
        plain.create_sub_api_key(**form)
    with refusal(10005):
        desk.pybit(desk.trader).create_sub_api_key(**form)
    stranger = desk.pybit(desk.issue(desk.venue.open_account("other firm", "").id, MANAGER))
    with refusal(10001):
        stranger.create_sub_api_key(**form)
    with refusal(10001):
        stranger.delete_sub_api_key(apikey=desk.trader.public_id)
    assert not desk.trader.deleted


def test_a_sub_key_may_manage_only_itself(desk: Desk) -> None:
    key = desk.issue(desk.sub.id, {"Wallet": ["AccountTransfer"]})
    with refusal(10001):
        desk.pybit(key).delete_sub_api_key(apikey=desk.trader.public_id)
    desk.pybit(key).delete_sub_api_key()
    assert key.deleted
    assert not desk.trader.deleted


def test_delete_api_deletes_the_calling_master_key(desk: Desk) -> None:
    desk.pybit(desk.manager).delete_master_api_key()
    with refusal(10003):
        desk.pybit(desk.manager).get_api_key_information()


def test_rate_limits_are_told_and_when_switched_on_enforced(desk: Desk) -> None:
    desk.venue.state.clock.frozen_ms = desk.venue.state.clock.now_ms()
    desk.venue.state.switches.enforce_rate_limits = True
    bot = desk.pybit(desk.trader)
    bot.retry_codes = {-1}
    bot.return_response_headers = True
    left = [bot.get_api_key_information()[2]["X-Bapi-Limit-Status"] for _ in range(10)]
    assert left == [str(n) for n in range(9, -1, -1)]
    with refusal(10006):
        bot.get_api_key_information()


def test_an_unknown_path_is_refused(desk: Desk) -> None:
    with pytest.raises(FailedRequestError, match="404"):
        desk.pybit(desk.trader).get_fee_rates()
