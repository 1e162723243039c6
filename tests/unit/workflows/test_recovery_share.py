"""A recovery share is recorded before it exists, and stands before it is shown."""

from __future__ import annotations

import pytest

from keyguard.core import share
from keyguard.core.errors import StoreError, UsageError
from keyguard.workflows import recovery_share
from tests.fakes.world import World


def test_a_share_is_recorded_stored_and_locked_for():
    world, locks = World(), {}
    made = recovery_share.make(world.ports, lambda key, name: locks.update({name: key}))
    key = share.key_of(share.read(made.text))
    assert locks == {made.id: key}
    assert world.store.get(recovery_share.SHARES + made.id) == key
    assert recovery_share.listed(world.ports) == (made.id,)
    (body,) = world.audit.bodies("store.rewrap")
    assert body == {"change": "recovery_add", "storage": "encrypted_file", "share": made.id}
    assert made.text.reveal() not in repr(made)


def test_without_a_log_there_is_no_share():
    world = World()
    world.audit.broken = True
    with pytest.raises(StoreError):
        recovery_share.make(world.ports, lambda *_: pytest.fail("locked without a record"))
    assert recovery_share.listed(world.ports) == ()


def test_a_share_is_taken_back_from_lock_and_store():
    world, removed = World(), []
    made = recovery_share.make(world.ports, lambda *_: None)
    recovery_share.revoke(world.ports, made.id, removed.append)
    assert removed == [made.id]
    assert recovery_share.listed(world.ports) == ()
    changes = [body["change"] for body in world.audit.bodies("store.rewrap")]
    assert changes == ["recovery_add", "recovery_remove"]
    with pytest.raises(UsageError) as caught:
        recovery_share.revoke(world.ports, made.id, removed.append)
    assert caught.value.code == "share.unknown"


def test_a_new_passphrase_is_recorded_without_it():
    world = World()
    recovery_share.record_new_passphrase(world.ports)
    assert world.audit.bodies("store.rewrap") == [{"change": "passphrase", "storage": "encrypted_file"}]
