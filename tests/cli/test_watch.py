"""`keyguard watch` as a real process on real folders. It waits for events, never for times."""

from __future__ import annotations

import argparse
import ctypes
import errno
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from keyguard.cli.commands import watch as command
from keyguard.core.errors import UsageError
from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import Unread, changes
from keyguard.scanner.sources.changes import LATEST, QUIET, Debounce
from keyguard.scanner.watching import Told, Watcher, roots
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, env

pytest.importorskip("watchdog")
SOURCE = Path(__file__).parents[2]
PATIENCE = 20.0


def leak(number: int) -> str:
    return env("bybit", *bybit(700 + number))


# Holding back


def test_a_path_is_due_once_it_rests() -> None:
    debounce = Debounce()
    debounce.note("a", 10.0)
    debounce.note("a", 10.0 + QUIET / 2)
    assert debounce.due(10.0 + QUIET) == []
    assert debounce.due(10.0 + QUIET * 1.6) == ["a"]
    assert debounce.due(99.0) == []


def test_a_path_that_never_rests_is_due_all_the_same() -> None:
    debounce = Debounce()
    for step in range(100):
        debounce.note("log", 10.0 + step * QUIET / 2)
        if due := debounce.due(10.0 + step * QUIET / 2):
            assert due == ["log"]
            assert step * QUIET / 2 <= LATEST + QUIET
            return
    pytest.fail("never looked at")


def test_the_wait_is_until_the_next_path_is_due() -> None:
    debounce = Debounce()
    assert debounce.wait(10.0, 0.5) == 0.5
    debounce.note("a", 10.0)
    assert debounce.wait(10.0, 0.5) == pytest.approx(QUIET)
    assert debounce.wait(11.0, 0.5) == 0.0


# The command


