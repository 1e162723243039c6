"""`keyguard log export` to a file, to the machine's socket and to a TLS collector."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.gateway.syslog import collector
from tests.cli.desk import bybit_keys, desk
from tests.unit.gateway.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.desk import Desk


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("export")) as opened:
        opened.init()
        bot, _ = bybit_keys(opened.venues.venues["bybit"])
        opened.add("bybit/mm/bot", bot)
        yield opened


def test_lines_of_json_and_going_on_where_the_last_run_ended(ready: Desk) -> None:
    first = [
        json.loads(line) for line in ready.keyguard("log", "export", "--resume", "sent").out.splitlines()
    ]
    assert [line["number"] for line in first] == list(range(len(first)))
    assert first[0]["record"]["type"] == "log.genesis"
    assert ready.keyguard("log", "export", "--resume", "sent").out == ""
    ready.keyguard("run", "bybit/mm/bot", "--", "true")
    (more,) = ready.keyguard("log", "export", "--resume", "sent").out.splitlines()
    assert json.loads(more)["record"]["type"] == "handout"


def test_a_resume_file_with_something_else_in_it(ready: Desk) -> None:
    (ready.work / "notes").write_text("buy milk")
    assert "no record's number" in ready.keyguard("log", "export", "--resume", "notes", expect=2).errors[0]
    assert (ready.work / "notes").read_text() == "buy milk"


def test_to_the_machines_own_socket(ready: Desk, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(tmp_path / "log"))
        done = ready.keyguard("log", "export", "--format", "rfc5424", "--to", f"unix:{tmp_path}/log")
        assert b"log.genesis" in log.recv(65536)
    assert "records sent" in done.err


def test_over_tls_with_octets_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    context = authority.server()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.roots))
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            connection, _ = server.accept()
            with context.wrap_socket(connection, server_side=True) as secure:
                while data := secure.recv(4096):
                    got.append(data)

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        with collector(f"tls://127.0.0.1:{server.getsockname()[1]}") as send:
            send("<109>1 one")
            send("<109>1 zwei ü")
        taking.join(30)
    assert b"".join(got) == "10 <109>1 one14 <109>1 zwei ü".encode()


@pytest.mark.parametrize("where", ["tcp://siem.example:514", "udp://x", "siem.example", "tls://", "unix:log"])
def test_nothing_goes_over_a_network_in_the_clear(where: str) -> None:
    with pytest.raises(UsageError), collector(where):
        pass


def test_a_collector_with_a_certificate_nobody_signed(tmp_path: Path) -> None:
    context = Authority(tmp_path).server()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                context.wrap_socket(connection, server_side=True)

        threading.Thread(target=take, daemon=True).start()
        with pytest.raises(StoreError), collector(f"tls://127.0.0.1:{server.getsockname()[1]}"):
            pass


def test_a_collector_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught, collector(f"unix:{tmp_path}/none"):
        pass
    assert caught.value.code == "siem.unreachable"
