"""The way out against a real server on loopback that misbehaves in every way we know."""

from __future__ import annotations

import gzip
import logging
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from keyguard import __version__
from keyguard.core.errors import UsageError
from keyguard.core.exchange import Wire
from keyguard.gateway.http import MAX_BODY, HttpTransport, TimeOuts
from keyguard.gateway.origins import Origin
from keyguard.gateway.outcomes import Answer, Loss
from tests.fakes.clock import FakeClock
from tests.unit.gateway.server import QUICK, Server, drip, free_port, hold, reply, says

GET = Wire("GET", "/x", {})


def post(port: int, wire: Wire = GET, timeouts: TimeOuts = QUICK) -> Answer | Loss:
    transport = HttpTransport(FakeClock(), timeouts=timeouts)
    try:
        return transport.post(Origin("http", "127.0.0.1", port, simulated=True), wire)
    finally:
        transport.close()


def test_the_exact_bytes_arrive_and_the_reply_comes_back():
    wire = Wire(
        "POST", "/v1/x?b=1&a[]=%5b&a[]=x|y&e=%2F", {"X-Key": "k", "Content-Type": "text/x"}, b"\x00body"
    )
    with Server(says(reply({"a": 1}, "201 Created", X_Two="b", Set_Cookie="id=1"))) as server:
        answer = post(server.port, wire)
    assert isinstance(answer, Answer)
    assert answer.reply.status == 201
    assert answer.reply.json == {"a": 1}
    assert answer.reply.headers == {"content-length": "8", "x-two": "b"}  # lower case, and no cookie
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.decode().split("\r\n") == [
        "POST /v1/x?b=1&a[]=%5b&a[]=x|y&e=%2F HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"user-agent: keyguard/{__version__}",
        "accept: application/json",
        "accept-encoding: identity",
        "connection: close",
        "x-key: k",
        "content-type: text/x",
        "Content-Length: 5",
    ]
    assert body == b"\x00body"


def test_no_cookie_is_sent_back():
    transport = HttpTransport(FakeClock())
    with Server(says(reply(Set_Cookie="session=1; Path=/"))) as server:
        for _ in range(2):
            transport.post(Origin("http", "127.0.0.1", server.port), GET)
    transport.close()
    assert len(server.requests) == 2
    assert b"cookie" not in server.requests[1].lower()


def test_every_request_has_a_connection_of_its_own():
    transport = HttpTransport(FakeClock())
    with Server(says(reply(Connection="keep-alive"))) as server:
        for _ in range(3):
            transport.post(Origin("http", "127.0.0.1", server.port), GET)
    transport.close()
    assert server.connections == 3


def test_a_path_that_would_be_rewritten_does_not_leave():
    with Server() as server, pytest.raises(UsageError, match="as it was signed"):
        post(server.port, Wire("GET", "/a/../b", {}))
    assert server.requests == []


def test_a_wire_for_another_host_does_not_leave():
    with Server() as server, pytest.raises(UsageError):
        post(server.port, Wire("GET", "//127.0.0.2/x", {}))
    assert server.connections == 0


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "304 Same", "307 Temporary", "308 P"]
)
def test_a_redirect_is_not_followed(status):
    with Server() as elsewhere, Server(says(reply(status=status, Location=elsewhere.http))) as server:
        assert post(server.port) is Loss.REDIRECTED
    assert elsewhere.connections == 0


def test_a_body_up_to_the_limit_is_read():
    with Server(says(reply(b"x" * MAX_BODY))) as server:
        answer = post(server.port, timeouts=TimeOuts())
    assert isinstance(answer, Answer)
    assert len(answer.reply.body) == MAX_BODY


@pytest.mark.parametrize(
    "data",
    [
        reply(b"x" * (MAX_BODY + 1)),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_BODY + 1),  # no length told
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"ffff\r\n%b\r\n" % (b"x" * 0xFFFF) * 33,
    ],
)
def test_a_longer_body_is_left(data):
    with Server(says(data)) as server:
        assert post(server.port, timeouts=TimeOuts()) is Loss.OVERSIZED


