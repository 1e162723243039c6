"""`kill -9` of the daemon while it hands out: no hand-out without a record, and the next start as ever."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from collections import Counter
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from keyguard.client.aio import AsyncClient
from keyguard.core.errors import DaemonError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.daemon.homes import DaemonHome

ASKING_AT_ONCE = 16
MOMENTS = int(os.environ.get("KEYGUARD_TEST_KILLS", "4"))
"""More by hand: each is another number of hand-outs after which the daemon dies, at another moment of the
next one."""
SEED = 20261121


@pytest.mark.timeout(60 + 15 * MOMENTS)
def test_no_hand_out_without_a_record(make: Callable[..., DaemonHome]) -> None:
    """Half of the leases are ended as soon as they are received, so that ends are killed too."""
    home, received, ended = make(), set[str](), set[str]()
    chance, starts = Random(SEED), list[float]()
    records: list[str] = []
    for moment in range(MOMENTS):
        begun = perf_counter()
        daemon = home.start()
        starts.append(perf_counter() - begun)
        now, over = asyncio.run(kill_after(home, daemon.pid, chance.randrange(1, 120), chance.random() / 200))
        received, ended = received | now, ended | over
        daemon.wait()
        records, leases = [record["type"] for record in home.records("")], every_lease(home)
        kinds = Counter(records)
        assert received <= leases.keys()
        assert len(leases) == kinds["handout"]  # written together, or not at all
        assert all(leases[lease] for lease in ended)  # what was said to have ended, has
        assert kinds["agent.start"] == moment + 1
        assert set(kinds) == {"handout", "agent.start"}  # and nothing else is in the log
        assert home.verify() == len(records)
    home.start()
    assert home.running_leases() == sum(end is None for end in every_lease(home).values())
    if MOMENTS > 4:
        told = f"{MOMENTS} kills, {len(received)} hand-outs received, {records.count('handout')} recorded"
        sys.stderr.write(f"\n{told}; starts: median {sorted(starts)[MOMENTS // 2]:.2f} s, ")
        sys.stderr.write(f"worst {max(starts):.2f} s\n")


def every_lease(home: DaemonHome) -> dict[str, str | None]:
    """The leases on disk, and when they ended."""
    with contextlib.closing(sqlite3.connect(home.home.database_file)) as database:
        return dict(database.execute("SELECT id, ended_at FROM leases").fetchall())


async def kill_after(home: DaemonHome, pid: int, hand_outs: int, later_s: float) -> tuple[set[str], set[str]]:
    """Ask for more and more, and kill the daemon some milliseconds after so many have arrived; the ids that
    arrived, and of them those whose end was answered."""
    received, ended = set[str](), set[str]()

    def kill() -> None:
        os.kill(pid, signal.SIGKILL)

    async def ask(keys: AsyncClient, number: int) -> None:
        while True:
            key = await keys.get("bot0", fresh=True)
            received.add(key.lease)
            if len(received) == hand_outs:
                asyncio.get_running_loop().call_later(later_s, kill)
            if number % 2:
                await keys.end(key)
                ended.add(key.lease)

    async with AsyncClient(home.home.path) as keys:
        over = await asyncio.gather(
            *(ask(keys, number) for number in range(ASKING_AT_ONCE)), return_exceptions=True
        )
    assert all(isinstance(one, DaemonError) for one in over), over
    return received, ended
