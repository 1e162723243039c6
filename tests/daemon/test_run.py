"""`keyguard run` and `doctor` where a daemon runs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.keys import Environment
from tests.daemon.homes import TIME_LIMIT_S, DaemonHome, secret_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keyguard.ports.inventory import Lease

RELOAD = """
import os, signal, sys
def show():
    print(open(os.environ["BYBIT_API_KEY_FILE"]).read(), flush=True)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
show()
signal.sigwait({signal.SIGHUP})
show()
sys.stdin.readline()
"""
SHOW = "import os, sys; print(os.environ['BYBIT_API_KEY'], flush=True); sys.stdin.readline()"
memory = pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no file system in memory")


def test_the_command_gets_its_key_from_the_daemon_without_a_passphrase(home: DaemonHome) -> None:
    code = "import os; print(os.environ['BYBIT_API_KEY'], len(os.environ['BYBIT_API_SECRET']))"
    done = home.keyguard("run", "bot0", "--purpose", "quote", "--", sys.executable, "-c", code)
    assert done.stdout == f"FAKEidk0v1 {len(secret_of(1))}\n", done.stderr
    (record,) = home.records("handout")
    assert (record["body"]["mode"], record["body"]["purpose"]) == ("env", "quote")
    assert home.running_leases() == 0


def test_its_lease_is_the_commands_own_and_survives_ours(home: DaemonHome) -> None:
    words = home.command("run", "bot0", "--no-mask", "--", "sh", "-c", "echo $$; read line")
    with subprocess.Popen(
        words, env=home.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        pid = int(run.stdout.readline())
        while [lease.pid for lease in leases(home)] != [pid]:
            pass
        run.kill()  # the command goes on, and so does its lease
        run.wait()
        assert [lease.pid for lease in leases(home)] == [pid]
        assert run.stdin is not None
        run.stdin.close()
    while leases(home):
        pass


def test_the_exit_status_is_the_commands_also_of_one_that_ends_at_once(home: DaemonHome) -> None:
    for _ in range(3):
        assert home.keyguard("run", "bot0", "--", "sh", "-c", "exit 9").returncode == 9
    assert leases(home) == ()


@pytest.mark.parametrize(
    "words", [(), ("--test",), ("--give", "file"), ("--give", "fd"), ("--on-rotate", "restart")], ids=" ".join
)
def test_a_locked_daemon_is_not_gone_around(home: DaemonHome, words: tuple[str, ...]) -> None:
    with home.connection() as admin:
        admin.call("store.lock")
    done = home.keyguard("run", "bot0", *words, "--passphrase-file", str(home.passphrase_file), "--", "true")
    assert done.returncode == 3
    assert "keyguard store unlock" in done.stderr
    assert home.records("handout") == []


def test_a_test_gets_no_live_key_from_it_either(home: DaemonHome) -> None:
    for words, more in ((("--test",), {}), ((), {"KEYGUARD_ENVIRONMENT": "test"})):
        done = home.keyguard("run", "bot0", *words, "--", "true", **more)
        assert (done.returncode, "a test never gets a live key" in done.stderr) == (2, True), done
    assert [r["body"]["reason"] for r in home.records("handout.denied")] == ["rights.test_process"] * 2
    assert home.records("handout") == []


def test_nor_does_a_bot_in_the_environment_of_a_test(
    home: DaemonHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    with home.client() as keys:
        keys.get("bot0")
        monkeypatch.setenv("KEYGUARD_ENVIRONMENT", "test")
        with pytest.raises(UsageError) as refused:  # also inside the lease of one that was no test
            keys.get("bot0")
    assert refused.value.code == "rights.test_process"


def test_what_a_test_starts_is_a_test(make: Callable[..., DaemonHome]) -> None:
    home = make()
    with home.opened() as ports:
        key = ports.inventory.find_key("k1")
        ports.inventory.update_key(replace(key, environment=Environment.TEST))
    home.start()
    done = home.keyguard("run", "bot1", "--test", "--", "sh", "-c", "echo $KEYGUARD_ENVIRONMENT")
    assert done.stdout == "test\n", done


@memory
@pytest.mark.parametrize("way", ["file", "fd"])
def test_it_gives_for_files_too(home: DaemonHome, way: str) -> None:
    code = "import os; print(open(os.environ['BYBIT_API_KEY_FILE']).read(), 'BYBIT_API_SECRET' in os.environ)"
    done = home.keyguard("run", "bot0", "--give", way, "--", sys.executable, "-c", code)
    assert done.stdout == "FAKEidk0v1 False\n", done.stderr
    assert [record["body"]["mode"] for record in home.records("handout")] == ["file"]
    assert leases(home) == ()


@memory
@pytest.mark.parametrize("restarted", [False, True], ids=["running", "started again meanwhile"])
def test_on_rotation_the_file_is_replaced_and_the_process_told(home: DaemonHome, restarted: bool) -> None:
    with following(home, "--give", "file", "--on-rotate", "signal:HUP", code=RELOAD) as (run, told):
        assert told() == "FAKEidk0v1"
        if restarted:
            home.end()
            home.start()
        home.rotate()
        assert told() == "FAKEidk0v2"
        assert "k0v2" in [lease.version_id for lease in leases(home)]
    assert run.returncode == 0
    assert leases(home) == ()


def test_on_rotation_the_command_is_started_again(home: DaemonHome) -> None:
    with following(home, "--on-rotate", "restart", code=SHOW) as (run, told):
        assert told() == "FAKEidk0v1"
        home.rotate()
        assert told() == "FAKEidk0v2"
        assert [lease.version_id for lease in leases(home)] == ["k0v2"]
    assert run.returncode == 0
    assert leases(home) == ()


def test_two_names_of_one_key_are_one_hand_out(home: DaemonHome) -> None:
    settings = home.folder / "settings.env"
    settings.write_text("MINE=keyguard://bybit/mm/bot0#key\n")
    done = home.keyguard("run", "bot0", "--env-file", str(settings), "--", "sh", "-c", "echo $MINE")
    assert done.stdout == "FAKEidk0v1\n", done.stderr
    assert len(home.records("handout")) == 1


def test_doctor_has_a_line_for_it(make: Callable[..., DaemonHome]) -> None:
    home = make()
    assert daemon_line(home)["seen"].startswith("does not run")
    home.start()
    assert daemon_line(home) == {"name": "daemon", "right": True, "seen": "runs, store open", "fix": ""}


@contextlib.contextmanager
def following(
    home: DaemonHome, *words: str, code: str
) -> Iterator[tuple[subprocess.Popen[str], Callable[[], str]]]:
    """A command under `run`, which is told at the end of the block that it may go."""
    with subprocess.Popen(
        home.command("run", "bot0", *words, "--", sys.executable, "-c", code),
        env=home.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        stdout = run.stdout
        yield run, lambda: stdout.readline().strip()
        run.communicate("go\n", timeout=TIME_LIMIT_S)


def daemon_line(home: DaemonHome) -> dict[str, object]:
    done = home.keyguard("doctor", "--json", "--passphrase-file", str(home.passphrase_file))
    (line,) = [line for line in json.loads(done.stdout) if line["name"] == "daemon"]
    return dict(line)


def leases(home: DaemonHome) -> tuple[Lease, ...]:
    with home.opened() as ports:
        return ports.inventory.running_leases()
