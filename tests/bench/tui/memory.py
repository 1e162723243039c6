"""An hour of a desk's traffic, as fast as it goes: what the app keeps of it."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.tui.homes import hand_out, opened
from tests.bench.tui.seats import seat

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyguard.home import Home

PER_S = 20
LOOKS_PER_S = 2
KEYS = (
    "1",
    "2",
    "down",
    "4",
    "7",
    "up",
    "6",
    "5",
    "7",
    "end",
    "3",
    "colon",
    "escape",
    "2",
    "enter",
    "escape",
)
"""Pressed one after another, one every ten seconds."""
PAGE = 4096


class Kept(NamedTuple):
    """After so many minutes: MiB of the process, and of what Python holds (0 where that is not traced)."""

    minute: int
    resident: float
    traced: float


async def hour(home: Home, minutes: int, tell: Callable[[Kept], None], *, trace: bool) -> None:
    """Write, look, and press a key now and then; tells a figure every tenth of it."""
    begin = 0
    if trace:
        tracemalloc.start()
    with opened(home) as ports:
        async with seat(home, live=False) as (app, pilot):
            for tick in range(minutes * 60 * LOOKS_PER_S + 1):
                if not tick % (minutes * 6 * LOOKS_PER_S):
                    tell(_kept(tick // (60 * LOOKS_PER_S)))
                hand_out(ports, begin, PER_S // LOOKS_PER_S)
                begin += PER_S // LOOKS_PER_S
                await app.look()
                await app.ask_daemon()
                await app.workers.wait_for_complete()
                if not tick % (10 * LOOKS_PER_S):
                    await pilot.press(KEYS[tick // (10 * LOOKS_PER_S) % len(KEYS)])
    tracemalloc.stop()


def _kept(minute: int) -> Kept:
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
    return Kept(minute, resident / 2**20, tracemalloc.get_traced_memory()[0] / 2**20)
