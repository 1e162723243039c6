"""Many rotations: one that fails keeps no other waiting, a store that is locked ends them all."""

from __future__ import annotations

import pytest

from keyguard.core.errors import StoreError
from keyguard.ports.journal import Workflow
from keyguard.workflows.rotate import Options
from keyguard.workflows.rotate_each import rotate_each
from tests.fakes.world import ACTOR, World

LEAVER = Options(overlap_s=0, reason="leaver")


def each(world, *keys):
    return rotate_each(world.ports, keys, LEAVER, actor=ACTOR, process_alive=world.process_alive)


def test_what_fails_is_told_and_the_others_are_done():
    world = World()
    busy = world.inventory.find_key("ops/manager")
    now = world.clock.now()
    world.journal.open(Workflow("ab" * 8, "rotate", busy.id, "planned", now, now, {}))
    told = each(world, busy, world.key)
    assert list(told.failed) == [busy.name]
    assert "workflow resume" in told.failed[busy.name].hint
    assert [workflow.state for workflow in told.done.values()] == ["buried"]
    assert list(told.done) == [world.key.name]
    assert not world.answers(world.old)
    (rotated,) = world.audit.bodies("key.rotate")
    assert rotated["reason"] == "leaver"


def test_a_locked_store_ends_them_all():
    world = World()
    world.store.broken = True
    with pytest.raises(StoreError):
        each(world, world.key)


def test_none_is_nothing():
    told = each(World())
    assert (told.done, told.failed) == ({}, {})
