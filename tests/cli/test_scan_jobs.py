"""`keyguard scan --jobs`: the same report, and no process left after Ctrl-C."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from keyguard.cli.commands import scan as command
from keyguard.scanner import sharing, workers
from tests.cli.test_scan import scan
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, deribit, env, upbit

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing to fork here")
INTERRUPTED = 130
BLOCKING = """
import os, signal, sys
from keyguard.cli.main import main
from keyguard.scanner.engine import Engine

def examine(self, data, path):
    os.write({pipe}, b"%d\\n" % os.getpid())
    while True:
        signal.pause()

Engine.examine = examine
sys.exit(main(["scan", "--jobs", "2", {folder!r}]))
"""


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """Findings, accepted ones and unread files in many small tasks."""
    made = GitRepo(tmp_path / "work")
    for number in range(24):
        made.write(f"d{number % 5}/f{number}.env", env("bybit", *bybit(number)) if number % 3 else "x = 1\n")
        made.commit(f"commit {number}\n\n" + (env("upbit", *upbit(number)) if number == 7 else ""))
    made.write("ok.env", env("deribit", *deribit()).replace("\n", "  # keyguard:allow a test\n"))
    made.write("large", "x" * 60_000)
    made.commit("last")
    monkeypatch.chdir(made.path)
    monkeypatch.setattr(sharing, "_ENTRIES", 3)
    monkeypatch.setattr(workers, "can_fork", lambda: True)  # pytest's own threads hold none of our locks
    return made


@pytest.mark.parametrize("style", ["json", "text", "sarif", "csv", "gitleaks"])
@pytest.mark.parametrize("what", [[], ["--history", "--fresh"], ["--history", "--unreachable"]])
def test_the_report_does_not_depend_on_the_number_of_processes(
    repo: GitRepo, what: list[str], style: str
) -> None:
    words = [*what, "--format", style, "--max-size", "50k", "--show-secrets"]
    one, two, three = (_stable(scan(*words, "--jobs", jobs)) for jobs in "123")
    assert one[0] == 1
    assert one == two == three


def _stable(report: tuple[int, str, str]) -> Any:
    """A report without the time it was made at."""
    status, out, err = report
    try:
        document = json.loads(out)
    except ValueError:
        return status, out, err
    if isinstance(document, dict):
        document.pop("at", None)
    return status, document, err


def test_with_one_process_nothing_is_forked(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", None)
    assert scan("--jobs", "1")[0] == 1
    assert scan("--history")[0] == 1  # small


@pytest.mark.parametrize("words", ["0", "-1", "two", "1.5", "65", ""])
def test_numbers_of_processes_that_make_no_sense(words: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="number of processes"):
        command._jobs(words)


@pytest.mark.parametrize("to", ["parent", "all"])
def test_ctrl_c_ends_all_processes(tmp_path: Path, to: str) -> None:
    for number in range(4):
        (tmp_path / f"f{number}").write_bytes(b"x" * 1_000_000)
    reader, writer = os.pipe()
    code = BLOCKING.format(pipe=writer, folder=str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        pass_fds=[writer],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    with os.fdopen(reader) as pids, process:
        working = {int(pids.readline()), int(pids.readline())}
        assert process.pid not in working
        if to == "all":  # as a terminal does
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert not pids.read()  # nobody holds the other end any more
    assert (process.returncode, out) == (INTERRUPTED, "")
    assert err.splitlines() == ["keyguard: interrupted"]
