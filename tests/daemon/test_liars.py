"""Clients that claim to be somebody else, say again what another said, or come in thousands."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.daemon.homes import TIME_LIMIT_S
from tests.daemon.test_hostile import answers, one, raw, served

if TYPE_CHECKING:
    from typing import Any

    from tests.daemon.homes import DaemonHome

GET = b'{"jsonrpc":"2.0","id":1,"method":"handout.get","params":{"key":"bot0","fresh":true}}'
NAMED = """
import ctypes, socket, sys
ctypes.CDLL(None).prctl(15, b"trusted-bot", 0, 0, 0)  # PR_SET_NAME
sock = socket.socket(socket.AF_UNIX); sock.connect(sys.argv[1])
sock.sendall(sys.argv[2].encode() + b"\\n")
assert b"credential" in sock.recv(65536)
"""


def private(home: DaemonHome) -> list[dict[str, Any]]:
    """What the log knows of the processes, which no venue gets."""
    with closing(sqlite3.connect(home.home.database_file)) as database:
        rows = database.execute("SELECT private FROM audit_private ORDER BY number").fetchall()
    return [dict(json.loads(row[0])) for row in rows]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can send credentials that are not its own")
def test_credentials_sent_along_are_not_looked_at(home: DaemonHome) -> None:
    """The kernel lets root claim any process in a message; the daemon asks who connected instead."""
    claim = struct.pack("3i", 1, 65534, 65534)
    with raw(home) as sock:
        try:
            sock.sendmsg([GET + b"\n"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, claim)])
        except PermissionError:
            pytest.skip("this root may not send credentials that are not its own")
        assert "result" in one(sock)
    (seen,) = private(home)
    assert seen["pid"] == os.getpid()


def test_what_a_process_calls_itself_is_not_who_it_is(home: DaemonHome) -> None:
    words = ["trusted-bot", "-c", NAMED, os.fspath(home.socket), GET.decode()]
    subprocess.run(words, executable=sys.executable, check=True, timeout=TIME_LIMIT_S)
    (record,) = home.records("handout")
    assert record["body"]["process"] == Path(sys.executable).resolve().name
    (seen,) = private(home)
    assert seen["executable"] == os.fspath(Path(sys.executable).resolve())


def test_said_again_by_another_process_it_is_that_ones_own_request(home: DaemonHome) -> None:
    """There is no token to be stolen: the same bytes are a hand-out of their own, to who sent them."""
    with raw(home) as sock:
        lease = answers(sock, GET)["result"]["lease"]
        code = NAMED.replace('b"trusted-bot"', 'b"replayed"')
        done = subprocess.run(
            [sys.executable, "-c", code, os.fspath(home.socket), GET.decode()],
            check=True,
            timeout=TIME_LIMIT_S,
        )
        assert done.returncode == 0
        first, second = private(home)
        assert first["pid"] == os.getpid() != second["pid"]
        with home.opened() as ports:
            assert lease in {row.id for row in ports.inventory.running_leases() if row.pid == os.getpid()}


def test_half_a_message_and_then_the_end_is_no_request(home: DaemonHome) -> None:
    for half in (GET[:40], GET, b"{", b'{"jsonrpc":"2.0"'):
        with raw(home) as sock:
            sock.sendall(half)
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(65_536) == b""
    assert home.records("handout") == []
    assert served(home)


FLOOD = """
import resource, socket, sys
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2048) if hard > 0 else 2048, hard))
socks, refused = [], 0
for _ in range(int(sys.argv[2])):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(sys.argv[1])
    socks.append(sock)
for sock in socks:
    try:
        sock.sendall(b'{"jsonrpc":"2.0","id":1,"method":"hello"}\\n')
        refused += b'"result"' not in sock.recv(65536)
    except OSError:
        refused += 1
print(refused, flush=True)
sys.stdin.read()
"""
PROCESSES, EACH = 10, 1000


def test_ten_thousand_connections_held_at_once(home: DaemonHome) -> None:
    """Of each process those within its limit are served and all others refused; nobody else notices."""
    words = [sys.executable, "-S", "-c", FLOOD, os.fspath(home.socket), str(EACH)]
    with raw(home) as before:
        crowd = [
            subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(PROCESSES)
        ]
        try:
            refused = [int(one.stdout.readline()) for one in crowd if one.stdout]
            assert refused == [EACH - 64] * PROCESSES
            assert "result" in answers(before, b'{"jsonrpc":"2.0","id":1,"method":"hello"}')
            with home.connection() as admin:
                assert admin.call("status")["connections"] == PROCESSES * 64 + 2
            assert served(home)
        finally:
            for process in crowd:
                process.kill()
                process.communicate()
    assert served(home)
