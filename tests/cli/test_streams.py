"""Whatever the standard streams are, a command does its work and its exit status is true."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEYGUARD = f"exec {sys.executable} -m keyguard"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    variables = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}"} | environment
    return subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, env=variables, check=False, timeout=60
    )


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}],
    ids=["ascii", "C locale"],
)
@pytest.mark.parametrize("words", ["--help", "run --help", "key add --help", "rules show upbit.pair"])
def test_an_encoding_without_our_characters(words: str, environment: dict[str, str]) -> None:
    done = shell(f"{KEYGUARD} {words}", **environment)
    assert done.returncode in (0, 2)
    assert b"bug" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams(closed: str, tmp_path: Path) -> None:
    for words, status in (
        ("rules list", 0),
        ("no such command", 2),
        ("--version", 0),
        (f"scan {tmp_path}", 0),
    ):
        done = shell(f"{KEYGUARD} {words} {closed}")
        assert done.returncode == status
        assert b"Traceback" not in done.stderr
        assert b"bug" not in done.stderr


def test_the_number_of_a_closed_stream_is_not_given_to_a_file() -> None:
    told = shell(
        f"{sys.executable} -c 'import os; from keyguard.cli import streams; streams.prepare();"
        ' print(os.open("/dev/null", os.O_RDONLY), os.readlink("/proc/self/fd/2"))\' 2>&- <&-'
    )
    assert told.stdout.split() == [b"3", b"/dev/null"]


def test_a_full_disk_is_said_and_no_bug() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("Linux's way to say that a disk is full")
    done = shell(f"{KEYGUARD} rules list >/dev/full")
    assert done.returncode == 3
    assert b"no space left" in done.stderr
    assert shell(f"{KEYGUARD} no such command 2>/dev/full").returncode == 2


@pytest.mark.parametrize(
    ("stream", "words", "status"),
    [("stdout", ["rules", "list"], 141), ("stderr", ["no", "such"], 2), ("stdout", ["--json", "no"], 2)],
)
def test_a_reader_that_went_away(stream: str, words: list[str], status: int) -> None:
    """On stdout it is not "fine": findings may not have been said. On stderr it ends nothing half-way."""
    reader, writer = os.pipe()
    os.close(reader)
    others = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | {stream: writer}
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}"}
    done = subprocess.run(
        [sys.executable, "-m", "keyguard", *words], env=environment, check=False, timeout=60, **others
    )
    os.close(writer)
    assert done.returncode == status
    assert b"Traceback" not in (done.stderr or b"")
