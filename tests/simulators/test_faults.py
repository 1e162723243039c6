"""Things made to go wrong: what the client sees, and what happened at the venue."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from keyguard_simulators import totp
from keyguard_simulators.faults import FaultKind, FaultRule
from keyguard_simulators.serve import Running
from tests.simulators.clients import Sent, call, send, tap
from tests.simulators.test_bybit import TRADER
from tests.simulators.test_bybit import Desk as BybitDesk
from tests.simulators.test_deribit import Desk as DeribitDesk
from tests.simulators.test_deribit import code_of
from tests.simulators.test_upbit import Desk as UpbitDesk

CREATE = "/v5/user/create-sub-api"


@pytest.fixture
def desk(served: Running) -> BybitDesk:
    return BybitDesk(served)


def create(desk: BybitDesk) -> Any:
    form = {"subuid": int(desk.sub.id), "note": "new", "readOnly": 0, "permissions": TRADER}
    return desk.pybit(desk.manager).create_sub_api_key(**form)


def labels(desk: BybitDesk) -> list[str]:
    return [key.label for key in desk.venue.state.book.listed(desk.sub.id)]


def strike(desk: BybitDesk, kind: FaultKind, **rule: Any) -> None:
    desk.venue.state.faults.add(FaultRule(kind, CREATE, **rule))


@pytest.mark.parametrize(
    ("kind", "done"), [(FaultKind.TIMEOUT_BEFORE, []), (FaultKind.TIMEOUT_AFTER, ["new"])]
)
def test_the_connection_closes_without_a_reply(desk: BybitDesk, kind: FaultKind, done: list[str]) -> None:
    strike(desk, kind)
    with pytest.raises(requests.exceptions.ConnectionError, match="without response"):
        create(desk)
    assert labels(desk) == ["", *done]
    assert desk.venue.state.seen[-1].fault == kind.value
    create(desk)
    assert labels(desk) == ["", *done, "new"]


def test_a_client_that_gives_up_first_is_let_go(desk: BybitDesk) -> None:
    strike(desk, FaultKind.TIMEOUT_AFTER, hold_ms=60_000)
    manager = desk.pybit(desk.manager)
    manager.timeout = 0.2
    begun = time.monotonic()
    with pytest.raises(requests.exceptions.ReadTimeout):
        manager.create_sub_api_key(subuid=int(desk.sub.id), note="new", readOnly=0, permissions=TRADER)
    assert time.monotonic() - begun < 30
    assert labels(desk) == ["", "new"]


@pytest.mark.parametrize(("kind", "done"), [(FaultKind.ERROR_BEFORE, []), (FaultKind.ERROR_AFTER, ["new"])])
def test_a_server_error_before_and_after(desk: BybitDesk, kind: FaultKind, done: list[str]) -> None:
    strike(desk, kind, status=503)
    sent = tap((manager := desk.pybit(desk.manager)).client)
    with pytest.raises(Exception, match="503"):
        manager.create_sub_api_key(subuid=int(desk.sub.id), note="new", readOnly=0, permissions=TRADER)
    assert len(sent) == 1
    assert labels(desk) == ["", *done]


def test_a_reply_cut_in_half_after_the_effect(desk: BybitDesk) -> None:
    strike(desk, FaultKind.MALFORMED)
    with pytest.raises(Exception, match="decode json"):
        create(desk)
    assert labels(desk) == ["", "new"]


def test_a_redirect_goes_nowhere(desk: BybitDesk) -> None:
    desk.venue.state.faults.add(
        FaultRule(FaultKind.REDIRECT, "/v5/market/time", location="http://127.0.0.1:1/elsewhere")
    )
    got = call(desk.base, "GET", "/v5/market/time")
    assert (got.status, got.headers["location"]) == (302, "http://127.0.0.1:1/elsewhere")


def test_a_wrong_clock_is_wrong_for_one_call(desk: BybitDesk) -> None:
    desk.venue.state.faults.add(FaultRule(FaultKind.WRONG_CLOCK, "/v5/user/query-api", offset_ms=60_000))
    bot = desk.pybit(desk.trader)
    bot.retry_codes = {-1}
    with pytest.raises(Exception, match="ErrCode: 10002"):
        bot.get_api_key_information()
    assert bot.get_api_key_information()["retCode"] == 0


def test_a_rule_skips_repeats_and_ends(desk: BybitDesk) -> None:
    desk.venue.state.faults.add(
        FaultRule(FaultKind.ERROR_BEFORE, "/v5/market/time", skip=1, times=2, status=500)
    )
    got = [call(desk.base, "GET", "/v5/market/time").status for _ in range(4)]
    assert got == [200, 500, 500, 200]
    desk.venue.state.faults.add(FaultRule(FaultKind.ERROR_BEFORE, times=0, status=500))
    assert [call(desk.base, "GET", "/v5/market/time").status for _ in range(3)] == [500] * 3


def test_rate_limits_in_each_venues_words(served: Running) -> None:
    said = {}
    paths = {"bybit": "/v5/market/time", "upbit": "/v1/market/all", "deribit": "/api/v2/public/test"}
    for name, path in paths.items():
        faults = served.venues[name].state.faults
        faults.add(FaultRule(FaultKind.RATE_LIMITED))
        faults.add(FaultRule(FaultKind.BLOCKED))
        said[name] = [call(served.urls[name], "GET", path) for _ in range(2)]
    assert [got.status for got in said["bybit"]] == [200, 403]
    assert said["bybit"][0].json["retCode"] == 10006
    assert "x-bapi-limit-reset-timestamp" in said["bybit"][0].headers
    assert [got.status for got in said["upbit"]] == [429, 418]
    assert said["upbit"][0].headers["remaining-req"] == "group=default; min=1800; sec=0"
    assert [code_of(got) for got in said["deribit"]] == [(429, 10028), (400, 12003)]


def test_a_code_can_be_demanded_once(served: Running) -> None:
    desk = DeribitDesk(served)
    token = desk.token(desk.manager)
    method = "private/reset_api_key"
    desk.venue.state.faults.add(FaultRule(FaultKind.SECOND_FACTOR, method))
    told = desk.post(method, token, id=desk.trader.number).json["result"]
    code = totp.code(desk.account.totp_secret, desk.venue.state.clock.now_ms())
    done = desk.post(
        method, token, id=desk.trader.number, challenge=told["challenge"], authorization_data=code
    )
    assert "client_secret" in done.json["result"]
    assert "client_secret" in desk.post(method, token, id=desk.trader.number).json["result"]


def test_changes_take_their_time_when_switched(served: Running) -> None:
    desk = UpbitDesk(served)
    state = desk.venue.state
    state.clock.frozen_ms = state.clock.now_ms()
    state.switches.new_key_delay_ms = 1500
    state.switches.dead_key_delay_ms = 800
    fresh = desk.issue(desk.sub.id, ["view_account"])
    assert desk.get(fresh, "/v1/accounts").json["error"]["name"] == "invalid_access_key"
    state.clock.advance(1500)
    assert desk.get(fresh, "/v1/accounts").status == 200
    state.delete(fresh, state.clock.now_ms())
    assert desk.get(fresh, "/v1/accounts").status == 200
    listed = desk.get(desk.trader, "/v1/api_keys").json
    assert [one["access_key"] for one in listed] == [desk.trader.public_id]
    state.clock.advance(800)
    assert desk.get(fresh, "/v1/accounts").json["error"]["name"] == "invalid_access_key"


def test_the_log_of_requests_holds_no_secret(served: Running) -> None:
    desk = DeribitDesk(served)
    token = desk.token(desk.trader)
    desk.get("private/get_positions", token)
    desk.auth(desk.trader, secret="x" * 43)
    seen = desk.venue.state.seen
    assert [(one.operation, one.key, one.code) for one in seen] == [
        ("public/auth", desk.trader.public_id, ""),
        ("private/get_positions", desk.trader.public_id, ""),
        ("public/auth", desk.trader.public_id, "13004"),
    ]
    for secret in (desk.trader.secret, token, "x" * 43):
        assert secret not in repr(seen) + repr(desk.venue.state) + repr(desk.venue.gate)


def test_a_head_request_and_a_strange_path_do_no_harm(served: Running) -> None:
    for name, base in served.urls.items():
        # 500 is what some venues answer with to everything they refuse; 502 would be ours, broken.
        assert send(Sent("HEAD", f"{base}/", {}, b"")).status <= 500, name
        assert call(base, "POST", "/%00?%ff", "x").json, name
