"""Deribit, asked by ccxt; what ccxt does not do (tokens, POST) is asked plainly."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import ccxt
import pytest

from keyguard_simulators import totp
from keyguard_simulators.accounts import Key
from keyguard_simulators.deribit.venue import Deribit
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.simulators.clients import Got, Sent, call, ccxt_client, send, tap

TRADER = "account:read trade:read_write wallet:read"
MANAGER = "account:read_write trade:read_write wallet:read"


class Desk:
    """An account with a manager key and a trading key."""

    def __init__(self, served: Running) -> None:
        venue = served.venues["deribit"]
        assert isinstance(venue, Deribit)
        self.venue, self.base = venue, served.urls["deribit"]
        self.account = venue.open_account("desk", "")
        self.manager = self.issue(MANAGER)
        self.trader = self.issue(TRADER)

    def issue(self, max_scope: str, ips: tuple[str, ...] = ()) -> Key:
        return self.venue.issue(KeyForm(self.account.id, max_scope, ips=ips))

    def ccxt(self, key: Key, secret: str = "") -> Any:
        return ccxt_client("deribit", self.base, key, secret)

    def get(self, method: str, token: str = "", scheme: str = "Bearer", **params: str) -> Got:
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in params.items())
        headers = {"Authorization": f"{scheme} {token}"} if token else {}
        return send(Sent("GET", f"{self.base}/api/v2/{method}?{query}", headers, b""))

    def post(self, method: str, token: str, **params: Any) -> Got:
        body = json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return send(Sent("POST", f"{self.base}/api/v2", headers, body))

    def auth(self, key: Key, secret: str = "", scope: str = "") -> Got:
        return self.get(
            "public/auth",
            grant_type="client_credentials",
            client_id=key.public_id,
            client_secret=secret or key.secret,
            scope=scope,
        )

    def token(self, key: Key, scope: str = "") -> str:
        return str(self.auth(key, scope=scope).json["result"]["access_token"])


@pytest.fixture
def desk(served: Running) -> Desk:
    return Desk(served)


def code_of(got: Got) -> tuple[int, int]:
    return got.status, got.json["error"]["code"]


def test_ccxt_reads_balances_and_places_an_order(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    assert client.fetch_balance()["BTC"]["total"] == 1.5
    assert client.fetch_balance({"code": "ETH"})["ETH"]["total"] == 20
    assert client.fetch_ticker("BTC/USD:BTC")["last"] == 91250.5
    assert client.fetch_positions() == []
    order = client.create_order("BTC/USD:BTC", "limit", "buy", 10, 50000)
    assert (order["status"], order["amount"]) == ("open", 10)
    assert client.fetch_time() == pytest.approx(desk.venue.state.clock.now_ms(), abs=5000)


def test_a_wrong_secret_is_refused(desk: Desk) -> None:
    with pytest.raises(ccxt.ExchangeError, match='"code":13009,"message":"unauthorized"'):
        desk.ccxt(desk.trader, "x" * 43).private_get_get_positions()


@pytest.mark.parametrize(("offset_ms", "accepted"), [(59_000, True), (-59_000, True), (62_000, False)])
def test_a_timestamp_is_good_for_a_minute(desk: Desk, offset_ms: int, accepted: bool) -> None:
    desk.venue.state.clock.offset_ms = offset_ms
    if accepted:
        assert desk.ccxt(desk.trader).private_get_get_positions()["result"] == []
        return
    with pytest.raises(ccxt.ExchangeError, match='"code":13009'):
        desk.ccxt(desk.trader).private_get_get_positions()


def test_a_reused_nonce_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_get_get_positions()
    assert code_of(send(sent[-1])) == (401, 13009)


def test_a_changed_query_is_refused(desk: Desk) -> None:
    client = desk.ccxt(desk.trader)
    sent = tap(client.session)
    client.private_get_get_account_summary({"currency": "BTC"})
    assert code_of(send(replace(sent[-1], url=sent[-1].url.replace("BTC", "ETH")))) == (401, 13009)


def test_a_foreign_address_is_refused(desk: Desk) -> None:
    key = desk.issue(TRADER, ips=("203.0.113.10",))
    with pytest.raises(ccxt.ExchangeError, match='"code":13009'):
        desk.ccxt(key).private_get_get_positions()
    assert code_of(desk.auth(key)) == (400, 13004)
    desk.venue.state.switches.egress = "203.0.113.10"
    assert desk.ccxt(key).private_get_get_positions()["result"] == []


def test_a_missing_scope_is_refused(desk: Desk) -> None:
    with pytest.raises(ccxt.ExchangeError, match='"code":13021,"message":"forbidden"'):
        desk.ccxt(desk.trader).private_get_create_api_key({"max_scope": "account:read"})
    watcher = desk.ccxt(desk.issue("account:read trade:read"))
    with pytest.raises(ccxt.ExchangeError, match='"code":13021'):
        watcher.private_get_buy({"instrument_name": "BTC-PERPETUAL", "amount": 10})


def test_no_authorization_and_an_unknown_method(desk: Desk) -> None:
    assert code_of(desk.get("private/get_positions")) == (400, 10000)
    assert code_of(desk.get("public/nothing")) == (400, -32601)
    assert code_of(desk.get("private/nothing", desk.token(desk.trader))) == (400, -32601)
    assert code_of(call(desk.base, "POST", "/api/v2", "text")) == (400, -32600)


def test_a_token_shows_the_effective_scope_and_can_only_be_narrower(desk: Desk) -> None:
    told = desk.auth(desk.trader).json["result"]
    assert told["scope"].split() == ["connection", "mainaccount", *TRADER.split()]
    narrow = desk.auth(desk.trader, scope="account:read_write trade:read expires:60").json["result"]
    assert narrow["scope"].split() == ["connection", "mainaccount", "account:read", "trade:read"]
    assert narrow["expires_in"] == 60
    token = narrow["access_token"]
    assert desk.post("private/get_positions", token).json["result"] == []
    assert code_of(desk.post("private/buy", token, instrument_name="BTC-PERPETUAL", amount=10)) == (
        403,
        13021,
    )
    desk.venue.state.clock.advance(61_000)
    assert code_of(desk.post("private/get_positions", token)) == (401, 13009)


def test_wrong_credentials_at_auth(desk: Desk) -> None:
    assert code_of(desk.auth(desk.trader, secret="x" * 43)) == (400, 13004)


def test_a_signed_grant_and_basic_are_accepted(desk: Desk) -> None:
    stamp = str(desk.venue.state.clock.now_ms())
    text = f"{stamp}\nn1\n".encode()
    fields = {"grant_type": "client_signature", "client_id": desk.trader.public_id, "timestamp": stamp}
    signature = hmac.new(desk.trader.secret.encode(), text, hashlib.sha256).hexdigest()
    good = fields | {"nonce": "n1", "data": "", "signature": signature}
    assert "access_token" in desk.get("public/auth", **good).json["result"]
    assert code_of(desk.get("public/auth", **good)) == (400, 13004)  # the nonce is spent
    assert code_of(desk.get("public/auth", **fields, nonce="n2", signature=signature)) == (400, 13004)
    basic = base64.b64encode(f"{desk.trader.public_id}:{desk.trader.secret}".encode()).decode()
    assert desk.get("private/get_positions", basic, "Basic").status == 200


def test_a_key_is_created_bound_switched_off_and_removed(desk: Desk) -> None:
    manager = desk.ccxt(desk.manager)
    made = manager.private_get_create_api_key({"max_scope": TRADER, "name": "kg_1"})["result"]
    assert len(made["client_id"]) == 8
    assert len(made["client_secret"]) == 43
    assert made["ip_whitelist"] == []
    key = desk.venue.state.book.keys[made["client_id"]]
    assert desk.ccxt(key).private_get_get_positions()["result"] == []

    token = desk.token(desk.manager)
    edited = desk.post(
        "private/edit_api_key", token, id=key.number, max_scope="account:read", ip_whitelist=["127.0.0.1"]
    ).json
    assert edited["id"] == 7
    assert edited["result"]["ip_whitelist"] == ["127.0.0.1"]
    assert edited["result"]["max_scope"] == (
        "account:read block_rfq:none block_trade:none custody:none trade:none wallet:none"
    )
    assert "client_secret" not in edited["result"]

    assert manager.private_get_disable_api_key({"id": key.number})["result"]["enabled"] is False
    assert code_of(desk.auth(key)) == (400, 13004)
    assert manager.private_get_enable_api_key({"id": key.number})["result"]["enabled"] is True
    assert (
        manager.private_get_change_api_key_name({"id": key.number, "name": "kg_2"})["result"]["name"]
        == "kg_2"
    )
    assert manager.private_get_remove_api_key({"id": key.number})["result"] == "ok"
    assert code_of(desk.auth(key)) == (400, 13004)
    listed = manager.private_get_list_api_keys()["result"]
    assert {one["client_id"] for one in listed} == {desk.manager.public_id, desk.trader.public_id}
    log = desk.post("private/get_access_log", token).json["result"]
    assert [line["log"] for line in log] == [
        "removed_api_key",
        "enabled_api_key",
        "disabled_api_key",
        "changed_whitelist",
        "changed_scope",
        "new_api_key",
    ]
    assert {line["data"] for line in log} == {key.public_id}


@pytest.mark.parametrize(
    ("query", "ips"),
    [
        ("ip_whitelist=127.0.0.1", ["127.0.0.1"]),
        ("ip_whitelist=127.0.0.1&ip_whitelist=127.0.0.2", ["127.0.0.1", "127.0.0.2"]),
        ("ip_whitelist=%5B%22127.0.0.1%22%5D&enabled=false", ["127.0.0.1"]),
        ("ip_whitelist=%5B%5D&enabled=true", []),
    ],
)
def test_an_edit_by_query(desk: Desk, query: str, ips: list[str]) -> None:
    headers = {"Authorization": f"Bearer {desk.token(desk.manager)}"}
    path = f"/api/v2/private/edit_api_key?id={desk.trader.number}&max_scope=trade%3Aread&{query}"
    told = send(Sent("GET", desk.base + path, headers, b"")).json["result"]
    assert (told["ip_whitelist"], told["enabled"]) == (ips, "false" not in query)


def test_a_reset_keeps_the_id_and_kills_the_old_secret_and_its_tokens(desk: Desk) -> None:
    old, token = desk.trader.secret, desk.token(desk.trader)
    fresh = desk.ccxt(desk.manager).private_get_reset_api_key({"id": desk.trader.number})["result"]
    assert fresh["client_id"] == desk.trader.public_id
    assert fresh["client_secret"] != old
    assert code_of(desk.auth(desk.trader, secret=old)) == (400, 13004)
    assert desk.auth(desk.trader, secret=fresh["client_secret"]).status == 200
    assert code_of(desk.post("private/get_positions", token)) == (401, 13009)


def test_whether_tokens_outlive_their_key_is_a_switch(desk: Desk) -> None:
    token = desk.token(desk.trader)
    desk.venue.state.switches.tokens_outlive_keys = True
    desk.ccxt(desk.manager).private_get_remove_api_key({"id": desk.trader.number})
    assert desk.post("private/get_positions", token).json["result"] == []
    desk.venue.state.switches.tokens_outlive_keys = False
    assert code_of(desk.post("private/get_positions", token)) == (401, 13009)


def test_logout_is_for_websockets(desk: Desk) -> None:
    token = desk.token(desk.trader)
    assert desk.get("private/logout", token, invalidate_token="true").status == 400
    assert desk.get("private/get_positions", token).status == 200


def test_nobody_manages_a_key_above_their_own_scope(desk: Desk) -> None:
    mighty = desk.issue("account:read_write wallet:read_write")
    token = desk.token(desk.manager)
    for got in (
        desk.post("private/create_api_key", token, max_scope="wallet:read_write"),
        desk.post("private/reset_api_key", token, id=mighty.number),
        desk.post("private/remove_api_key", token, id=mighty.number),
        desk.post("private/edit_api_key", token, id=desk.trader.number, max_scope="wallet:read_write"),
    ):
        assert code_of(got) == (400, 13403)
        assert got.json["error"]["message"] == "scope_exceeded"


def test_secrets_in_the_list_are_a_switch_and_stop_at_the_callers_scope(desk: Desk) -> None:
    token = desk.token(desk.trader)
    assert all("client_secret" not in one for one in desk.post("private/list_api_keys", token).json["result"])
    desk.venue.state.switches.list_shows_secrets = True
    listed = desk.post("private/list_api_keys", token).json["result"]
    shown = {one["client_id"] for one in listed if "client_secret" in one}
    assert shown == {desk.trader.public_id}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("create_api_key", {}),
        ("create_api_key", {"max_scope": "trade:all"}),
        ("create_api_key", {"max_scope": "trade:read", "name": "too long for a name"}),
        ("edit_api_key", {"id": 1}),
        ("edit_api_key", {"id": 1, "max_scope": "trade:read", "ip_whitelist": ["10.0.0.0/8"]}),
        ("edit_api_key", {"id": 1, "max_scope": "trade:read", "ip_whitelist": [7]}),
        ("edit_api_key", {"id": 1, "max_scope": "trade:read", "enabled": "maybe"}),
        ("edit_api_key", {"id": "x", "max_scope": "trade:read"}),
        ("remove_api_key", {}),
    ],
)
def test_bad_parameters_are_refused(desk: Desk, method: str, params: dict[str, Any]) -> None:
    if params.get("id") == 1:
        params = {**params, "id": desk.trader.number}
    got = desk.post(f"private/{method}", desk.token(desk.manager), **params)
    assert code_of(got) == (400, -32602)
    assert got.json["error"]["data"]["param"] in ("max_scope", "name", "id", "ip_whitelist", "enabled")


def test_at_most_eight_keys(desk: Desk) -> None:
    token = desk.token(desk.manager)
    got = [desk.post("private/create_api_key", token, max_scope="account:read") for _ in range(7)]
    assert [one.status for one in got] == [200] * 6 + [400]


class TestSecondFactor:
    """A challenge, then the same call with it and a code."""

    @pytest.fixture(autouse=True)
    def _on(self, desk: Desk) -> None:
        desk.account.second_factor = True

    def ask(self, desk: Desk, **params: Any) -> Got:
        return desk.post("private/list_api_keys", desk.token(desk.manager), **params)

    def challenge(self, desk: Desk) -> str:
        told = self.ask(desk).json["result"]
        assert told["security_key_authorization_required"] is True
        assert told["security_keys"] == [{"type": "tfa", "name": "tfa"}]
        return str(told["challenge"])

    def code(self, desk: Desk, later_ms: int = 0) -> str:
        return totp.code(desk.account.totp_secret, desk.venue.state.clock.now_ms() + later_ms)

    def reason(self, got: Got) -> str:
        assert code_of(got) == (400, 13668)
        return str(got.json["error"]["data"]["reason"])

    def test_the_right_code_opens(self, desk: Desk) -> None:
        got = self.ask(desk, challenge=self.challenge(desk), authorization_data=self.code(desk))
        assert len(got.json["result"]) == 2

    def test_a_code_serves_once(self, desk: Desk) -> None:
        code = self.code(desk)
        self.ask(desk, challenge=self.challenge(desk), authorization_data=code)
        again = self.ask(desk, challenge=self.challenge(desk), authorization_data=code)
        assert self.reason(again) == "used_tfa_code"

    def test_wrong_missing_and_late(self, desk: Desk) -> None:
        wrong = self.ask(desk, challenge=self.challenge(desk), authorization_data="x")
        assert self.reason(wrong) == "tfa_code_not_matched"
        assert self.reason(self.ask(desk, challenge=self.challenge(desk))) == "tfa_code_is_required"
        challenge = self.challenge(desk)
        desk.venue.state.clock.advance(60_001)
        late = self.ask(desk, challenge=challenge, authorization_data=self.code(desk))
        assert self.reason(late) == "challenge_timeout"

    def test_guessing_ends_in_a_wait(self, desk: Desk) -> None:
        for _ in range(5):
            self.ask(desk, challenge=self.challenge(desk), authorization_data="x")
        got = self.ask(desk)
        assert code_of(got) == (400, 12998)
        assert 0 < got.json["error"]["data"]["wait"] <= 60

    def test_methods_not_marked_go_through_unless_switched(self, desk: Desk) -> None:
        token = desk.token(desk.manager)
        assert (
            "client_secret" in desk.post("private/reset_api_key", token, id=desk.trader.number).json["result"]
        )
        desk.venue.state.switches.second_factor_everywhere = True
        got = desk.post("private/reset_api_key", token, id=desk.trader.number).json["result"]
        assert got["security_key_authorization_required"] is True
        assert "client_secret" not in got


def test_codes_are_those_of_rfc_6238() -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    known = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    assert {at: totp.code(secret, at * 1000) for at in known} == known


def test_credits_run_out_when_switched_on(desk: Desk) -> None:
    token = desk.token(desk.trader)
    desk.venue.state.clock.frozen_ms = desk.venue.state.clock.now_ms()
    desk.venue.state.switches.enforce_rate_limits = True
    got = [desk.get("private/get_positions", token) for _ in range(101)]
    assert {one.status for one in got[:100]} == {200}
    assert code_of(got[100]) == (429, 10028)