class Watching:
    """A running `keyguard watch`; `told` and `said` are its lines as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.told: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.said: queue.SimpleQueue[str] = queue.SimpleQueue()
        for stream, lines in ((process.stdout, self.told), (process.stderr, self.said)):
            threading.Thread(target=self._read, args=(stream, lines), daemon=True).start()

    @staticmethod
    def _read(stream: Any, lines: queue.SimpleQueue[str]) -> None:
        with stream:
            for line in stream:
                lines.put(line)

    def line(self) -> str:
        return self.told.get(timeout=PATIENCE)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def watching(folder: Path, *words: str) -> Iterator[Watching]:
    process = subprocess.Popen(
        [sys.executable, "-m", "keyguard", *words[:1], "watch", *words[1:]]
        if words[:1] == ("--json",)
        else [sys.executable, "-m", "keyguard", "watch", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    running = Watching(process)
    try:
        first = running.said.get(timeout=PATIENCE)
        assert "watching" in first, first
        yield running
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def test_each_way_of_saving_is_one_line(here: Path, tmp_path: Path) -> None:
    (here / "old").mkdir()
    with watching(here) as running:
        (here / "plain.env").write_text(leak(1))
        assert "plain.env:" in running.line()
        (here / ".x.tmp").write_text(leak(2))  # a new file renamed over the old one
        (here / ".x.tmp").replace(here / "renamed.env")
        assert "renamed.env:" in running.line()
        (here / "a" / "b" / "c").mkdir(parents=True)
        (here / "a" / "b" / "c" / "new.env").write_text(leak(3))
        assert "a/b/c/new.env:" in running.line()
        outside = tmp_path / "outside"
        (outside / "deep").mkdir(parents=True)
        (outside / "deep" / "moved.env").write_text(leak(4))
        outside.rename(here / "came")  # a folder that comes with all it holds
        assert "came/deep/moved.env:" in running.line()
        (here / "old").rename(here / "other")
        (here / "other" / "x.env").write_text(leak(5))
        assert "other/x.env:" in running.line()
        (here / "other" / "x.env").unlink()
        (here / "other").rmdir()
        (here / "other").mkdir()
        (here / "other" / "y.env").write_text(leak(6))
        assert "other/y.env:" in running.line()
        with (here / "plain.env").open("a") as appended:
            appended.write("#\n" + leak(7))
        line = running.line()
        assert "plain.env:5:" in line or "plain.env:4:" in line
        secret = bybit(707)[1]
        assert secret[3:-3] not in line
        assert running.end(signal.SIGINT) == 1
        assert running.told.empty()


def test_what_must_not_be_told(here: Path, tmp_path: Path) -> None:
    repo = GitRepo(here)
    repo.commit("base")
    (here / "node_modules").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    with watching(here, "--exclude", "fixtures", ".") as running:
        (here / ".git" / "x.env").write_text(leak(1))
        (here / "node_modules" / "x.env").write_text(leak(2))
        (here / "fixtures").mkdir()
        (here / "fixtures" / "x.env").write_text(leak(3))
        (here / "linked").symlink_to(outside)
        (outside / "x.env").write_text(leak(4))
        (here / "file.env").symlink_to(outside / "x.env")
        os.mkfifo(here / "pipe")
        repo.git("checkout", "-q", "-b", "other")
        (here / "told.env").write_text(leak(5))
        assert "told.env:" in running.line()
        (here / "copy.env").write_text(leak(5))  # the same credential again
        (here / "last.env").write_text(leak(6))
        assert "last.env:" in running.line()
        assert running.end() == 1
        assert running.told.empty()


def test_json_is_one_object_a_line_and_nothing_found_is_0(here: Path) -> None:
    with watching(here, "--json") as running:
        (here / "a\n\x1b[2J.env").write_text(leak(1))
        document = json.loads(running.line())
        assert document["parts"][0]["place"]["path"] == "a\n\x1b[2J.env"
        assert document["parts"][0]["redacted"] is True
    with watching(here) as running:
        (here / "clean.txt").write_text("nothing\n")
        assert running.end() == 0


def test_thousands_of_files_and_a_single_file(here: Path) -> None:
    for number in range(3000):
        (here / f"{number}.txt").write_text("x\n")
    single = here / "0.txt"
    with watching(here) as all_of_them, watching(here, "0.txt") as one:
        (here / "2999.txt").write_text(leak(1))
        assert "2999.txt:" in all_of_them.line()
        (here / "new.txt").write_text(leak(2))
        (single.with_suffix(".tmp")).write_text(leak(3))
        single.with_suffix(".tmp").replace(single)
        assert one.line().split("  ")[-2].startswith("0.txt:")
        assert one.told.empty()


def test_the_end_of_the_folder_ends_the_watching(here: Path, tmp_path: Path) -> None:
    (here / "gone").mkdir()
    with watching(here, "gone") as running:
        (here / "gone").rmdir()
        assert running.process.wait(PATIENCE) == 0


def test_a_missing_path_is_wrong_use(here: Path) -> None:
    with pytest.raises(UsageError):
        roots([here / "missing"])


# Limits of the system


def events(folder: Path) -> tuple[Watcher, Iterator[Finding | Told | Unread]]:
    watcher = Watcher(Engine(), Selection(), roots([folder]))
    return watcher, watcher.events()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="inotify")
@pytest.mark.parametrize(
    ("number", "allowed", "setting"),
    [
        (errno.ENOSPC, 0, "max_user_watches="),
        (errno.ENOSPC, 2, "max_user_watches="),  # watchdog is silent about all but the first folder
        (errno.EMFILE, 0, "max_user_instances="),
    ],
)
def test_at_a_limit_of_the_system_files_are_looked_at_in_turn(
    here: Path, monkeypatch: pytest.MonkeyPatch, number: int, allowed: int, setting: str
) -> None:
    from watchdog.observers import inotify_c

    real = inotify_c.inotify_add_watch
    left = [allowed]

    def limited(*words: Any) -> int:
        left[0] -= 1
        if left[0] < 0:
            ctypes.set_errno(number)
            return -1
        return real(*words)

    monkeypatch.setattr(inotify_c, "inotify_add_watch", limited)
    monkeypatch.setattr(changes, "POLL", 0.1)
    for name in "abcde":
        (here / name).mkdir()
    watcher, told = events(here)
    told = iter(told)
    said = []
    for event in told:
        assert isinstance(event, Told)
        said.append(event)
        if "changes may have been missed" in event.text:
            break
    assert any("instead" in told.text and setting in told.hint for told in said)
    (here / "e" / "x.env").write_text(leak(1))
    finding = next(event for event in told if isinstance(event, Finding))
    assert finding.parts[0].place.path.endswith("e/x.env")
    watcher.stop()
    assert list(told) == []


def test_changes_the_system_dropped_are_made_up_for(here: Path) -> None:
    (here / "unnoticed.env").write_text(leak(1))
    watcher, told = events(here)
    assert isinstance(next(told), Told)
    (here / "x.env").write_text(leak(2))
    first = next(event for event in told if isinstance(event, Finding))
    assert first.parts[0].place.path.endswith("x.env")
    # Which is how watchdog lets it be known.
    logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed")
    assert "missed" in str(next(event for event in told if isinstance(event, Told)))
    second = next(event for event in told if isinstance(event, Finding))
    assert second.parts[0].place.path.endswith("unnoticed.env")
    watcher.stop()
    assert list(told) == []


def test_what_was_accepted_is_no_finding(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".gitleaks.toml").write_text("[allowlist]\npaths = ['accepted[.]env']\n")
    engine = Engine()
    told: list[str] = []
    out = SimpleNamespace(json=False, report=told.append, talk=told.append)
    for name, status in (("accepted.env", 0), ("other.env", 1)):
        findings = engine.scan(leak(9).encode(), name)
        assert len(findings) == 1
        monkeypatch.setattr(command.Watcher, "events", lambda _, found=findings: iter(found))
        args = argparse.Namespace(paths=[str(here)], include=[], exclude=[], all=False)
        assert command.run(args, cast("Any", out)) == status
    assert not any("accepted.env" in line for line in told)
