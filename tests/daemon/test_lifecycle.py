"""Start, stop, one a home, killed and started again, handed a socket by a service manager."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keyguard import __version__
from keyguard.core.errors import DaemonError
from keyguard.ports.inventory import Lease
from keyguard.rpc import place
from keyguard.rpc.client import Connection
from tests.daemon.homes import PASSPHRASE, TIME_LIMIT_S, DaemonHome

if TYPE_CHECKING:
    from collections.abc import Callable


def test_commands_start_ask_and_stop_it(make: Callable[..., DaemonHome]) -> None:
    home = make()
    words = ("--passphrase-file", str(home.passphrase_file))
    refused = home.keyguard("daemon", "status")
    assert refused.returncode == 7
    assert "is not running" in refused.stderr
    assert "keyguard daemon start" in refused.stderr
    try:
        started = home.keyguard("daemon", "start", "--json", *words)
        assert json.loads(started.stdout) == {
            "started": True,
            "version": __version__,
            "store": {"kind": "encrypted_file", "locked": False, "auto_lock_s": 0},
        }
        assert "runs already" in home.keyguard("daemon", "start", *words).stderr
        status = json.loads(home.keyguard("daemon", "status", "--json").stdout)
        assert status["version"] == __version__
        assert status["venues"] == [{"venue": "bybit", "clock_offset_ms": None}]
        assert status["connections"] == 1
        assert {job["name"] for job in status["jobs"]} >= {"end leases"}
        assert "mode, pid" in home.keyguard("daemon", "status").stdout
    finally:
        stopped = home.keyguard("daemon", "stop")
    assert "has ended" in stopped.stderr
    assert "no daemon was running" in home.keyguard("daemon", "stop").stderr
    assert not place.note_file(home.home.path).exists()
    assert not list((home.home.path / "run").iterdir())


def test_it_starts_locked_without_a_passphrase_and_is_unlocked(make: Callable[..., DaemonHome]) -> None:
    home = make()
    home.start(locked=True)
    assert home.keyguard("store", "unlock").returncode == 3  # nobody to ask
    assert home.keyguard("store", "unlock", "--passphrase-file", str(home.passphrase_file)).returncode == 0
    with home.client() as keys:
        assert keys.get("bot0").new
    assert home.keyguard("store", "lock").returncode == 0
    with home.connection() as admin:
        assert admin.call("store.status")["locked"]


def test_a_home_has_one_daemon(home: DaemonHome) -> None:
    second = home.keyguard("daemon", "run")
    assert second.returncode == 7
    assert "runs already" in second.stderr
    with home.client() as keys:  # the first is unharmed: its socket and its note are still there
        assert keys.get("bot0").new


def test_files_are_for_their_owner_only(home: DaemonHome) -> None:
    for path in (home.socket, place.note_file(home.home.path), home.home.daemon_log, home.home.daemon_lock):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(home.socket.parent.stat().st_mode) == 0o700


def test_what_a_killed_daemon_leaves_blocks_nothing(make: Callable[..., DaemonHome]) -> None:
    home = make()
    first = home.start()
    with home.client() as keys:
        kept = keys.get("bot0")
    first.kill()
    first.wait(TIME_LIMIT_S)
    assert home.socket.is_socket()  # left behind
    with pytest.raises(DaemonError) as refused:
        home.client()
    assert refused.value.code == "daemon.not_running"
    home.start()
    with home.client() as keys:
        # This process still has the key: its lease was taken up again, and can be ended.
        assert home.running_leases() == 1
        keys.end(kept)
        assert home.running_leases() == 0
    home.verify()


def test_leases_of_processes_that_ended_meanwhile_are_ended_at_the_next_start(
    make: Callable[..., DaemonHome],
) -> None:
    home = make()
    first = home.start()
    code = "from keyguard.client import Client; Client().get('bot0'); input()"
    with subprocess.Popen(
        [sys.executable, "-P", "-c", code], env=home.environment(), stdin=subprocess.PIPE
    ) as bot:
        while home.running_leases() == 0:
            pass
        first.kill()
        first.wait(TIME_LIMIT_S)
        bot.kill()
    assert home.running_leases() == 1
    home.start()
    assert home.running_leases() == 0


def test_the_log_tells_when_a_daemon_began_and_ended(make: Callable[..., DaemonHome]) -> None:
    home = make()
    killed = home.start()
    with home.client() as keys:
        keys.get("bot0")
    killed.kill()
    killed.wait(TIME_LIMIT_S)
    home.start(locked=True)
    assert len(home.records("agent.start")) == 1
    with home.connection() as admin:
        admin.call("store.unlock", passphrase=PASSPHRASE)
        admin.call("store.lock")  # who began tells of the end, also locked
    home.end()
    starts, stops = home.records("agent.start"), home.records("agent.stop")
    assert [record["body"]["tool_version"] for record in starts + stops] == [__version__] * 3
    assert len({record["body"]["host"] for record in starts + stops}) == 1
    assert starts[0]["t"] < home.records("handout")[0]["t"] < starts[1]["t"] < stops[0]["t"]
    home.verify()


def test_leases_of_another_host_are_that_hosts_to_end(make: Callable[..., DaemonHome]) -> None:
    home = make()
    nobody = Lease("here", "k0v1", 999_999_999, "1", "bot", datetime(2026, 1, 1, tzinfo=UTC))
    with home.opened() as ports:
        ports.inventory.add_lease(nobody)
        ports.inventory.add_lease(replace(nobody, id="own", host=socket.gethostname()))
        ports.inventory.add_lease(replace(nobody, id="elsewhere", host="elsewhere.test"))
    home.start()
    with home.client() as keys:
        given = keys.get("bot0")
    with home.opened() as ports:
        left = {lease.id: lease.host for lease in ports.inventory.running_leases()}
    assert left == {"elsewhere": "elsewhere.test", given.lease: socket.gethostname()}


def test_a_clean_stop_answers_what_is_under_way(home: DaemonHome) -> None:
    with home.connection() as connection:
        assert connection.call("handout.get", key="bot0", fresh=True)["new"]
        home.processes[0].send_signal(signal.SIGTERM)
        assert home.processes[0].wait(TIME_LIMIT_S) == 0
        with pytest.raises(DaemonError) as gone:
            connection.call("hello")
        assert gone.value.code == "daemon.gone"
    assert home.running_leases() == 1  # this process has the key still


def test_a_client_of_another_version_stops_at_hello(
    home: DaemonHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyguard.rpc.client.__version__", "9.9.9")
    with pytest.raises(DaemonError) as refused:
        home.client()
    assert (refused.value.code, refused.value.exit_status) == ("daemon.version", 7)
    assert __version__ in refused.value.message
    with Connection(home.socket, any_version=True) as connection:  # `daemon stop` can still end it
        assert connection.version == __version__


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    home = DaemonHome(folder)
    try:
        home.start()
        assert len(str(home.socket)) > 108
        with home.client() as keys:
            assert keys.get("bot0").new
    finally:
        home.end()


def test_the_runtime_folder_is_used_where_it_is_ours_alone(make: Callable[..., DaemonHome]) -> None:
    home = make()
    runtime = home.folder / "runtime"
    runtime.mkdir(mode=0o700)
    home.start(XDG_RUNTIME_DIR=str(runtime))
    assert home.socket == runtime / "keyguard" / ("0f" * 16) / "daemon.sock"
    with home.client() as keys:  # found by the note: this process has another environment
        assert keys.get("bot0").new
    runtime.chmod(0o755)
    other = make()
    other.start(XDG_RUNTIME_DIR=str(runtime))
    assert other.socket == other.home.path / "run" / "daemon.sock"


def test_a_socket_from_systemd_is_taken_and_readiness_told(make: Callable[..., DaemonHome]) -> None:
    home = make()
    path, notify = home.folder / "given.sock", home.folder / "notify.sock"
    with socket.socket(socket.AF_UNIX) as given, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        given.bind(os.fspath(path))
        given.listen()
        told.bind(os.fspath(notify))
        told.settimeout(TIME_LIMIT_S)
        process = home.start_on(given, NOTIFY_SOCKET=str(notify))
        with Connection(path) as connection:
            assert connection.call("handout.get", key="bot0")["new"]
        assert told.recv(4096).startswith(b"READY=1\n")
        assert place.find(home.home.path) == path
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIME_LIMIT_S) == 0
        assert b"STOPPING=1" in told.recv(4096)
        assert path.is_socket()  # systemd's, which listens on


def test_a_start_that_fails_says_why(make: Callable[..., DaemonHome]) -> None:
    home = make(no_such_setting=1)
    refused = home.keyguard("daemon", "start")
    assert refused.returncode == 7
    assert "no_such_setting" in refused.stderr
    home.home.config_file.unlink()
    assert home.keyguard("daemon", "start").returncode == 2


def test_the_log_holds_no_secret(home: DaemonHome) -> None:
    with home.client() as keys, contextlib.suppress(DaemonError):
        secret = keys.get("bot0").secret.reveal()
        keys.get("bot1")
    with home.connection() as admin:
        admin.call("store.lock")
        admin.call("store.unlock", passphrase=PASSPHRASE)
    home.end()
    for path in home.home.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert secret.encode() not in content, path
            assert PASSPHRASE.encode() not in content, path
    assert "unlocked" in home.home.daemon_log.read_text()
