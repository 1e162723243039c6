"""What other users, liars, floods and garbage get: refused or dropped, and nobody else notices."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from keyguard.rpc import messages, place
from tests.daemon.homes import TIME_LIMIT_S, DaemonHome, secret_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonHome]:
    """One daemon for everything that must not harm it."""
    home = DaemonHome(tmp_path_factory.mktemp("shared"))
    home.start()
    yield home
    home.end()


@pytest.fixture
def wire(shared: DaemonHome) -> Iterator[socket.socket]:
    with raw(shared) as sock:
        yield sock


@pytest.fixture
def anybodys() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own are closed."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@contextlib.contextmanager
def raw(home: DaemonHome) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(TIME_LIMIT_S)
        sock.connect(os.fspath(home.socket))
        yield sock


def answers(sock: socket.socket, line: bytes) -> dict[str, Any]:
    sock.sendall(line + b"\n")
    return one(sock)


def one(sock: socket.socket) -> dict[str, Any]:
    said = b""
    while not said.endswith(b"\n"):
        chunk = sock.recv(1)
        assert chunk, said
        said += chunk
    return dict(json.loads(said))


def dropped(sock: socket.socket) -> bool:
    """Whether it hangs up, whatever it says before."""
    with contextlib.suppress(ConnectionResetError):
        while sock.recv(65_536):
            pass
    return True


def served(home: DaemonHome) -> bool:
    """Whether everybody else is served as ever."""
    with home.client() as keys:
        return keys.get("bot0").secret.reveal() == secret_of(1)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"", messages.PARSE_ERROR),
        (b"GET / HTTP/1.1", messages.PARSE_ERROR),
        (b"\xff\xfe\x00", messages.PARSE_ERROR),
        (b"[" * 50_000, messages.PARSE_ERROR),
        (b'{"jsonrpc":"2.0","id":1,"method":"hello"', messages.PARSE_ERROR),
        (b"[]", messages.INVALID_REQUEST),
        (b'[{"jsonrpc":"2.0","id":1,"method":"hello"}]', messages.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","method":"hello"}', messages.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":true,"method":"hello"}', messages.INVALID_REQUEST),
        (b'{"jsonrpc":"1.0","id":1,"method":"hello"}', messages.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', messages.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":"hello","params":[1]}', messages.INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"hello","params":{"x":1}}', messages.INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"__class__"}', messages.UNKNOWN_METHOD),
        (b'{"jsonrpc":"2.0","id":1,"method":"handout.get"}', messages.INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"handout.get","params":{"key":7}}', messages.INVALID_PARAMS),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"handout.get","params":{"key":"bot0","lease_s":-1}}',
            messages.INVALID_PARAMS,
        ),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"handout.get","params":{"key":"bot0","lease_s":true}}',
            messages.INVALID_PARAMS,
        ),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"handout.get","params":{"key":"bot0","mode":"x"}}',
            messages.INVALID_PARAMS,
        ),
    ],
)
def test_what_is_no_request_is_answered_and_the_connection_goes_on(
    wire: socket.socket, line: bytes, number: int
) -> None:
    told = answers(wire, line)
    assert told["error"]["code"] == number
    assert answers(wire, b'{"jsonrpc":"2.0","id":"a","method":"hello"}')["result"]["name"] == "keyguard"


def test_who_it_is_cannot_be_said_by_the_client(shared: DaemonHome, wire: socket.socket) -> None:
    for claim in ({"pid": 1}, {"uid": 0}, {"user": "hana"}, {"process": "bot"}, {"executable": "/bin/bot"}):
        line = json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "handout.get", "params": {"key": "bot0", **claim}}
        )
        assert answers(wire, line.encode())["error"]["code"] == messages.INVALID_PARAMS
    assert "result" in answers(wire, b'{"jsonrpc":"2.0","id":2,"method":"hello"}')


def test_a_message_without_end_is_cut_off(shared: DaemonHome, wire: socket.socket) -> None:
    sent = 0
    chunk = b"x" * 65_536
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while sent < 1 << 30:
            sent += wire.send(chunk)
    assert sent < 8 << 20  # of a gigabyte; what the socket's buffers hold, and no more
    assert served(shared)


def test_a_long_message_that_ends_is_refused_too(shared: DaemonHome, wire: socket.socket) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        wire.sendall(b'{"jsonrpc":"2.0","id":1,"method":"hello","params":{"x":"' + b"x" * 70_000 + b'"}}\n')
    assert dropped(wire)
    assert served(shared)


def test_a_message_that_never_ends_is_waited_for_only_so_long(make: Callable[..., DaemonHome]) -> None:
    home = make(message_s=1)
    home.start()
    with raw(home) as half, raw(home) as idle:
        half.sendall(b'{"jsonrpc":"2.0",')
        assert dropped(half)
        # One that sends nothing at all has begun no message: it may stay.
        assert "result" in answers(idle, b'{"jsonrpc":"2.0","id":1,"method":"hello"}')
    assert served(home)


def test_who_does_not_read_is_dropped(make: Callable[..., DaemonHome]) -> None:
    home = make(message_s=1)
    home.start()
    with raw(home) as sock:
        line = b'{"jsonrpc":"2.0","id":1,"method":"hello"}\n' * 1000
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while True:  # until the daemon stops reading, and then hangs up
                sock.sendall(line)
    assert served(home)


def test_a_client_that_dies_with_a_request_under_way_leaves_no_lease(home: DaemonHome) -> None:
    line = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "handout.get", "params": {"key": "bot0", "fresh": True}}
    ).encode()
    for _ in range(20):
        with raw(home) as sock:
            sock.sendall(line + b"\n")
    assert served(home)
    with home.connection() as admin:
        while admin.call("status")["connections"] > 1:
            pass
        while home.running_leases() > 1 + admin.call("status")["hand_outs"]:
            pass
    assert home.verify() >= 1


def test_one_process_cannot_take_all_connections(shared: DaemonHome) -> None:
    code = (
        "import socket, sys\n"
        "socks = []\n"
        "for _ in range(10_000):\n"
        "    sock = socket.socket(socket.AF_UNIX); socks.append(sock)\n"
        "    sock.connect(sys.argv[1])\n"
        "    if len(socks) >= 500: socks[-500 if len(socks) % 2 else -1].close(); socks.pop()\n"
        "print('done', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, os.fspath(shared.socket)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as flood:
        assert flood.stdout is not None
        assert flood.stdout.readline() == b"done\n"
        assert served(shared)
        with shared.connection() as admin:
            assert admin.call("status")["connections"] <= 64 + 1
        flood.kill()


def test_the_connections_of_all_are_limited(make: Callable[..., DaemonHome]) -> None:
    home = make(connections=3)
    home.start()
    with raw(home) as first, raw(home), raw(home):
        assert "result" in answers(first, b'{"jsonrpc":"2.0","id":1,"method":"hello"}')
        with raw(home) as fourth:
            assert one(fourth)["error"]["data"]["code"] == "daemon.too_many"
            assert dropped(fourth)
        assert "result" in answers(first, b'{"jsonrpc":"2.0","id":2,"method":"hello"}')


def test_a_flood_of_requests_is_slowed_down_and_all_are_answered(make: Callable[..., DaemonHome]) -> None:
    home = make(requests_per_s=1000)
    home.start()
    with raw(home) as sock:
        sock.sendall(b'{"jsonrpc":"2.0","id":1,"method":"hello"}\n' * 300)
        assert served(home)
        assert all("result" in one(sock) for _ in range(300))


BECOME_NOBODY = "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
SAY_HELLO = (
    "import os, socket, sys\n"
    + BECOME_NOBODY
    + "sock = socket.socket(socket.AF_UNIX); sock.connect(sys.argv[1])\n"
    'sock.sendall(b\'{"jsonrpc":"2.0","id":1,"method":"hello"}\\n\')\n'
    "print(sock.recv(4096).decode())\n"
)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_refused(make: Callable[..., DaemonHome], anybodys: Path) -> None:
    home = make()
    home.start(XDG_RUNTIME_DIR=os.fspath(anybodys))
    words = [sys.executable, "-c", SAY_HELLO, os.fspath(home.socket)]
    closed = subprocess.run(words, capture_output=True, text=True, check=False, timeout=TIME_LIMIT_S)
    assert "PermissionError" in closed.stderr  # the folder lets nobody in
    for path in (home.socket, *home.socket.parents[:3]):
        path.chmod(0o777)  # and if somebody opened it, the daemon still looks who it is
    refused = subprocess.run(words, capture_output=True, text=True, check=False, timeout=TIME_LIMIT_S)
    assert json.loads(refused.stdout)["error"]["data"]["code"] == "daemon.other_user", refused
    assert served(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_in_system_mode_others_are_told_apart_and_get_nothing_without_a_grant(
    make: Callable[..., DaemonHome], anybodys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make(group="nogroup")
    path = anybodys / "given.sock"
    with socket.socket(socket.AF_UNIX) as given:
        given.bind(os.fspath(path))
        given.listen()
        anybodys.chmod(0o755)
        path.chmod(0o666)
        home.start_on(given)
        code = (
            "import os, sys; from keyguard.rpc.client import Connection; from pathlib import Path\n"
            "from keyguard.core.errors import KeyguardError\n"
            + BECOME_NOBODY
            + "c = Connection(Path(sys.argv[1]))\n"
            "for method, params in [('handout.get', {'key': 'bot0'}), ('handout.watch', {'key': 'bot0'}),\n"
            "                       ('status', {}), ('store.lock', {}), ('shutdown', {})]:\n"
            "    try: print(c.call(method, **params))\n"
            "    except KeyguardError as error: print(error.code)\n"
            "print(c.call('key.list'))\n"
        )
        trader = subprocess.run(
            [sys.executable, "-c", code, os.fspath(path)],
            env=home.environment(),
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_S,
            check=False,
        )
        assert trader.stdout.splitlines() == [
            *("rights.no_grant", "rights.no_grant"),
            *("daemon.not_allowed", "daemon.not_allowed", "daemon.not_allowed"),
            "{'keys': []}",
        ], trader
        (denied,) = home.records("handout.denied")
        assert denied["body"]["reason"] == "rights.no_grant"
        monkeypatch.setenv(place.SOCKET_VARIABLE, os.fspath(path))
        assert served(home)  # to its own user it gives


def test_a_connection_ends_with_the_process_that_made_it(shared: DaemonHome) -> None:
    """Handed on to another process it is of no use: the daemon knows it by who connected."""
    code = (
        "import os, socket, sys\n"
        "sock = socket.socket(socket.AF_UNIX); sock.connect(sys.argv[1])\n"
        'sock.sendall(b\'{"jsonrpc":"2.0","id":1,"method":"hello"}\\n\'); sock.recv(4096)\n'
        "socket.send_fds(socket.socket(fileno=int(sys.argv[2])), [b'x'], [sock.fileno()])\n"
    )
    ours, theirs = socket.socketpair()
    with ours, theirs:
        subprocess.run(
            [sys.executable, "-c", code, os.fspath(shared.socket), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            check=True,
            timeout=TIME_LIMIT_S,
        )
        _, handles, _, _ = socket.recv_fds(ours, 1, 1)
        with socket.socket(fileno=handles[0]) as inherited:
            inherited.settimeout(TIME_LIMIT_S)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                inherited.sendall(
                    b'{"jsonrpc":"2.0","id":2,"method":"handout.get","params":{"key":"bot0"}}\n'
                )
                assert b"credential" not in inherited.recv(4096)


WITHOUT_POWERS = (
    "import ctypes, os, sys\n"
    "ctypes.CDLL(None).prctl(28, 1, 0, 0, 0)\n"  # PR_SET_SECUREBITS, SECBIT_NOROOT
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)
LOOK = (
    "import sys\n"
    "for name in ('environ', 'maps', 'mem'):\n"
    "    try: open(f'/proc/{sys.argv[1]}/{name}', 'rb').close(); print(name, 'open')\n"
    "    except PermissionError: print(name, 'closed')\n"
)


def without_powers(*words: str) -> list[str]:
    """The command, which root too runs without what lets it look into everything."""
    return [sys.executable, "-c", WITHOUT_POWERS, *words]


def looked_into(pid: int) -> list[str]:
    """What another process of the same user can open of this one."""
    look = without_powers(sys.executable, "-c", LOOK, str(pid))
    done = subprocess.run(look, capture_output=True, text=True, check=True, timeout=TIME_LIMIT_S)
    return [line.split()[0] for line in done.stdout.splitlines() if line.endswith("open")]


def test_the_daemon_cannot_be_looked_into(make: Callable[..., DaemonHome]) -> None:
    """No core dumps, and not dumpable: memory and environment are closed to other processes of its user."""
    ordinary = without_powers(sys.executable, "-c", "print('here', flush=True); input()")
    with subprocess.Popen(ordinary, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        assert looked_into(process.pid)  # what is looked for can be seen
        process.kill()
    home = make()
    home.before = without_powers()
    pid = home.start().pid
    assert looked_into(pid) == []
    (core,) = [x for x in Path(f"/proc/{pid}/limits").read_text().splitlines() if x.startswith("Max core")]
    assert core.split()[4:6] == ["0", "0"]
    assert "Umask:\t0077" in Path(f"/proc/{pid}/status").read_text()
