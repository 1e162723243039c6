"""Commands that read secrets leave no core dump (promise 1)."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keyguard_simulators.wire import Answer, Call
from tests.cli.desk import Desk, answering, bybit_keys, desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose commands start with dumps allowed, since this process allows them."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    if before[1] == 0:
        pytest.skip("dumps are forbidden here anyway")
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        with desk(tmp_path_factory.mktemp("dumps"), real=True) as opened:
            opened.init()
            opened.add("bybit/mm/bot", bybit_keys(opened.venues.venues["bybit"])[0])
            yield opened
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def dump_limit(pid: int) -> str:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("Max core file size"))
    return line.split()[4]


@pytest.mark.parametrize(
    "words",
    [
        ("scan", "--stdin"),
        ("key", "import", "/dev/stdin", "--desk", "mm"),
        ("key", "add", "bybit", "--desk", "x", "--label", "y", "--stdin"),
    ],
    ids=" ".join,
)
def test_forbidden_before_a_secret_comes_in(ready: Desk, words: tuple[str, ...]) -> None:
    with ready.start(*words) as process:
        assert process.stdin
        deadline = time.monotonic() + 20
        while dump_limit(process.pid) != "0" and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.01)
        assert dump_limit(process.pid) == "0"
        process.kill()


def test_forbidden_while_a_secret_signs(ready: Desk) -> None:
    seen = []

    def look(call: Call, answer: Callable[[Call], Answer]) -> Answer:
        seen.append(dump_limit(process.pid))
        return answer(call)

    with answering(ready.venues.venues["bybit"], look):
        process = ready.start("key", "inspect", "bybit/mm/bot")
        process.communicate(timeout=60)
    assert seen
    assert set(seen) == {"0"}


def test_the_command_that_is_run_inherits_the_limit(ready: Desk) -> None:
    assert ready.keyguard("run", "bybit/mm/bot", "--", "sh", "-c", "ulimit -c").out == "0\n"
