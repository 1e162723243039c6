"""The programs of docs/examples, as they stand, against simulated venues."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keyguard_simulators.venue import KeyForm
from tests.cli.desk import TIME_LIMIT_S
from tests.examples.conftest import BOT

if TYPE_CHECKING:
    from tests.cli.desk import Desk

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
ROTATIONS = 3


def rerouted(desk: Desk, example: str, venue: str = "bybit") -> list[str]:
    """The command that runs an example against a simulated venue."""
    program = str(FOLDER / example)
    return [sys.executable, "-m", "tests.examples.rerouted", program, desk.venues.urls[venue]]


@pytest.mark.parametrize(
    ("example", "words"),
    [
        ("ccxt_sync.py", ("--as", "ccxt")),
        ("ccxt_async.py", ("--as", "ccxt")),
        ("pybit_files.py", ("--give", "file")),
    ],
)
def test_it_signs_with_the_key_that_run_gives(ready: Desk, example: str, words: tuple[str, ...]) -> None:
    assert " ".join(words) in (FOLDER / example).read_text()
    done = ready.keyguard("run", BOT, *words, "--", *rerouted(ready, example))
    assert done.out.startswith("USDT 25000"), done
    assert len(ready.keyguard("log", "show", "--type", "handout", "--json").json) == 1


def test_python_binance_signs_with_the_key_that_run_gives(ready: Desk) -> None:
    binance = ready.venues.venues["binance"]
    account = binance.open_account("desk", "").id
    ready.add("binance/mm/bot", binance.issue(KeyForm(account, ["enableReading"], (), "bot")))
    words = ("--as", "sdk")
    assert " ".join(words) in (FOLDER / "binance_sync.py").read_text()
    example = rerouted(ready, "binance_sync.py", "binance")
    done = ready.keyguard("run", "binance/mm/bot", *words, "--", *example)
    assert done.out.startswith("USDT "), done
    assert len(ready.keyguard("log", "show", "--type", "handout", "--json").json) == 1


@pytest.mark.parametrize("example", ["follow_sync.py", "follow_async.py"])
def test_a_bot_that_follows_never_fails_a_request_through_rotations(served: Desk, example: str) -> None:
    """A request that fails ends the bot with an error: it would be refused with a key that is dead."""
    with subprocess.Popen(
        rerouted(served, example),
        env=served.environment(),
        cwd=served.work,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as bot:
        assert bot.stdout is not None
        versions = [bot.stdout.readline()]
        for _ in range(ROTATIONS):
            served.keyguard("key", "rotate", BOT, "--overlap", "1h")
            versions.append(bot.stdout.readline())
        bot.terminate()
        out, err = bot.communicate(timeout=TIME_LIMIT_S)
    assert (bot.returncode, err) == (0, "")
    assert versions == [f"version {number}\n" for number in range(1, ROTATIONS + 2)]
    word, asked = out.split()
    assert (word, int(asked) > ROTATIONS) == ("asked", True)
    assert served.statuses(BOT) == ["dead"] * ROTATIONS + ["live"]
    handouts = served.keyguard("log", "show", "--type", "handout", "--json").json
    assert len(handouts) == ROTATIONS + 1
    assert json.loads(served.keyguard("log", "verify", "--json").out)
