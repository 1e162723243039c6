"""Killed before or after any effect of a move, and run again: every secret is in the store the home uses."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.core.errors import IntegrityError, StoreError, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.core.secret import Secret
from keyguard.workflows.migrate import Move, Side, abandon, migrate, rehearse, unfinished
from tests.crash.killing import Fate, Killed, mortal
from tests.fakes.memory_store import MemoryStore
from tests.fakes.world import World

SIDES = ("before", "after")


class OtherStore(MemoryStore):
    kind = "os_keyring"


class Disk:
    """What survives a process: two stores, and which one the home uses."""

    def __init__(self) -> None:
        self.world = World()
        self.world.store.put("system/journal-key", Secret("FAKE" + "j" * 60))
        self.target = OtherStore()
        self.made = False
        self.uses = "source"
        self.cleared = []
        self.expected = {name: secret.reveal() for name, secret in self.world.store.items.items()}

    @property
    def current(self):
        return self.world.store if self.uses == "source" else self.target

    def move(self, fate=None) -> Move:
        fate = fate or Fate()

        def make():
            self.made = True

        def switch():
            self.uses = "target"

        def side(name, store):
            def fill(items):
                for item, secret in items.items():
                    fate.call(f"{name}.put", store.put, item, secret)

            mortal_store = MortalStore(name, store, fate)

            def clear():
                for item in store.names():
                    mortal_store.delete(item)
                fate.call(f"{name}.clear", self.cleared.append, name)

            return Side(
                store=mortal_store,
                held=store.names,
                make=lambda: fate.call(f"{name}.make", make),
                fill=fill,
                finish=lambda: fate.call(f"{name}.finish", lambda: None),
                clear=clear,
            )

        @contextmanager
        def frozen():
            yield

        return Move(
            source=side("source", self.world.store),
            target=side("target", self.target),
            frozen=frozen,
            switched=lambda: self.uses == "target",
            switch=lambda: fate.call("home.write", switch),
        )

    def run(self, fate=None, *, delete_source=True):
        fate = fate or Fate()
        return migrate(mortal(self.world.ports, fate), self.move(fate), delete_source=delete_source)

    def nothing_lost(self) -> None:
        held = {name: secret.reveal() for name, secret in self.current.items.items()}
        assert held == self.expected

    def stages(self) -> list[str]:
        return [body["stage"] for body in self.world.audit.bodies("store.migrate")]


class MortalStore:
    def __init__(self, name, store, fate) -> None:
        self._name, self._store, self._fate = name, store, fate
        self.kind = store.kind

    def get(self, name):
        return self._store.get(name)

    def names(self):
        return self._store.names()

    def put(self, name, secret):
        self._fate.call(f"{self._name}.put", self._store.put, name, secret)

    def delete(self, name):
        self._fate.call(f"{self._name}.delete", self._store.delete, name)


def points() -> int:
    fate = Fate()
    Disk().run(fate)
    return fate.count


def test_a_clean_run_moves_everything_and_says_so_before_each_effect():
    disk, fate = Disk(), Fate()
    disk.run(fate)
    disk.nothing_lost()
    assert disk.uses == "target"
    assert disk.world.store.items == {}
    assert disk.cleared == ["source"]
    assert disk.stages() == ["begun", "switched", "source_cleared"]
    order = fate.names
    records = [at for at, name in enumerate(order) if name == "audit.append"]
    assert order[records[0] + 1] == "target.make"
    assert order[records[1] + 1] == "home.write"
    assert order[records[2] + 1] == "source.delete"
    assert all("FAKE" not in json.dumps(body) for body in disk.world.audit.bodies("store.migrate"))


def test_killed_at_every_point():
    total = points()
    assert total >= 20
    for at in range(1, total + 1):
        for side in SIDES:
            disk = Disk()
            with pytest.raises(Killed):
                disk.run(Fate(at, side))
            disk.nothing_lost()
            if disk.uses == "source":
                assert set(disk.expected) == set(disk.world.store.names())
            disk.run()
            disk.nothing_lost()
            assert disk.uses == "target"
            assert disk.world.store.items == {}
            assert unfinished(disk.world.ports) is None
            assert disk.stages().count("switched") == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.sampled_from(SIDES)), min_size=2, max_size=5))
def test_killed_again_while_recovering(deaths):
    disk = Disk()
    for at, side in deaths:
        try:
            disk.run(Fate(at, side))
        except Killed:
            disk.nothing_lost()
    disk.run()
    disk.nothing_lost()
    assert disk.uses == "target"


def test_given_up_at_every_point_before_the_switch():
    given_up = 0
    for at in range(1, points() + 1):
        disk = Disk()
        with pytest.raises(Killed):
            disk.run(Fate(at, "after"))
        if disk.uses == "target" or unfinished(disk.world.ports) is None:
            continue
        fate = Fate(given_up + 1, "before")
        try:
            abandon(mortal(disk.world.ports, fate), disk.move(fate))
        except Killed:
            abandon(disk.world.ports, disk.move())
        given_up += 1
        assert disk.target.items == {}
        assert unfinished(disk.world.ports) is None
        disk.nothing_lost()
        disk.run()
        disk.nothing_lost()
    assert given_up > 5


def test_nothing_is_given_up_where_nothing_moves_or_the_home_has_switched():
    disk = Disk()
    with pytest.raises(UsageError) as caught:
        abandon(disk.world.ports, disk.move())
    assert caught.value.code == "store.not_moving"
    fate = Fate()
    fate.at = next(n for n in range(1, points() + 1) if _name_at(n) == "home.write")
    fate.side = "after"
    with pytest.raises(Killed):
        disk.run(fate)
    with pytest.raises(UsageError) as caught:
        abandon(disk.world.ports, disk.move())
    assert caught.value.code == "workflow.too_late"


def _name_at(number: int) -> str:
    fate = Fate()
    Disk().run(fate)
    return fate.names[number - 1]


def test_the_source_stays_until_it_is_cleared_by_a_later_run():
    disk = Disk()
    moved = disk.run(delete_source=False)
    assert (moved.items, moved.resumed, moved.cleared) == (len(disk.expected), False, False)
    assert set(disk.world.store.names()) == set(disk.expected)
    gone = sorted(disk.expected)[0]
    disk.target.delete(gone)  # by a command that uses the new store
    del disk.expected[gone]
    assert disk.run(delete_source=True).cleared
    assert disk.world.store.items == {}
    disk.nothing_lost()


def test_a_live_secret_that_only_the_source_has_is_never_cleared():
    disk = Disk()
    disk.run(delete_source=False)
    live = disk.world.inventory.live_version(disk.world.key.id)
    disk.target.delete(live.item)
    with pytest.raises(IntegrityError) as caught:
        disk.run(delete_source=True)
    assert caught.value.code == "store.differs"
    assert live.item in disk.world.store.items
    disk.world.inventory.set_status(live.id, VersionStatus.DEAD)
    disk.run(delete_source=True)
    assert disk.world.store.items == {}


def test_what_changes_while_it_copies_is_caught_up_with():
    disk = Disk()
    move = disk.move()

    @contextmanager
    def frozen():
        gone = "system/journal-key"
        disk.world.store.delete(gone)
        disk.world.store.put("version/late", Secret("FAKE late"))
        del disk.expected[gone]
        disk.expected["version/late"] = "FAKE late"
        yield

    changed = Move(move.source, move.target, frozen, move.switched, move.switch)
    migrate(disk.world.ports, changed, delete_source=False)
    disk.nothing_lost()


def test_a_store_that_returns_something_else_is_not_switched_to():
    disk = Disk()
    real = disk.target.get
    disk.target.get = lambda name: Secret(real(name).reveal() + "x")
    with pytest.raises(IntegrityError) as caught:
        disk.run()
    assert "FAKE" not in str(caught.value)
    assert disk.uses == "source"
    disk.nothing_lost()


def test_a_target_with_items_of_its_own_is_refused_before_anything_is_written():
    disk = Disk()
    disk.target.put("version/stranger", Secret("FAKE stranger"))
    for act in (disk.run, lambda: rehearse(disk.move())):
        with pytest.raises(StoreError) as caught:
            act()
        assert caught.value.code == "store.not_empty"
    assert disk.stages() == []
    assert unfinished(disk.world.ports) is None


def test_a_rehearsal_changes_nothing():
    disk, fate = Disk(), Fate()
    assert rehearse(disk.move(fate)) == len(disk.expected)
    assert fate.count == 0
    assert disk.stages() == []
