"""Whom we trust, and that the environment has no say in it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

import pytest

from keyguard.core.exchange import Wire
from keyguard.gateway.http import HttpTransport
from keyguard.gateway.origins import pinned
from keyguard.gateway.outcomes import Answer, Loss
from keyguard.gateway.tls import client_context
from tests.fakes.clock import FakeClock
from tests.unit.gateway.certificates import Authority
from tests.unit.gateway.server import Server, hold, reply, says

GET = Wire("GET", "/x", {"X-Key": "FAKEkey"})


def post(base: str, proxy: str = "") -> Answer | Loss:
    transport = HttpTransport(FakeClock(), proxy)
    try:
        return transport.post(pinned(base), GET)
    finally:
        transport.close()


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trusted(authority, monkeypatch) -> Authority:
    """The authority as if it were among certifi's roots."""
    monkeypatch.setattr("certifi.where", lambda: str(authority.roots))
    return authority


def test_the_context_checks_certificate_and_name_and_leaves_no_keys(monkeypatch, tmp_path):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    context = client_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.keylog_filename is None


def test_a_venue_with_a_trusted_certificate_is_spoken_to(trusted):
    with Server(tls=trusted.server()) as server:
        answer = post(server.https)
    assert isinstance(answer, Answer)
    assert server.heads == ["GET /x HTTP/1.1"]


def test_the_environment_cannot_have_session_keys_written(trusted, monkeypatch, tmp_path):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    with Server(tls=trusted.server()) as server:
        assert isinstance(post(server.https), Answer)
    assert not (tmp_path / "keys").exists()


def test_a_certificate_of_an_unknown_authority_is_refused(authority):
    with Server(tls=authority.server()) as server:
        assert post(server.https) is Loss.UNTRUSTED
    assert server.requests == []


def test_the_environment_cannot_add_an_authority(authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.roots))
    monkeypatch.setenv("SSL_CERT_DIR", str(authority.roots.parent))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.roots))
    with Server(tls=authority.server()) as server:
        assert post(server.https) is Loss.UNTRUSTED
    assert server.requests == []


def test_a_certificate_for_another_host_is_refused(trusted):
    with Server(tls=trusted.server(address="127.0.0.2")) as server:
        assert post(server.https) is Loss.UNTRUSTED


def test_an_expired_certificate_is_refused(trusted):
    with Server(tls=trusted.server(days=-1)) as server:
        assert post(server.https) is Loss.UNTRUSTED


def test_a_server_without_tls_is_not_spoken_to_in_the_clear(trusted):
    got = []

    def answer(connection):
        connection.sendall(reply())
        got.append(connection.recv(65536))

    with Server(answer, reads=False) as server:
        assert post(server.https) is Loss.UNTRUSTED
    assert len(got) == 1
    assert b"FAKEkey" not in got[0]


def test_a_silent_venue_over_tls_is_cut_off_at_the_deadline(trusted):
    from keyguard.gateway.http import TimeOuts

    with Server(hold, tls=trusted.server()) as server:
        transport = HttpTransport(FakeClock(), timeouts=TimeOuts(read=60, total=0.5))
        assert transport.post(pinned(server.https), GET) is Loss.SILENT
        transport.close()


def tunnel(connection: socket.socket, port: int) -> None:
    """Do what a proxy does after CONNECT: pass the bytes on, both ways."""
    with socket.create_connection(("127.0.0.1", port)) as venue:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

        def back() -> None:
            with contextlib.suppress(OSError):  # the client is gone
                while data := venue.recv(65536):
                    connection.sendall(data)

        thread = threading.Thread(target=back)
        thread.start()
        with contextlib.suppress(OSError):  # either side may just close
            while data := connection.recv(65536):
                venue.sendall(data)
            venue.shutdown(socket.SHUT_WR)
        thread.join()  # before `venue` is closed under it


def test_a_configured_proxy_sees_the_host_and_nothing_else(trusted):
    with (
        Server(says(reply({"a": 1})), tls=trusted.server()) as venue,
        Server(lambda connection: tunnel(connection, venue.port)) as proxy,
    ):
        answer = post(venue.https, proxy.http)
    assert isinstance(answer, Answer)
    assert answer.reply.json == {"a": 1}
    assert proxy.heads == [f"CONNECT 127.0.0.1:{venue.port} HTTP/1.1"]
    assert b"FAKEkey" not in proxy.requests[0]
    assert venue.heads == ["GET /x HTTP/1.1"]


def test_a_proxy_cannot_put_itself_in_the_middle(authority):
    with (
        Server(tls=authority.server()) as middle,
        Server(lambda connection: tunnel(connection, middle.port)) as proxy,
    ):
        assert post(middle.https, proxy.http) is Loss.UNTRUSTED
    assert middle.requests == []


def test_a_proxy_that_refuses_is_named():
    with Server(says(reply(status="407 Proxy Authentication Required"))) as proxy:
        assert post("https://127.0.0.1:1", proxy.http) is Loss.PROXY
