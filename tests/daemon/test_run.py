"""`keyguard run` and `doctor` where a daemon runs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.daemon.homes import DaemonHome, secret_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyguard.ports.inventory import Lease


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


def test_a_locked_daemon_is_not_gone_around(home: DaemonHome) -> None:
    with home.connection() as admin:
        admin.call("store.lock")
    done = home.keyguard("run", "bot0", "--passphrase-file", str(home.passphrase_file), "--", "true")
    assert done.returncode == 3
    assert "keyguard store unlock" in done.stderr


def test_doctor_has_a_line_for_it(make: Callable[..., DaemonHome]) -> None:
    home = make()
    assert daemon_line(home)["seen"].startswith("does not run")
    home.start()
    assert daemon_line(home) == {"name": "daemon", "right": True, "seen": "runs, store open", "fix": ""}


def daemon_line(home: DaemonHome) -> dict[str, object]:
    done = home.keyguard("doctor", "--json", "--passphrase-file", str(home.passphrase_file))
    (line,) = [line for line in json.loads(done.stdout) if line["name"] == "daemon"]
    return dict(line)


def leases(home: DaemonHome) -> tuple[Lease, ...]:
    with home.opened() as ports:
        return ports.inventory.running_leases()
