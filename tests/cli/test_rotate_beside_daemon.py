"""A rotation in one terminal, the daemon in another, a bot in a third: none of them gets in another's way."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.desk import TIME_LIMIT_S, Desk, Process, bybit_keys, desk, kill
from tests.cli.test_run_give import BOT, MEMORY, RELOAD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = "import os, sys; print(os.environ['BYBIT_API_KEY'], flush=True); sys.stdin.readline()"
WATCH = """
from keyguard.client import Client
with Client() as keys:
    print(keys.get("bybit/mm/bot").key, flush=True)
    for count, key in enumerate(keys.watch("bybit/mm/bot")):
        if count:
            print(key.key, flush=True)
            break
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


@contextlib.contextmanager
def daemon(ready: Desk, settings: str = "") -> Iterator[None]:
    """A daemon with these settings serves while the block runs."""
    with (ready.home / "config.toml").open("a") as file:
        file.write(f"\n[daemon]\n{settings}\n")
    ready.keyguard("daemon", "start")
    try:
        yield
    finally:
        ready.keyguard("daemon", "stop")


@contextlib.contextmanager
def started(ready: Desk, *words: str) -> Iterator[Process]:
    """A command that is at work when the block begins; killed if it is still there at the end."""
    process = ready.start(*words)
    try:
        yield process
    finally:
        kill(process)
        with contextlib.suppress(ValueError):  # its end was waited for, and its streams are closed
            process.communicate()


def line(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def until_it_waits(rotation: Process) -> None:
    """Until it waits for the users of the old key."""
    assert rotation.stderr is not None
    assert any("waiting up to" in text for text in rotation.stderr)


def findings(ready: Desk) -> set[str]:
    found = json.loads(ready.keyguard("finding", "list", "--json").out)
    return {finding["kind"] for finding in found}


def records(ready: Desk, type_: str) -> list[dict[str, Any]]:
    shown = json.loads(ready.keyguard("log", "show", "--type", type_, "--json").out)
    return [one["record"]["body"] for one in shown]


def test_a_bot_is_told_and_has_the_new_key_before_the_old_one_dies(ready: Desk) -> None:
    words = ("run", BOT, "--give", "file", "--on-rotate", "signal:HUP", "--", sys.executable, "-c", RELOAD)
    with daemon(ready), started(ready.hurried(), *words) as bot:
        old = line(bot)
        rotated = ready.hurried().keyguard("key", "rotate", BOT, "--overlap", "1h")
        assert "still running with the old key" not in rotated.err
        new = line(bot)
        bot.communicate("go on\n", timeout=TIME_LIMIT_S)
        assert bot.returncode == 0
        assert json.loads(ready.keyguard("daemon", "status", "--json").out)["unfinished_workflows"] == 0
    assert new == ready.stored(BOT)[0] != old
    assert ready.statuses(BOT) == ["dead", "live"]
    assert len(records(ready, "handout")) == 2
    assert ready.keyguard("key", "show", BOT, "--json").json["open_leases"] == []
    ready.keyguard("log", "verify")


def test_a_program_that_watches_is_told_too(ready: Desk) -> None:
    with daemon(ready):
        program = subprocess.Popen(
            [sys.executable, "-P", "-c", WATCH],
            env=ready.environment(),
            cwd=ready.work,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            old = line(program)
            ready.keyguard("key", "rotate", BOT, "--overlap", "0s")
            new = line(program)
            assert program.wait(TIME_LIMIT_S) == 0
        finally:
            program.kill()
            program.communicate()
    assert new == ready.stored(BOT)[0] != old


def test_a_daemon_that_looks_all_the_time_takes_no_rotation_for_something_wrong(ready: Desk) -> None:
    with daemon(ready, "inspect_s = 1"):
        for _ in range(3):
            ready.keyguard("key", "rotate", BOT, "--overlap", "0s")
        while not records(ready, "venue.keys_listed"):  # the daemon has looked, too
            pass
        status = ready.keyguard("daemon", "status", "--json").json
        assert [one["venue"] for one in status["venues"]] == ["bybit"]
        assert type(status["venues"][0]["clock_offset_ms"]) is int
        assert {job["name"] for job in status["jobs"]} >= {"inspect keys", "refresh findings", "send alerts"}
    assert ready.statuses(BOT) == ["dead", "dead", "dead", "live"]
    assert not findings(ready) & {"unknown_key", "refused", "drift"}


def test_a_daemon_that_stops_leaves_a_rotation_to_finish(ready: Desk) -> None:
    with daemon(ready), started(ready, "run", BOT, "--", sys.executable, "-c", HOLD) as bot:
        line(bot)
        with started(ready.hurried(), "key", "rotate", BOT, "--overlap", "1h") as rotation:
            until_it_waits(rotation)
            ready.keyguard("daemon", "stop")
            assert ready.unfinished()
            bot.communicate("go on\n", timeout=TIME_LIMIT_S)
            rotation.communicate(timeout=TIME_LIMIT_S)
            assert rotation.returncode == 0
    assert ready.statuses(BOT) == ["dead", "live"]
    assert not ready.unfinished()


def test_a_rotation_that_was_killed_is_shown_by_the_daemon_and_resumed_beside_it(ready: Desk) -> None:
    with daemon(ready), started(ready, "run", BOT, "--", sys.executable, "-c", HOLD) as bot:
        line(bot)
        with started(ready, "key", "rotate", BOT, "--overlap", "1h") as rotation:
            until_it_waits(rotation)
        (workflow,) = ready.unfinished()
        assert json.loads(ready.keyguard("daemon", "status", "--json").out)["unfinished_workflows"] == 1
        bot.communicate("go on\n", timeout=TIME_LIMIT_S)
        ready.keyguard("workflow", "resume", workflow)
    assert ready.statuses(BOT) == ["dead", "live"]
