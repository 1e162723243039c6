"""`keyguard run --give` and `--on-rotate`: secrets in files, and what a running command gets on rotation."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import bybit_keys, desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.desk import Desk

BOT = "bybit/mm/bot"
MEMORY = Path("/dev/shm")
READ = """
import os, pathlib, sys
assert not {"BYBIT_API_KEY", "BYBIT_API_SECRET"} & set(os.environ)
for name in ("BYBIT_API_KEY", "BYBIT_API_SECRET"):
    path = pathlib.Path(os.environ[name + "_FILE"])
    print(len(path.read_text()), len(path.read_text()), oct(path.stat().st_mode & 0o777), path)
print(pathlib.Path(os.environ["BYBIT_API_SECRET_FILE"]).read_text())
"""
RELOAD = """
import os, pathlib, signal, sys
def show():
    print(pathlib.Path(os.environ["BYBIT_API_KEY_FILE"]).read_text(), flush=True)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
show()
signal.sigwait({signal.SIGHUP})
show()
sys.stdin.readline()
"""
RESTARTED = """
import os, pathlib, sys
print(os.environ["BYBIT_API_KEY"], flush=True)
sys.stdin.readline()
"""

pytestmark = pytest.mark.skipif(not os.access(MEMORY, os.W_OK), reason="no file system in memory")


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add(BOT, bot)
        opened.add("bybit/mm/manager", manager)
        yield opened


@pytest.mark.parametrize("way", ["file", "fd"])
def test_a_file_instead_of_the_environment(ready: Desk, way: str) -> None:
    done = ready.keyguard("run", BOT, "--give", way, "--", sys.executable, "-c", READ)
    *files, secret = done.out.splitlines()
    assert secret == "[keyguard:masked]"
    for line in files:
        first, second, mode, path = line.split()
        assert first == second != "0"
        assert (way == "fd") == path.startswith("/dev/fd/")
        assert way == "fd" or (mode == "0o600" and path.startswith(f"{MEMORY}/") and not Path(path).exists())
    (entry,) = json.loads(ready.keyguard("log", "show", "--type", "handout", "--json").out)
    assert entry["record"]["body"]["mode"] == "file"


def test_what_a_killed_run_left_is_taken_away_by_the_next(ready: Desk) -> None:
    left = MEMORY / "keyguard-run-999999999-1-left"
    left.mkdir(mode=0o700)
    (left / "BYBIT_API_SECRET").write_text("FAKE")
    ready.keyguard("run", BOT, "--give", "file", "--", "true")
    assert not left.exists()


def test_a_variable_for_the_file_that_is_taken_is_refused(ready: Desk) -> None:
    taken = {"BYBIT_API_KEY_FILE": "/elsewhere"}
    done = ready.keyguard("run", BOT, "--give", "fd", "--", "true", environment=taken, expect=2)
    assert "set already" in done.errors[0]


@pytest.mark.parametrize("words", [("signal:HUP",), ("signal:KILL", "--give", "file"), ("dance",)])
def test_what_cannot_be_done_on_rotation_is_refused_before_any_hand_out(
    ready: Desk, words: tuple[str, ...]
) -> None:
    ready.keyguard("run", BOT, "--on-rotate", *words, "--", "true", expect=2)
    assert json.loads(ready.keyguard("log", "show", "--type", "handout", "--json").out) == []


def test_on_rotation_the_file_is_replaced_and_the_process_told(ready: Desk) -> None:
    words = ("--give", "file", "--on-rotate", "signal:HUP")
    process = ready.hurried().start("run", BOT, *words, "--", sys.executable, "-c", RELOAD)
    assert process.stdin is not None and process.stdout is not None
    old = process.stdout.readline().strip()
    done = ready.hurried().keyguard("key", "rotate", BOT, "--overlap", "1h")
    assert "still running with the old key" not in done.err
    new = process.stdout.readline().strip()
    out, err = process.communicate("go on\n", timeout=60)
    assert (process.returncode, out) == (0, "")
    assert new == ready.stored(BOT)[0] != old
    assert re.search("was rotated: the command is told", err)
    assert ready.statuses(BOT) == ["dead", "live"]
    assert ready.keyguard("key", "show", BOT, "--json").json["open_leases"] == []
    assert len(json.loads(ready.keyguard("log", "show", "--type", "handout", "--json").out)) == 2


def test_on_rotation_the_command_is_started_again(ready: Desk) -> None:
    process = ready.hurried().start(
        "run", BOT, "--on-rotate", "restart", "--", sys.executable, "-c", RESTARTED
    )
    assert process.stdin is not None and process.stdout is not None
    old = process.stdout.readline().strip()
    ready.hurried().keyguard("key", "rotate", BOT, "--overlap", "1h")
    new = process.stdout.readline().strip()
    process.communicate("go on\n", timeout=60)
    assert process.returncode == 0
    assert new == ready.stored(BOT)[0] != old
    assert ready.statuses(BOT) == ["dead", "live"]
