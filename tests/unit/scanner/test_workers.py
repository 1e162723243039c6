"""Work in several processes: order, crashes, bugs, and values that stay what they are."""

from __future__ import annotations

import gzip
import marshal
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keyguard.core.secret import Secret
from keyguard.scanner import sharing, transfer, workers
from keyguard.scanner.compact import quick
from keyguard.scanner.engine import Engine, Examined
from keyguard.scanner.git_scans import scan_history
from keyguard.scanner.scans import Scan, scan_tree
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources.git import Repository
from keyguard.scanner.workers import WorkerFailed, spread
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, deribit, env, upbit

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing to fork here")
BOOK = quick()


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest's own helpers are threads that hold none of our locks."""
    monkeypatch.setattr(workers, "can_fork", lambda: True)


def lost(task: object) -> object:
    return ("lost", task)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_answers_come_in_the_order_of_the_tasks(jobs: int) -> None:
    def work(task: int) -> int:
        return sum(range(20_000 * (task % 3))) * 0 + task * task  # some take longer

    assert list(spread(iter(range(200)), work, lost, jobs)) == [n * n for n in range(200)]


def test_the_work_is_done_elsewhere_by_all() -> None:
    def work(_: int) -> int:
        return os.getpid()

    pids = set(spread(iter(range(20)), work, lost, 2))
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_tasks_and_answers_larger_than_a_pipe() -> None:
    tasks = [bytes([n]) * 300_000 for n in range(12)]
    assert list(spread(iter(tasks), lambda task: task + task, lost, 2)) == [task * 2 for task in tasks]


def test_tasks_are_taken_a_few_ahead_only() -> None:
    taken = []

    def tasks() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    answers = spread(tasks(), lambda task: task, lost, 2)
    assert next(answers) == 0
    assert len(taken) < 100
    answers.close()


def test_a_killed_worker_loses_one_task_and_is_replaced() -> None:
    def work(task: int) -> int:
        if task % 10 == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    answers = list(spread(iter(range(50)), work, lost, 2))
    assert answers == [("lost", n) if n % 10 == 5 else n for n in range(50)]


def test_where_no_process_is_granted_any_more_the_rest_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system refuses the first replacement and all after it."""
    real, started = workers._start, []

    def start(*args: Any) -> Any:
        started.append(args)
        if len(started) > 2:
            raise OSError("no more processes")
        return real(*args)

    def work(_: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    monkeypatch.setattr(workers, "_start", start)
    assert list(spread(iter(range(9)), work, lost, 2)) == [("lost", n) for n in range(9)]


def test_when_all_are_killed_the_rest_is_lost() -> None:
    def work(_: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    assert list(spread(iter(range(9)), work, lost, 2)) == [("lost", n) for n in range(9)]


def test_a_bug_is_told_without_its_words() -> None:
    def work(task: int) -> int:
        raise ValueError("a secret")

    with pytest.raises(WorkerFailed, match=r"ValueError at test_workers.py:\d+") as error:
        list(spread(iter([1]), work, lost, 2))
    assert "secret" not in str(error.value)


def test_no_process_is_left(tmp_path: Path) -> None:
    answers = spread(iter(range(100)), lambda _: os.getpid(), lost, 2)
    pids = {next(answers), next(answers)}
    answers.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_beside_another_thread_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        assert not workers.can_fork()
        assert set(spread(iter(range(3)), lambda _: os.getpid(), lost, 2)) == {os.getpid()}
    finally:
        stop.set()
        other.join()


# Findings


def _tree(folder: Path) -> Path:
    for number in range(60):
        (folder / f"d{number % 7}").mkdir(exist_ok=True)
        text = "# nothing\n" * 3_000 + (env("bybit", *bybit(number)) if number % 5 == 0 else "")
        (folder / f"d{number % 7}" / f"f{number}.env").write_text(text)
    (folder / "big").write_bytes(b"x" * 2_000_000)
    (folder / "d0" / "allowed.env").write_text(
        env("bybit", *bybit(99)).replace("\n", "  # keyguard:allow for a test\n")
    )
    packed = gzip.compress(env("upbit", *upbit(5)).encode())
    (folder / "d2" / "cut.env.gz").write_bytes(packed[:-12])
    (folder / "d4" / "whole.env.gz").write_bytes(packed)
    (folder / "d1" / "\udce4\n.env").write_text(env("upbit", *upbit()))
    return folder


def _same(one: Scan, other: Scan) -> None:
    assert one.findings == other.findings
    assert one.unread == other.unread
    assert one.notes == other.notes
    for name in ("contents", "bytes", "searched", "allowed", "reasons"):  # how it was searched may differ
        assert getattr(one.work, name) == getattr(other.work, name), name
    assert one.allowed == other.allowed


def test_findings_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    root = _tree(tmp_path)
    selection = Selection(max_size=1_000_000)
    one = scan_tree(Engine(BOOK), [root], selection, jobs=1)
    assert len(one.findings) == 15
    assert [entry.path for entry in one.unread] == ["big", "d2/cut.env.gz"]
    assert one.allowed
    for jobs in (2, 3):
        _same(one, scan_tree(Engine(BOOK), [root], selection, jobs=jobs))


def test_a_history_in_two_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = GitRepo(tmp_path)
    for number in range(30):
        repo.write(f"f{number}.env", env("deribit", *deribit(number)) if number % 3 == 0 else f"x={number}\n")
        repo.commit(f"commit {number}")
    one = scan_history(Engine(BOOK), Repository(tmp_path), Selection(), jobs=1)
    assert len(one.findings) == 10
    monkeypatch.setattr(sharing, "_ENTRIES", 3)
    _same(one, scan_history(Engine(BOOK), Repository(tmp_path), Selection(), jobs=2))


def test_files_of_a_killed_process_are_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _tree(tmp_path)
    real = Engine.examine

    def examine(self: Engine, data: bytes, path: str) -> Examined:
        if path == "d3/f31.env":
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, data, path)

    monkeypatch.setattr(Engine, "examine", examine)
    monkeypatch.setattr(sharing, "_ENTRIES", 5)
    scanned = scan_tree(Engine(BOOK), [root], Selection(), jobs=2)
    killed = [entry.path for entry in scanned.unread if "ended" in entry.reason]
    assert "d3/f31.env" in killed
    assert len(killed) <= 5
    assert scanned.work.contents + len(killed) == 65


def test_small_scans_stay_in_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", None)
    (tmp_path / "a.env").write_text(env("bybit", *bybit()))
    assert len(scan_tree(Engine(BOOK), [tmp_path], Selection()).findings) == 1


def test_findings_survive_the_way() -> None:
    findings = Engine(BOOK).scan(env("bybit", *bybit()).encode(), "a\udcff.env")
    assert transfer.unpack(marshal.loads(marshal.dumps(transfer.pack(findings)))) == findings
    assert isinstance(transfer.unpack(transfer.pack([Secret("FAKE")]))[0], Secret)


def test_only_our_own_classes_travel() -> None:
    with pytest.raises(TypeError):
        transfer.pack(object())
    with pytest.raises(TypeError):
        transfer.unpack(("os", "system", ("true",)))
