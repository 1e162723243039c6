from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import NotStored, StoreError, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.workflows.handout import end, hand_out
from tests.fakes.world import ACTOR, PROCESS, World


def give(world, purpose="quoting"):
    return hand_out(world.ports, "bot", purpose=purpose, mode="env", actor=ACTOR, process=PROCESS)


def test_a_hand_out_is_recorded_and_leased():
    world = World()
    given = give(world)
    assert given.credential == world.old
    (body,) = world.audit.bodies("handout")
    assert body["key"] == given.version.fingerprint
    assert (body["mode"], body["purpose"], body["process"], body["lease_s"]) == ("env", "quoting", "bot", 0)
    assert body["person"].startswith("p_") and body["host"].startswith("h_")
    assert ACTOR.user not in str(body) and ACTOR.host not in str(body)
    (lease,) = world.inventory.open_leases(given.version.id)
    assert (lease.id, lease.pid, lease.started) == (given.lease_id, 4242, "99")
    end(world.ports, given.lease_id)
    assert world.inventory.open_leases(given.version.id) == ()


def test_without_a_record_the_secret_is_not_even_read():
    """Promise 2."""
    world = World()
    world.audit.broken = True
    reads = []
    get = world.store.get
    world.store.get = lambda name: reads.append(name) or get(name)
    with pytest.raises(StoreError, match="audit log"):
        give(world)
    assert not [name for name in reads if name.startswith("version/")]
    assert world.inventory.open_leases(world.inventory.live_version(world.key.id).id) == ()


def test_a_refusal_is_recorded():
    world = World()
    version = world.inventory.live_version(world.key.id)
    world.store.delete(version.item)
    with pytest.raises(NotStored):
        give(world)
    world.inventory.set_status(version.id, VersionStatus.RETIRED)
    with pytest.raises(UsageError, match="no live version"):
        give(world, purpose="")
    reasons = [body["reason"] for body in world.audit.bodies("handout.denied")]
    assert reasons == ["store.missing", "key.no_live_version"]
    assert world.inventory.open_leases(version.id) == ()


def test_an_unknown_key_belongs_to_no_venue_and_leaves_no_record():
    world = World()
    with pytest.raises(UsageError, match="no key"):
        hand_out(world.ports, "nothing", purpose="", mode="env", actor=ACTOR, process=PROCESS)
    assert world.audit.bodies("handout.denied") == []


def test_a_switch_in_between_gives_the_new_version():
    world = World()
    old = world.inventory.live_version(world.key.id)
    new = replace(old, id="ab" * 8, number=2, status=VersionStatus.STAGED)
    world.store.put(new.item, world.store.get(old.item))
    world.inventory.add_version(new)
    add_lease = world.inventory.add_lease

    def switched(lease):
        add_lease(lease)
        world.inventory.switch(world.key.id, new.id)

    world.inventory.add_lease = switched
    assert give(world).version.id == new.id
    assert world.inventory.open_leases(old.id) == ()
    assert len(world.audit.bodies("handout")) == 2


def test_a_key_switched_again_and_again():
    world = World()
    old = world.inventory.live_version(world.key.id)
    versions = [old]
    for number in range(2, 6):
        new = replace(old, id=f"{number:016x}", number=number, status=VersionStatus.STAGED)
        world.store.put(new.item, world.store.get(old.item))
        world.inventory.add_version(new)
        versions.append(new)
    waiting = iter(versions[1:])
    add_lease = world.inventory.add_lease

    def switched(lease):
        add_lease(lease)
        world.inventory.switch(world.key.id, next(waiting).id)

    world.inventory.add_lease = switched
    with pytest.raises(UsageError, match="again and again"):
        give(world)
