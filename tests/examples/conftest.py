"""A desk on simulated venues, and its daemon."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import TIME_LIMIT_S, bybit_keys, desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.desk import Desk

BOT = "bybit/mm/bot"


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Desk]:
    """A home with a bot's key and the key that manages it. Its commands do not wait between two looks."""
    with desk(tmp_path, impatient=True) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add(BOT, bot)
        opened.add("bybit/mm/manager", manager)
        yield opened


@pytest.fixture
def served(ready: Desk) -> Iterator[Desk]:
    """The same with its daemon running."""
    with subprocess.Popen(
        [sys.executable, "-m", "keyguard", "daemon", "run"],
        env=ready.environment(),
        cwd=ready.work,
        stderr=subprocess.PIPE,
    ) as daemon:
        assert daemon.stderr is not None
        line = daemon.stderr.readline()
        assert b"serves" in line, line + daemon.stderr.read()
        yield ready
        daemon.terminate()
        daemon.wait(TIME_LIMIT_S)
