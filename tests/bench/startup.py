"""Start-up, as ratios to a bare interpreter measured in turns in the same run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROUNDS = 25


def ratio(command: Sequence[str], *, cwd: Path | None = None, accept: tuple[int, ...] = (0,)) -> float:
    """Median wall time of `command` over that of `python -c pass`; both run in turns."""
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(_seconds([sys.executable, "-c", "pass"], cwd, (0,)))
        ours.append(_seconds(command, cwd, accept))
    return statistics.median(ours) / statistics.median(bare)


def _seconds(command: Sequence[str], cwd: Path | None, accept: tuple[int, ...]) -> float:
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode not in accept:
        raise SystemExit(f"{command[-1]} ended with {done.returncode}")
    return seconds
