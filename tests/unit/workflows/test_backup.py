"""What belongs to a backup while others write, and what a restored log says."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest

from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.secret import Secret
from keyguard.workflows import backup
from keyguard.workflows.backup import LogHead, Origin
from tests.fakes.world import World


def head_of(world) -> LogHead:
    verified = world.audit.verify()
    return LogHead(verified.records, verified.chain.hex())


def origin_of(world) -> Origin:
    return Origin("bk_" + "0" * 16, world.clock.now(), head_of(world))


class TestCollecting:
    def collected(self, world, during=lambda: None):
        taken = []

        @contextmanager
        def snapshot():
            taken.append(1)
            during()
            yield world.inventory

        with backup.collected(world.store, snapshot) as found:
            return found, len(taken)

    def test_everything_is_there(self):
        world = World()
        found, snapshots = self.collected(world)
        assert set(found.items) == set(world.store.names())
        assert (found.missing, snapshots) == ((), 1)
        assert "FAKE" not in repr(found)

    def test_what_comes_and_goes_meanwhile_is_in_it(self):
        world = World()
        gone = world.store.names()[0]
        value = world.store.get(gone)

        def during():
            world.store.put("version/new", Secret("FAKE new"))
            world.store.delete(gone)

        found, _ = self.collected(world, during)
        assert found.items[gone] == value
        assert found.items["version/new"].reveal() == "FAKE new"

    def test_a_live_item_that_came_and_went_asks_for_another_snapshot(self):
        world = World()
        live = world.inventory.live_version(world.key.id)
        value = world.store.get(live.item)
        world.store.delete(live.item)
        calls = []

        def during():
            calls.append(1)
            if len(calls) == 2:
                world.store.put(live.item, value)

        found, snapshots = self.collected(world, during)
        assert (snapshots, found.missing) == (2, ())

    def test_what_the_store_lacks_is_named(self):
        world = World()
        world.store.delete(world.inventory.live_version(world.key.id).item)
        found, snapshots = self.collected(world)
        assert (snapshots, found.missing) == (3, (world.key.name,))

    def test_an_item_that_goes_while_it_is_read_is_passed_over(self):
        world = World()
        names = world.store.names()
        world.store.names = lambda: (*names, "version/gone")
        found, _ = self.collected(world)
        assert "version/gone" not in found.items


class TestHonesty:
    def test_the_gap_is_told_where_nobody_knows_the_newest_head(self):
        world = World()
        origin = origin_of(world)
        world.clock.sleep(3600)
        told = backup.tell_restored(world.ports, origin, None)
        assert (told.whole, told.lost) == (False, None)
        (gap,) = world.audit.bodies("log.gap")
        assert gap["cause"] == "restored from a backup"
        assert gap["from"] < gap["to"]
        assert world.audit.types()[-2:] == ["log.restore", "log.gap"]
        assert backup.restorations(world.audit) == (told,)

    def test_a_head_within_the_backup_proves_it_whole(self):
        world = World()
        known = head_of(world)
        backup.note(world.ports, 3)
        told = backup.tell_restored(world.ports, origin_of(world), known)
        assert (told.whole, told.lost) == (True, None)
        assert world.audit.bodies("log.gap") == []

    def test_a_head_beyond_it_counts_what_is_lost(self):
        world = World()
        origin = origin_of(world)
        known = LogHead(origin.head.records + 7, "ab" * 32)
        told = backup.tell_restored(world.ports, origin, known)
        assert (told.whole, told.lost) == (False, 7)
        (body,) = world.audit.bodies("log.restore")
        assert body["lost"] == 7

    def test_a_head_that_contradicts_it_stops_everything(self):
        world = World()
        origin = origin_of(world)
        before = head_of(world)
        with pytest.raises(IntegrityError) as caught:
            backup.tell_restored(world.ports, origin, LogHead(origin.head.records, "ab" * 32))
        assert caught.value.code == "log.forked"
        assert head_of(world) == before

    def test_a_log_that_went_on_after_a_restore_does_not_pass_for_the_old_one(self):
        world = World()
        origin = origin_of(world)
        backup.tell_restored(world.ports, origin, None)
        other = LogHead(origin.head.records + 1, "cd" * 32)  # what the lost log had there
        with pytest.raises(IntegrityError) as caught:
            backup.demand_head(world.audit, other)
        assert "this log was restored on" in caught.value.still

    def test_a_log_that_is_shorter_than_a_noted_head_is_told(self):
        world = World()
        known = head_of(world)
        with pytest.raises(IntegrityError) as caught:
            backup.demand_head(world.audit, LogHead(known.records + 1, known.chain))
        assert (caught.value.code, caught.value.still) == ("log.short", "")
        backup.demand_head(world.audit, known)

    def test_a_clock_behind_the_backup_makes_no_gap_that_ends_before_it_begins(self):
        world = World()
        origin = origin_of(world)
        ahead = Origin(origin.backup, origin.made_at + timedelta(hours=1), origin.head)
        backup.tell_restored(world.ports, ahead, None)
        (gap,) = world.audit.bodies("log.gap")
        assert gap["from"] == gap["to"]


@pytest.mark.parametrize("text", ["", "12", "0:" + "a" * 64, "1:abc", f"1:{'A' * 64}", f"-1:{'a' * 64}"])
def test_a_head_out_of_form_is_refused(text):
    with pytest.raises(UsageError) as caught:
        backup.parse_head(text)
    assert caught.value.code == "log.head"
    assert backup.parse_head("12:" + "a" * 64) == LogHead(12, "a" * 64)
