"""Bots that trade without a pause while their key is rotated: no request fails. `make soak-rotation` does
the same with real processes; here time passes by the rotation's own waits."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from keyguard.core.keys import VersionStatus
from keyguard.ports.inventory import Lease
from keyguard.workflows import credentials
from keyguard.workflows.rotate import Options, rotate
from tests.fakes.world import ACTOR, World

BOTS, ROTATIONS = 4, 10
STEP = timedelta(milliseconds=20)  # 50 requests a second
LOOKS = 13  # steps between two looks for a new version: the daemon tells of one within a quarter second
ON_ITS_WAY = timedelta(milliseconds=900)  # from signing a request to its arrival at the venue


class Bot:
    """What a program with `keyguard.client`'s `watch` does, in steps."""

    def __init__(self, world, number) -> None:
        self.world, self.number, self.leases = world, number, 0
        self.under_way = deque()
        self.failed, self.sent, self.switches = [], 0, 0
        self.world.alive.add((number, "1"))
        self.version, self.lease = self._take()

    def step(self, count) -> None:
        if (count + 3 * self.number) % LOOKS == 0:
            self._look()
        now = self.world.clock.now()
        self.under_way.append((now + ON_ITS_WAY, self.credential))
        while self.under_way and self.under_way[0][0] <= now:
            self.sent += 1
            _, credential = self.under_way.popleft()
            if not self.world.answers(credential):
                self.failed.append(credential.key)

    def _look(self) -> None:
        live = self.world.inventory.live_version(self.world.key.id)
        if live.id != self.version.id:
            old = self.lease
            self.version, self.lease = self._take()
            self.world.inventory.end_lease(old, self.world.clock.now())
            self.switches += 1

    def _take(self):
        version = self.world.inventory.live_version(self.world.key.id)
        self.leases += 1
        lease = f"lease{self.number}-{self.leases}"
        row = Lease(lease, version.id, self.number, "1", "bot", self.world.clock.now(), host=ACTOR.host)
        self.world.inventory.add_lease(row)
        self.credential = credentials.load(self.world.ports, version)
        return version, lease


def trading(world) -> list[Bot]:
    """Bots that do their steps whenever the rotation lets time pass."""
    bots, passing, count = [Bot(world, number) for number in range(BOTS)], world.clock.sleep, 0

    def sleep(seconds) -> None:
        nonlocal count
        until = world.clock.now() + timedelta(seconds=seconds)
        while world.clock.now() < until:
            passing(min(STEP, until - world.clock.now()).total_seconds())
            count += 1
            for bot in bots:
                bot.step(count)

    world.clock.sleep = sleep
    return bots


@pytest.mark.parametrize("variant", ["full", "guided"])
def test_no_request_fails_while_keys_rotate(variant):
    world = World(variant, delay_s=2)
    world.exchange.dead_delay = timedelta(0)  # whoever still uses the old one is refused at once
    world.clock.sleep(60)
    bots = trading(world)
    rotations = ROTATIONS if variant == "full" else 2
    for _ in range(rotations):
        done = rotate(
            world.ports, "bot", Options(overlap_s=60), actor=ACTOR, process_alive=world.process_alive
        )
        assert done.state == "buried"
    world.clock.sleep(1)
    assert [bot.failed for bot in bots] == [[]] * BOTS
    assert [bot.switches for bot in bots] == [rotations] * BOTS
    assert all(bot.sent > 50 * 2 * rotations for bot in bots)


def test_who_holds_on_to_the_old_key_has_it_until_the_deadline():
    world = World("full", delay_s=2)
    world.clock.sleep(60)
    (bot, *_) = trading(world)
    bot._look = lambda: None  # it never looks
    began = world.clock.now()
    done = rotate(world.ports, "bot", Options(overlap_s=60), actor=ACTOR, process_alive=world.process_alive)
    assert done.state == "buried"
    assert world.clock.now() - began >= timedelta(seconds=60)
    statuses = [version.status for version in world.inventory.versions(world.key.id)]
    assert statuses == [VersionStatus.DEAD, VersionStatus.LIVE]
    assert "the overlap has passed; still running with the old key bot (pid 0)" in world.person.told


@pytest.mark.parametrize(("overlap_s", "waits"), [(60, True), (0, False)])
def test_the_switch_waits_until_a_new_key_counts_everywhere(overlap_s, waits):
    world = World("full")
    facts = replace(world.exchange.adapter.facts, propagation=timedelta(minutes=5))
    world.exchange.adapter = replace(world.exchange.adapter, facts=facts)
    options = Options(overlap_s=overlap_s)
    done = rotate(world.ports, "bot", options, actor=ACTOR, process_alive=world.process_alive)
    made = world.inventory.live_version(world.key.id).created_at
    switched = datetime.fromisoformat(done.data["switched_at"])
    assert (switched - made >= timedelta(minutes=5)) is waits