def test_a_compressed_answer_is_not_unpacked():
    bomb = gzip.compress(b"\x00" * 10_000_000)
    assert len(bomb) < 20_000
    with Server(says(reply(bomb, Content_Encoding="gzip"))) as server:
        assert post(server.port) is Loss.ENCODED


def test_a_server_that_does_not_answer_is_silent():
    with Server(hold) as server:
        assert post(server.port) is Loss.SILENT
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "beginning",
    [b"HTTP/1.1 200 OK\r\nX-Endless: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"],
    ids=["headers", "body"],
)
def test_a_server_that_answers_byte_by_byte_is_cut_off_at_the_deadline(beginning):
    with Server(drip(beginning)) as server:
        assert post(server.port, timeouts=TimeOuts(read=60, total=0.3)) is Loss.SILENT


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000,
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
    ],
    ids=[
        "nothing",
        "head",
        "body",
        "chunk",
        "other protocol",
        "two lengths",
        "endless header",
        "protocol switch",
    ],
)
def test_a_broken_answer_is_none(data):
    with Server(says(data)) as server:
        assert post(server.port) is Loss.CUT_OFF


def test_nobody_listening_is_unconnected():
    assert post(free_port()) is Loss.UNCONNECTED


def test_a_name_that_does_not_resolve_is_unconnected(monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert HttpTransport(FakeClock()).post(Origin("http", "api.fakex.test", 80), GET) is Loss.UNCONNECTED


def test_one_transport_serves_several_threads():
    transport = HttpTransport(FakeClock(), timeouts=TimeOuts())

    with Server() as server, ThreadPoolExecutor(8) as threads:
        origin = Origin("http", "127.0.0.1", server.port)
        answers = list(threads.map(lambda n: transport.post(origin, Wire("GET", f"/{n}", {})), range(40)))
    transport.close()
    assert all(isinstance(a, Answer) and a.reply.status == 200 for a in answers)
    assert sorted(server.heads) == sorted(f"GET /{n} HTTP/1.1" for n in range(40))


def test_a_deadline_that_passes_before_sending_sends_nothing(monkeypatch):
    from keyguard.gateway import watch

    real = watch.Watch._hold

    def slow(self, connection):
        self._timer.join()  # the deadline passes while the connection is made
        real(self, connection)

    monkeypatch.setattr(watch.Watch, "_hold", slow)
    with Server() as server:
        assert post(server.port, timeouts=TimeOuts(total=0.05)) is Loss.UNCONNECTED
    assert server.requests == []


def test_an_answer_tells_when_it_was_asked_for_and_when_it_came():
    clock = FakeClock()

    def answer(connection):
        clock.sleep(3)
        connection.sendall(reply())

    transport = HttpTransport(clock)
    with Server(answer) as server:
        got = transport.post(Origin("http", "127.0.0.1", server.port), GET)
    transport.close()
    assert isinstance(got, Answer)
    assert (got.received - got.sent).total_seconds() == 3


@pytest.mark.parametrize(
    "proxy", ["localhost:3128", "socks5://127.0.0.1:1", "http:///x", "http://h:x", "ftp://h"]
)
def test_a_proxy_that_is_none_is_refused_without_showing_it(proxy):
    with pytest.raises(UsageError) as caught:
        HttpTransport(FakeClock(), proxy)
    assert caught.value.code == "proxy.invalid"
    assert proxy not in f"{caught.value!r}{vars(caught.value)}"


def test_the_http_library_logs_nothing(caplog):
    caplog.set_level(logging.DEBUG)
    with Server() as server:
        post(server.port, Wire("GET", "/x?signature=FAKEsig", {"X-Key": "FAKEkey"}))
    assert [r for r in caplog.records if r.name.startswith("http")] == []
