"""The gateway as workflows see it."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
import respx

from keyguard.core.errors import BadReply, OutcomeUnknown, Refused, Unreachable, UsageError
from keyguard.core.exchange import Effect, Fault, NonceKind, Request
from keyguard.core.steps import drive
from keyguard.gateway.venues import HttpGateway
from tests.fakes.clock import FakeClock
from tests.unit.gateway.server import Server, free_port, hold, reply, says
from tests.unit.gateway.venue import BASE, MARK, WHO, Counters, adapter, refusal, whoami

NOW = 1_795_165_200_000  # FakeClock's beginning, in unix ms
READ = Request("GET", "/x", query={"a": "b c"})
CREATE = Request("POST", "/keys", effect=Effect.KEY_CREATED)
DELETE = Request("POST", "/keys", effect=Effect.KEY_DELETED)
TRAPS = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def venue():
    with respx.mock(base_url=BASE) as router:
        yield router


def stamps(route: respx.Route) -> list[str]:
    return [call.request.headers["x-stamp"] for call in route.calls]


def test_a_signed_request_goes_to_the_pinned_host(venue, open_gateway):
    route = venue.get("/x").respond(json={"a": 1})
    assert open_gateway(adapter()).send("fakex", READ, WHO).json == {"a": 1}
    assert str(route.calls[0].request.url) == f"{BASE}/x?a=b+c"
    assert stamps(route) == [f"{NOW}  api.fakex.test"]


def test_a_public_request_leaves_unsigned_even_when_a_credential_is_at_hand(venue, open_gateway):
    route = venue.get("/x").respond(json={})
    gateway = open_gateway(adapter())
    for who in (None, WHO):
        gateway.send("fakex", Request("GET", "/x", query={"a": "b c"}, signed=False), who)
    for call in route.calls:
        assert call.request.url.raw_path == b"/x?a=b%20c"
        assert not [name for name in call.request.headers if name.startswith("x-")]


def test_a_request_to_be_signed_needs_a_credential(venue, open_gateway):
    with pytest.raises(UsageError) as caught:
        open_gateway(adapter()).send("fakex", READ, None)
    assert caught.value.code == "credential.missing"


def test_an_unknown_venue_is_named(open_gateway):
    gateway = open_gateway(adapter())
    with pytest.raises(UsageError) as caught:
        gateway.send("fakey", READ, WHO)
    assert caught.value.code == "venue.unknown"
    assert "fakex" in caught.value.hint


def test_an_adapter_without_https_is_not_spoken_to(open_gateway):
    with Server() as server:
        gateway = open_gateway(adapter(server.http))
        with pytest.raises(UsageError) as caught:
            gateway.send("fakex", READ, WHO)
    assert caught.value.code == "venue.base"
    assert server.connections == 0


def test_the_host_a_home_chose_is_spoken_to_and_no_other(open_gateway):
    with Server(says(b"this is no TLS"), reads=False) as server:
        both = adapter(f"https://127.0.0.1:{free_port()}")
        both = replace(both, facts=replace(both.facts, other_bases=(server.https,)))
        with pytest.raises(Unreachable):  # it is no TLS server; what counts is who was called
            open_gateway(both, hosts={"fakex": server.https}).send("fakex", READ, WHO)
        assert server.connections
        with pytest.raises(UsageError) as caught:
            open_gateway(both, hosts={"fakex": "https://127.0.0.1:1"})
        assert caught.value.code == "venue.host"
        with pytest.raises(UsageError) as caught:
            open_gateway(both, hosts={"fakey": server.https})
        assert caught.value.code == "venue.unknown"


# Simulators


def test_a_simulator_stands_in_and_the_stamp_names_its_host(open_gateway):
    with Server(says(reply({"a": 1}))) as server:
        gateway = open_gateway(adapter(), simulators={"fakex": server.http})
        assert gateway.send("fakex", READ, WHO).json == {"a": 1}
    assert gateway.simulated("fakex")
    assert not gateway.simulated("bybit")
    assert f"x-stamp: {NOW}  127.0.0.1:{server.port}".encode() in server.requests[0]


def test_a_simulator_is_spoken_to_directly_even_with_a_proxy(open_gateway):
    with Server() as proxy, Server() as server:
        gateway = open_gateway(adapter(), simulators={"fakex": server.http}, proxy=proxy.http)
        gateway.send("fakex", READ, WHO)
    assert proxy.connections == 0


@pytest.mark.parametrize(
    ("simulators", "code"),
    [
        ({"fakex": "http://192.0.2.1:80"}, "venue.simulator"),
        ({"fakexx": "http://127.0.0.1:80"}, "venue.unknown"),
    ],
)
def test_a_wrong_simulator_is_refused_before_anything_is_sent(open_gateway, simulators, code):
    with pytest.raises(UsageError) as caught:
        open_gateway(adapter(), simulators=simulators)
    assert caught.value.code == code


def test_no_proxy_of_the_environment_is_used(open_gateway, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login FAKEuser password FAKEpassword\n")
    with Server() as trap, Server() as server:
        for name in TRAPS:
            monkeypatch.setenv(name, trap.http)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        open_gateway(adapter(), simulators={"fakex": server.http}).send("fakex", READ, WHO)
        with pytest.raises(Unreachable):
            open_gateway(adapter(f"https://127.0.0.1:{free_port()}")).send("fakex", READ, WHO)
    assert trap.connections == 0
    assert b"authorization" not in server.requests[0].lower()


# Refusals and failures


def test_a_refusal_is_raised_with_fault_and_code(venue, open_gateway):
    venue.get("/x").respond(401, json=refusal(Fault.KEY_UNKNOWN, "10003"))
    with pytest.raises(Refused, match=r"^Fakex refused: key unknown \(10003\)$") as caught:
        open_gateway(adapter()).send("fakex", READ, WHO)
    assert caught.value.fault is Fault.KEY_UNKNOWN
    assert len(venue.calls) == 1


BEFORE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
AFTER = (
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.LocalProtocolError,
)


@pytest.mark.parametrize("failure", [*BEFORE, *AFTER])
@pytest.mark.parametrize("effect", Effect)
def test_every_failure_of_the_client_has_its_outcome(venue, open_gateway, clock, failure, effect):
    venue.post("/keys").mock(side_effect=failure(f"text with {MARK}"))
    unknown = effect is not Effect.NONE and failure in AFTER
    with pytest.raises(OutcomeUnknown if unknown else Unreachable):
        open_gateway(adapter()).send("fakex", Request("POST", "/keys", effect=effect), WHO)
    assert len(venue.calls) == (3 if effect is Effect.NONE else 1)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (says(b""), OutcomeUnknown),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), OutcomeUnknown),
        (hold, OutcomeUnknown),
        (says(reply(status="307 Temporary Redirect", Location="http://127.0.0.1/")), OutcomeUnknown),
        (says(reply(b"x" * 3_000_000)), OutcomeUnknown),
        (says(reply(b"<html>", "502 Bad Gateway")), OutcomeUnknown),
        (says(reply(b"<html>")), OutcomeUnknown),
        (says(reply(refusal(Fault.LIMIT), "400 Bad Request")), Refused),
        (says(reply({}, "429 Too Many", Retry_After="1")), Refused),
    ],
    ids=["closed", "cut", "silent", "redirect", "oversized", "502", "not json", "refused", "rate"],
)
def test_a_request_with_an_effect_leaves_once(open_gateway, clock, answer, error):
    before = clock.now()
    with Server(answer) as server:
        gateway = open_gateway(adapter(), simulators={"fakex": server.http})
        with pytest.raises(error):
            gateway.send("fakex", DELETE, WHO)
    assert len(server.requests) == 1
    assert clock.now() == before


def test_a_request_with_an_effect_that_found_nobody_changed_nothing(open_gateway):
    gateway = open_gateway(adapter(), simulators={"fakex": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(Unreachable) as caught:
        gateway.send("fakex", CREATE, WHO)
    assert caught.value.still == "nothing was sent"


@pytest.mark.parametrize(
    "answer",
    [reply(status="302 Found", Location="https://evil.test/"), reply(b"x" * 3_000_000), reply(b"<html>")],
)
def test_a_question_answered_out_of_bounds_is_a_bad_reply_at_once(open_gateway, answer):
    with Server(says(answer)) as server:
        gateway = open_gateway(adapter(), simulators={"fakex": server.http})
        with pytest.raises(BadReply):
            gateway.send("fakex", READ, WHO)
    assert len(server.requests) == 1


# Trying again


def test_a_question_is_asked_again_until_it_is_answered(open_gateway, clock):
    with Server(says(b""), says(reply(b"", "503 Busy")), says(reply({"a": 1}))) as server:
        gateway = open_gateway(adapter(), simulators={"fakex": server.http})
        assert gateway.send("fakex", READ, WHO).json == {"a": 1}
    assert len(server.requests) == 3
    waited = (clock.now() - FakeClock().now()).total_seconds()
    assert 1.5 <= waited < 3.0


def test_a_question_is_asked_three_times_at_most(venue, open_gateway):
    route = venue.get("/x").respond(503)
    with pytest.raises(Refused) as caught:
        open_gateway(adapter()).send("fakex", READ, WHO)
    assert caught.value.fault is Fault.BUSY
    assert route.call_count == 3


def test_every_try_is_signed_anew(venue, open_gateway):
    route = venue.get("/x").respond(503)
    gateway = open_gateway(adapter(nonce=NonceKind.COUNTER))
    with pytest.raises(Refused):
        gateway.send("fakex", READ, WHO)
    moments, nonces, _ = zip(*(s.split() for s in stamps(route)), strict=True)
    assert sorted(set(moments)) == list(moments)
    assert sorted(set(nonces), key=int) == list(nonces)


def test_a_rate_limit_is_waited_out_as_long_as_the_venue_says(venue, open_gateway, clock):
    venue.get("/x").side_effect = [
        httpx.Response(429, headers={"Retry-After": "4"}),
        httpx.Response(200, json=refusal(Fault.RATE, "10006"), headers={"Retry-After": "6"}),
        httpx.Response(200, json={"a": 1}),
    ]
    assert open_gateway(adapter()).send("fakex", READ, WHO).json == {"a": 1}
    assert (clock.now() - FakeClock().now()).total_seconds() == 10


def test_a_rate_limit_longer_than_our_patience_is_not_waited_for(venue, open_gateway, clock):
    route = venue.get("/x").respond(429, headers={"Retry-After": "600"})
    with pytest.raises(Refused) as caught:
        open_gateway(adapter()).send("fakex", READ, WHO)
    assert caught.value.fault is Fault.RATE
    assert route.call_count == 1
    assert clock.now() == FakeClock().now()


def test_a_spent_budget_is_waited_for_before_the_next_request(venue, open_gateway, clock):
    reset = {"X-Bapi-Limit-Status": "0", "X-Bapi-Limit-Reset-Timestamp": str(NOW + 800)}
    route = venue.post("/keys").respond(json={}, headers=reset)
    gateway = open_gateway(adapter())
    gateway.send("fakex", CREATE, WHO)
    gateway.send("fakex", CREATE, WHO)
    assert stamps(route) == [f"{NOW}  api.fakex.test", f"{NOW + 800}  api.fakex.test"]


# The venue's clock


def test_the_venues_clock_is_measured_once_and_used_in_the_stamp(venue, open_gateway, clock):
    time = venue.get("/time").respond(json={"ms": NOW + 7000})
    route = venue.get("/x").respond(json={})
    gateway = open_gateway(adapter(timed=True))
    assert gateway.clock_offset_ms("fakex") is None
    gateway.send("fakex", READ, WHO)
    gateway.send("fakex", READ, WHO)
    assert gateway.clock_offset_ms("fakex") == 7000
    assert stamps(route) == [f"{NOW + 7000}  api.fakex.test"] * 2
    assert time.call_count == 1
    clock.sleep(601)
    gateway.send("fakex", READ, WHO)
    assert time.call_count == 2


def test_the_venues_clock_is_compared_with_the_middle_of_the_round_trip(open_gateway):
    clock = FakeClock()

    def slow(connection):
        clock.sleep(4)
        connection.sendall(reply({"ms": NOW + 3000}))

    with Server(slow, says(reply())) as server:
        gateway = open_gateway(adapter(timed=True), clock=clock, simulators={"fakex": server.http})
        gateway.send("fakex", READ, WHO)
    assert gateway.clock_offset_ms("fakex") == 1000


def test_no_time_is_asked_for_where_none_is_needed(venue, open_gateway):
    venue.get("/x").respond(json={})
    gateway = open_gateway(adapter(timed=True))
    gateway.send("fakex", Request("GET", "/x", signed=False), None)
    gateway = open_gateway(adapter())
    gateway.send("fakex", READ, WHO)
    assert {call.request.url.path for call in venue.calls} == {"/x"}


def test_without_the_venues_time_ours_is_used(venue, open_gateway, clock):
    time = venue.get("/time").respond(500)
    route = venue.get("/x").respond(json={})
    gateway = open_gateway(adapter(timed=True))
    gateway.send("fakex", READ, WHO)
    gateway.send("fakex", READ, WHO)
    assert stamps(route)[0] == f"{NOW}  api.fakex.test"
    assert gateway.clock_offset_ms("fakex") is None
    assert time.call_count == 1  # not before every request
    clock.sleep(61)
    gateway.send("fakex", READ, WHO)
    assert time.call_count == 2


def test_a_venue_with_timestamps_but_without_a_time_call_gets_our_time(venue, open_gateway):
    route = venue.get("/x").respond(json=refusal(Fault.CLOCK))
    with pytest.raises(Refused):
        open_gateway(adapter(timed=True, clock=None)).send("fakex", READ, WHO)
    assert stamps(route) == [f"{NOW}  api.fakex.test"]


@pytest.mark.parametrize("request_", [READ, CREATE], ids=["question", "effect"])
def test_a_clock_refusal_is_measured_and_sent_once_more(venue, open_gateway, request_):
    time = venue.get("/time")
    time.side_effect = [httpx.Response(200, json={"ms": NOW}), httpx.Response(200, json={"ms": NOW + 9000})]
    route = venue.route(path=request_.path)
    route.side_effect = [httpx.Response(200, json=refusal(Fault.CLOCK)), httpx.Response(200, json={"a": 1})]
    gateway = open_gateway(adapter(timed=True))
    assert gateway.send("fakex", request_, WHO).json == {"a": 1}
    assert stamps(route) == [f"{NOW}  api.fakex.test", f"{NOW + 9000}  api.fakex.test"]


def test_a_second_clock_refusal_is_final(venue, open_gateway):
    venue.get("/time").respond(json={"ms": NOW})
    route = venue.get("/x").respond(json=refusal(Fault.CLOCK))
    with pytest.raises(Refused) as caught:
        open_gateway(adapter(timed=True)).send("fakex", READ, WHO)
    assert caught.value.fault is Fault.CLOCK
    assert route.call_count == 2


def test_a_server_error_that_speaks_of_clocks_does_not_repeat_an_effect(venue, open_gateway):
    venue.get("/time").respond(json={"ms": NOW})
    route = venue.post("/keys").respond(500, json=refusal(Fault.CLOCK))
    with pytest.raises(OutcomeUnknown):
        open_gateway(adapter(timed=True)).send("fakex", CREATE, WHO)
    assert route.call_count == 1


def test_nonces_grow_over_gateways_of_the_same_home(venue, open_gateway, clock, counters: Counters):
    route = venue.get("/x").respond(json={})
    for _ in range(2):
        gateway = open_gateway(adapter(nonce=NonceKind.COUNTER))
        for _ in range(2):
            gateway.send("fakex", READ, WHO)
    nonces = [int(s.split()[1]) for s in stamps(route)]
    assert nonces == [NOW, NOW + 1, NOW + 2, NOW + 3]


def test_an_operation_is_driven_through_the_gateway(venue, open_gateway):
    venue.get("/me").respond(json={})
    gateway: HttpGateway = open_gateway(adapter())
    report = drive(whoami("FAKEkey"), lambda request: gateway.send("fakex", request, WHO))
    assert report.public_id == "FAKEkey"


DATED = {"Date": "Fri, 20 Nov 2026 09:10:00 GMT"}  # ten minutes after FakeClock's beginning


@pytest.mark.parametrize("fault", [Fault.CLOCK, Fault.NONCE, Fault.AMBIGUOUS])
def test_a_venue_without_a_time_call_is_believed_the_date_of_its_refusal(venue, open_gateway, fault):
    route = venue.post("/keys")
    route.side_effect = [
        httpx.Response(200, json=refusal(fault), headers=DATED),
        httpx.Response(200, json={"a": 1}),
    ]
    assert open_gateway(adapter()).send("fakex", CREATE, WHO).json == {"a": 1}
    assert stamps(route) == [f"{NOW}  api.fakex.test", f"{NOW + 600_500}  api.fakex.test"]


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        (DATED, Fault.SIGNATURE),
        ({}, Fault.CLOCK),
        ({"Date": "yesterday"}, Fault.CLOCK),
        ({"Date": "Fri, 20 Nov 2026 09:10:00 -0000"}, Fault.CLOCK),
        ({"Date": "Fri, 20 Nov 2026 09:00:01 GMT"}, Fault.CLOCK),
    ],
)
def test_a_date_that_tells_nothing_new_repeats_nothing(venue, open_gateway, headers, fault):
    route = venue.post("/keys").respond(json=refusal(fault), headers=headers)
    with pytest.raises(Refused):
        open_gateway(adapter()).send("fakex", CREATE, WHO)
    assert route.call_count == 1
