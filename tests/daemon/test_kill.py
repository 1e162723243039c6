"""`kill -9` of the daemon while it hands out: no hand-out without a record, and the next start as ever."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from keyguard.client.aio import AsyncClient
from keyguard.core.errors import DaemonError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.daemon.homes import DaemonHome

ASKING_AT_ONCE = 16
MOMENTS = int(os.environ.get("KEYGUARD_TEST_KILLS", "4"))
"""More by hand: each is another number of hand-outs after which the daemon dies."""


@pytest.mark.timeout(60 + 15 * MOMENTS)
def test_no_hand_out_without_a_record(make: Callable[..., DaemonHome]) -> None:
    home, received = make(), set[str]()
    for moment in range(MOMENTS):
        daemon = home.start()
        received |= asyncio.run(kill_after(home, daemon.pid, 1 + moment * 7))
        daemon.wait()
        with home.opened() as ports:
            leases = {lease.id for lease in ports.inventory.running_leases()}
        records = home.records("handout")
        assert received <= leases  # this process lives, so all of its leases do
        assert len(records) == len(leases)  # written together, or not at all
        assert len(home.records("agent.start")) == moment + 1
        assert home.verify() == len(records) + moment + 1  # and nothing else is in the log
    home.start()
    assert home.running_leases() == len(home.records("handout"))


async def kill_after(home: DaemonHome, pid: int, hand_outs: int) -> set[str]:
    """Ask for more and more, and kill the daemon when so many have arrived; the ids that arrived."""
    received: set[str] = set()

    async def ask(keys: AsyncClient) -> None:
        while True:
            received.add((await keys.get("bot0", fresh=True)).lease)
            if len(received) == hand_outs:
                os.kill(pid, signal.SIGKILL)

    async with AsyncClient(home.home.path) as keys:
        ended = await asyncio.gather(*(ask(keys) for _ in range(ASKING_AT_ONCE)), return_exceptions=True)
    assert all(isinstance(one, DaemonError) for one in ended), ended
    return received
