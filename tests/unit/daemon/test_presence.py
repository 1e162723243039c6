from __future__ import annotations

import asyncio
import json

from keyguard.core.errors import StoreError
from keyguard.daemon import presence
from keyguard.daemon.presence import Presence
from keyguard.workflows import identity
from tests.fakes.world import World


class DirectLedger:
    async def write(self, work):
        return work()


def told(world):
    records = [json.loads(entry.record) for entry in world.audit.entries(stream="firm")]
    return [(r["type"], r["body"].get("seq")) for r in records if r["type"].startswith(("agent.", "log.h"))]


def shown(world, namer, hours):
    """Start, look each hour for so many, stop; by a clock of our own."""

    async def main():
        loop = asyncio.get_running_loop()
        began, passed = loop.time(), [0.0]
        loop.time = lambda: began + passed[0]
        one = Presence(world.ports, DirectLedger(), namer, "tokyo-1")
        for _ in range(hours):
            await one.show()
            passed[0] += 3600
        await one.end()

    asyncio.run(main())


def test_start_heartbeats_each_day_and_stop():
    world = World()
    shown(world, lambda venue: identity.names(world.ports, venue), hours=48)
    beats = [("log.heartbeat", 1), ("log.heartbeat", 2)]
    assert told(world) == [("agent.start", None), *beats, ("agent.stop", None)]
    assert presence.HEARTBEAT_S + 60 < 24 * 3600


def test_one_that_starts_locked_tells_of_its_start_once_the_store_is_open():
    world = World()
    turns = iter(range(100))

    def namer(venue):
        if next(turns) < 3:
            raise StoreError("locked", code="store.locked")
        return identity.names(world.ports, venue)

    shown(world, namer, hours=3)
    assert told(world) == []
    shown(world, namer, hours=2)
    assert told(world) == [("agent.start", None), ("agent.stop", None)]


def test_a_log_that_cannot_be_written_is_tried_again(caplog):
    world = World()
    append, failing = world.audit.append, [True]

    def full(*args, **named):
        if failing.pop() if failing else False:
            raise StoreError("no space left", code="store.full")
        return append(*args, **named)

    world.audit.append = full
    shown(world, lambda venue: identity.names(world.ports, venue), hours=2)
    assert told(world) == [("agent.start", None), ("agent.stop", None)]
    assert "store.full" in caplog.text
