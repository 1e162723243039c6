"""`keyguard run` starts the daemon where the desk wants that, and where it would last."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keyguard.cli import on_demand
from keyguard.home import Config
from tests.cli.terminal import on_terminal
from tests.daemon.homes import PASSPHRASE, DaemonHome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CODE = "import os; print(os.environ['BYBIT_API_KEY'])"
CONFIG = Config(id="0f" * 16, store="file", daemon={"start": "on_demand"})


@pytest.fixture
def wanted(make: Callable[..., DaemonHome]) -> Iterator[DaemonHome]:
    home = make(start="on_demand")
    yield home
    home.keyguard("daemon", "stop")


def run(home: DaemonHome, **more: str) -> subprocess.CompletedProcess[str]:
    words = ("--passphrase-file", str(home.passphrase_file), "--", sys.executable, "-c", CODE)
    done = home.keyguard("run", "bot0", *words, **more)
    assert done.stdout == "FAKEidk0v1\n", done
    return done


def test_run_starts_it_once_and_says_so(wanted: DaemonHome) -> None:
    assert "the daemon of this home was started" in run(wanted).stderr
    assert run(wanted).stderr == ""
    assert wanted.keyguard("daemon", "status").returncode == 0
    assert len(wanted.records("agent.start")) == 1


def test_two_at_once_start_one(wanted: DaemonHome) -> None:
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda _: run(wanted), range(2)))
    assert len(wanted.records("agent.start")) == 1
    assert len(wanted.records("handout")) == 2


def test_what_it_cannot_open_is_opened_by_the_person_who_runs(wanted: DaemonHome) -> None:
    words = wanted.command("run", "bot0", "--", sys.executable, "-c", CODE)
    asked = b"passphrase of the keyguard store"
    _, shown = on_terminal(words, wanted.environment(), wanted.folder, [(asked, f"{PASSPHRASE}\n")])
    assert b"FAKEidk0v1" in shown, shown
    assert PASSPHRASE.encode() not in shown
    with wanted.client() as keys:
        assert keys.get("bot1").new


def test_in_a_ci_job_none_is_left_running(wanted: DaemonHome) -> None:
    assert "no daemon is started: this is a CI job" in run(wanted, CI="true").stderr
    assert wanted.keyguard("daemon", "status").returncode == 7


def test_nobody_who_did_not_ask_gets_one(make: Callable[..., DaemonHome]) -> None:
    home = make()
    assert run(home).stderr == ""
    assert home.keyguard("daemon", "status").returncode == 7


def test_a_word_that_means_nothing_is_named(make: Callable[..., DaemonHome]) -> None:
    refused = make(start="always").keyguard("daemon", "run")
    assert refused.returncode == 2
    assert "[daemon] start: by_hand or on_demand" in refused.stderr


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A person's own session, without units; returns their folder of units."""
    for name in ("CI", "JOURNAL_STREAM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert on_demand.unfit(CONFIG) == ""
    return tmp_path / "systemd" / "user"


def test_where_systemd_starts_it_nobody_else_does(desktop: Path) -> None:
    folder = desktop / "sockets.target.wants"
    folder.mkdir(parents=True)
    (folder / f"keyguard@{'ab' * 16}.socket").touch()  # of another home
    assert on_demand.unfit(CONFIG) == ""
    (folder / f"keyguard@{CONFIG.id}.socket").touch()
    assert on_demand.unfit(CONFIG).endswith(f"systemctl --user start keyguard@{CONFIG.id}.socket")


def test_nor_in_a_service_or_for_several_users(desktop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")  # inherited by a terminal that a service started
    assert on_demand.unfit(CONFIG) == ""
    monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
    assert on_demand.unfit(CONFIG) == "this is a service, with which it would end"
    several = Config(id="0f", store="file", daemon={"start": "on_demand", "group": "traders"})
    assert "several users" in on_demand.unfit(several)
