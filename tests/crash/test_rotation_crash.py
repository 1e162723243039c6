"""Promise 4: killed at any call that changes something, every workflow converges after a restart.

A clean run counts the changing calls. Then for each of them and both sides: run, die, restart on what a real
disk would hold, resume, and look at the venue, the store, the inventory, the journal and the log.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.core.errors import KeyguardError, OutcomeUnknown, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.workflows import credentials
from keyguard.workflows.enrol import Declared, enrol, orphans
from keyguard.workflows.recovery import cancel, resume
from keyguard.workflows.revoke import revoke
from keyguard.workflows.rotate import Options, rotate
from tests.crash.killing import Fate, Killed, mortal
from tests.fakes.world import ACTOR, World

WORLDS = {
    "manager": {},
    "two effects": {"variant": "two_step"},
    "one-time code": {"variant": "one_time_code"},
    "itself": {"with_manager": False, "self_managed": True},
    "ambiguous": {"ambiguous": True},
    "slow": {"delay_s": 5.0},
    "slow two effects": {"variant": "two_step", "delay_s": 5.0},
    "disable only": {"variant": "disable_only"},
    "guided": {"variant": "guided"},
    "guided, slow": {"variant": "guided", "delay_s": 5.0},
    "guided, no list": {"variant": "blind"},
    "guided, no list, ambiguous": {"variant": "blind", "ambiguous": True},
}
SIDES = ("before", "after")


def start(world, fate=None):
    ports = mortal(world.ports, fate or Fate())
    return rotate(ports, "bot", Options(overlap_s=0), actor=ACTOR, process_alive=world.process_alive)


def go_on(world, fate=None):
    """Restart: resume what is unfinished, or begin anew if nothing was begun."""
    ports = mortal(world.ports, fate or Fate())
    unfinished = ports.journal.workflows(unfinished=True)
    if unfinished:
        return resume(ports, unfinished[0].id, actor=ACTOR, process_alive=world.process_alive)
    if world.journal.workflows():
        return world.journal.workflows()[-1]
    return start(world, fate)


def check_buried(world):
    key = world.key
    live = world.inventory.live_version(key.id)
    new = credentials.load(world.ports, live)
    assert live.public_id != world.old.key
    assert world.answers(new), "the new key works and its secret is stored"
    world.clock.sleep(60)
    assert not world.answers(world.old), "the old key is dead"
    working = [k.public_id for k in world.exchange.working()]
    assert working == [live.public_id], "exactly one key works, and we know it"
    assert world.exchange.most_alike == 1, "nothing was created twice blindly"
    (held,) = world.exchange.working()
    assert set(held.ips) == {"203.0.113.7"}
    statuses = {v.public_id: v.status for v in world.inventory.versions(key.id)}
    assert statuses == {world.old.key: VersionStatus.DEAD, live.public_id: VersionStatus.LIVE}
    kept = {n for n in world.store.items if n.startswith("version/")}
    known = world.inventory.keys()
    assert kept == {world.inventory.live_version(k.id).item for k in known}, "one secret a key, no more"
    assert world.journal.all_calls() == (), "no sealed reply is left"
    (workflow,) = world.journal.workflows()
    assert (workflow.state, workflow.finished) == ("buried", True)
    check_log(world, old=True)
    check_no_secret_in(workflow.data, world)


def check_log(world, *, old):
    fingerprints = {v.public_id: v.fingerprint for v in world.inventory.versions(world.key.id)}
    live = world.inventory.live_version(world.key.id).fingerprint
    registered = [body["key"] for body in world.audit.bodies("key.register")]
    assert registered.count(live) == 1
    (rotation,) = world.audit.bodies("key.rotate")
    assert (rotation["old"], rotation["new"]) == (fingerprints[world.old.key], live)
    if old:
        revoked = [b for b in world.audit.bodies("key.revoke") if b["key"] == fingerprints[world.old.key]]
        proofs = [b for b in world.audit.bodies("key.revoke_confirmed") if b["key"] == revoked[0]["key"]]
        assert (len(revoked), len(proofs)) == (1, 1)
        types = world.audit.types()
        assert types.index("key.rotate") < types.index("key.revoke_confirmed")


def check_no_secret_in(data, world):
    for held in world.exchange.keys.values():
        assert held.secret not in str(data)
        assert held.secret not in str(world.person.told)


def points(settings):
    fate = Fate()
    start(World(**settings), fate)
    return fate.count


@pytest.mark.parametrize("name", WORLDS)
def test_a_clean_run_is_buried(name):
    world = World(**WORLDS[name])
    start(world)
    check_buried(world)


@pytest.mark.parametrize("name", WORLDS)
def test_killed_at_every_point(name):
    total = points(WORLDS[name])
    assert total > 20
    for at in range(1, total + 1):
        for side in SIDES:
            world = World(**WORLDS[name])
            with pytest.raises(Killed):
                start(world, Fate(at, side))
            go_on(world)
            check_buried(world)


@pytest.mark.parametrize("name", WORLDS)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_killed_again_while_recovering(name, data):
    world = World(**WORLDS[name])
    deaths = data.draw(
        st.lists(st.tuples(st.integers(1, 45), st.sampled_from(SIDES)), min_size=2, max_size=4)
    )
    for at, side in deaths:
        try:
            go_on(world, Fate(at, side))
        except Killed:
            continue
    go_on(world)
    check_buried(world)


def test_a_lost_key_is_found_behind_one_just_removed_that_the_list_still_shows():
    world = World(**WORLDS["guided, slow"])
    for at in (6, 2, 2, 2):
        with pytest.raises(Killed):
            go_on(world, Fate(at, "after"))
    go_on(world)
    check_buried(world)


@pytest.mark.parametrize("name", [n for n in WORLDS if "guided" not in n])
@pytest.mark.parametrize("side", SIDES)
def test_every_effect_times_out(name, side):
    number = 0
    while True:
        number += 1
        world = World(**WORLDS[name])
        world.gateway.timeouts = {number: side}
        try:
            start(world)
            break
        except OutcomeUnknown as error:
            (workflow,) = world.journal.workflows(unfinished=True)
            assert error.hint == f"keyguard workflow resume {workflow.id}"
            assert error.still
        go_on(world)
        check_buried(world)
    assert number > 2


@pytest.mark.parametrize("name", ["manager", "two effects", "slow"])
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_time_outs_and_deaths_together(name, data):
    world = World(**WORLDS[name])
    sides = st.sampled_from(SIDES)
    world.gateway.timeouts = data.draw(st.dictionaries(st.integers(1, 6), sides, max_size=4))
    for _ in range(4):
        try:
            go_on(world, Fate(data.draw(st.integers(1, 60)), data.draw(sides)))
        except (Killed, OutcomeUnknown):
            continue
    for _ in range(6):
        try:
            go_on(world)
        except OutcomeUnknown:
            continue
        break
    check_buried(world)


@pytest.mark.parametrize("name", WORLDS)
def test_cancelled_after_dying_at_every_point(name):
    """Either it is too late and resuming buries the old key, or nothing of the new one is left."""
    cancelled = 0
    for at in range(1, points(WORLDS[name]) + 1):
        for side in SIDES:
            world = World(**WORLDS[name])
            with pytest.raises(Killed):
                start(world, Fate(at, side))
            unfinished = world.journal.workflows(unfinished=True)
            if not unfinished:
                continue
            try:
                cancel(world.ports, unfinished[0].id, actor=ACTOR, process_alive=world.process_alive)
            except UsageError as error:
                assert error.code == "workflow.too_late"
                go_on(world)
                check_buried(world)
                continue
            cancelled += 1
            check_untouched(world)
    assert cancelled > 10


def check_untouched(world):
    assert world.inventory.live_version(world.key.id).public_id == world.old.key
    world.clock.sleep(60)
    assert [k.public_id for k in world.exchange.working()] == [world.old.key]
    assert world.answers(credentials.load(world.ports, world.inventory.live_version(world.key.id)))
    assert world.journal.all_calls() == ()
    assert orphans(world.ports) == ()
    for version in world.inventory.versions(world.key.id):
        if version.public_id != world.old.key:
            assert version.status is VersionStatus.DEAD
            assert version.item not in world.store.items
    (workflow,) = world.journal.workflows()
    assert (workflow.state, workflow.finished) == ("aborted", True)


@pytest.mark.parametrize("name", ["manager", "guided", "two effects"])
def test_cancelling_dies_too(name):
    """Die when the key is proven, then die at every point of the cancellation, then resume it."""

    def proven():
        world = World(**WORLDS[name])
        with pytest.raises(Killed):
            start(world, _at_state(world, "proven"))
        return world, world.journal.workflows()[0].id

    fate = Fate()
    world, workflow_id = proven()
    cancel(mortal(world.ports, fate), workflow_id, actor=ACTOR, process_alive=world.process_alive)
    check_untouched(world)
    for at in range(1, fate.count + 1):
        for side in SIDES:
            world, workflow_id = proven()
            ports = mortal(world.ports, Fate(at, side))
            with pytest.raises(Killed):
                cancel(ports, workflow_id, actor=ACTOR, process_alive=world.process_alive)
            if world.journal.workflow(workflow_id).state == "proven":
                cancel(world.ports, workflow_id, actor=ACTOR, process_alive=world.process_alive)
            resume(world.ports, workflow_id, actor=ACTOR, process_alive=world.process_alive)
            check_untouched(world)


@pytest.mark.parametrize("name", ["manager", "guided"])
def test_a_key_is_rotated_after_a_rotation_that_was_given_up(name):
    world = World(**WORLDS[name])
    with pytest.raises(Killed):
        start(world, _at_state(world, "proven"))
    cancel(world.ports, world.journal.workflows()[0].id, actor=ACTOR, process_alive=world.process_alive)
    assert start(world).state == "buried"
    live = world.inventory.live_version(world.key.id)
    assert [version.number for version in world.inventory.versions(world.key.id)] == [1, 2, 3]
    assert [key.public_id for key in world.exchange.working()] == [live.public_id]


def _at_state(world, state):
    """A fate that strikes when the journal has reached a state."""

    class AtState(Fate):
        def call(self, name, function, *args, **kwargs):
            result = super().call(name, function, *args, **kwargs)
            if name == "journal.advance" and world.journal.workflows()[0].state == state:
                raise Killed(state)
            return result

    return AtState()


@pytest.mark.parametrize("variant", ["full", "disable_only", "guided"])
def test_revocation_killed_at_every_point(variant):
    def build():
        world = World(variant)
        if variant == "guided":  # the control call needs another key of the venue
            enrol(
                world.ports, Declared("examplex", "ops", "other", "kim"), world.exchange.make("o", ["view"])
            )
            world.clock.sleep(60)
        return world

    def begin(world, fate):
        return revoke(
            mortal(world.ports, fate),
            "bot",
            reason="leak",
            manager="",
            actor=ACTOR,
            process_alive=world.process_alive,
        )

    fate = Fate()
    begin(build(), fate)
    for at in range(1, fate.count + 1):
        for side in SIDES:
            world = build()
            with pytest.raises(Killed):
                begin(world, Fate(at, side))
            if world.journal.workflows(unfinished=True):
                go_on(world)
            elif not world.journal.workflows():
                begin(world, Fate())
            assert not world.answers(world.old)
            (version,) = world.inventory.versions(world.key.id)
            assert version.status is VersionStatus.DEAD
            assert version.item not in world.store.items
            assert len(world.audit.bodies("key.revoke_confirmed")) == 1
            assert len(world.audit.bodies("key.revoke")) == 1
            assert world.journal.all_calls() == ()


def test_enrolment_killed_at_every_point():
    def begin(world, credential, fate):
        return enrol(mortal(world.ports, fate), Declared("examplex", "desk", "second", "kim"), credential)

    def build():
        world = World()
        return world, world.exchange.make("second", ["view", "payout"])

    fate = Fate()
    begin(*build(), fate)
    for at in range(1, fate.count + 1):
        for side in SIDES:
            world, credential = build()
            with pytest.raises(Killed):
                begin(world, credential, Fate(at, side))
            try:
                key = begin(world, credential, Fate()).key
            except UsageError as error:  # it had come through all the same
                assert error.code == "key.known"
                key = world.inventory.find_key("second")
            version = world.inventory.live_version(key.id)
            assert credentials.load(world.ports, version) == credential
            assert orphans(world.ports) == ()
            registered = [b["key"] for b in world.audit.bodies("key.register")]
            assert registered.count(version.fingerprint) == 1


def test_killed_is_not_an_error_anybody_handles():
    assert not issubclass(Killed, KeyguardError | Exception)
