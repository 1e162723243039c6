"""Removing a key: dead, or said to live on elsewhere; on record first, and whole after a crash."""

from __future__ import annotations

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.keys import VersionStatus
from keyguard.core.people import Role
from keyguard.ports.journal import Workflow
from keyguard.workflows.remove_key import remove
from tests.crash.killing import Fate, Killed, mortal
from tests.fakes.firm import HANA, KIM, Firm
from tests.fakes.world import ACTOR, World


def forget(world, *, actor=ACTOR, ports=None, **how):
    return remove(
        ports or world.ports,
        "desk/bot",
        reason="desk closed",
        actor=actor,
        process_alive=world.process_alive,
        **how,
    )


def dead(world):
    version = world.inventory.live_version(world.key.id)
    world.inventory.set_status(version.id, VersionStatus.DEAD)
    return world


def gone(world):
    return all(key.id != world.key.id for key in world.inventory.keys())  # noqa: SIM118 - of the port


def test_a_dead_key_goes_with_its_secret_and_the_log_tells():
    world = dead(World(with_manager=False))
    version = world.inventory.versions(world.key.id)[0]
    assert version.item in world.store.names()
    forget(world)
    assert gone(world)
    assert version.item not in world.store.names()
    (body,) = world.audit.bodies("key.remove")
    assert (body["key"], body["reason"], body["living"]) == (version.fingerprint, "desk closed", False)
    assert "desk/bot" in list(world.audit.private().values())[-1].decode()


def test_a_living_one_only_where_that_is_said():
    world = World(with_manager=False)
    with pytest.raises(UsageError) as refused:
        forget(world)
    assert refused.value.code == "key.alive"
    assert "key revoke" in refused.value.hint
    assert not gone(world)
    assert world.answers(world.old)
    forget(world, living=True)
    assert world.answers(world.old)  # at the venue nothing was done
    assert world.audit.bodies("key.remove")[0]["living"] is True


def test_nobody_gets_a_living_one_any_more_once_its_removal_is_on_record():
    firm = Firm()
    firm.grant("hana")
    with pytest.raises(Killed):
        forget(firm, actor=KIM, living=True, ports=mortal(firm.ports, dies_at("secrets.delete")))
    assert firm.audit.bodies("key.remove")
    with pytest.raises(UsageError) as refused:
        firm.use(HANA)
    assert refused.value.code == "key.no_live_version"
    forget(firm, actor=KIM, living=True)
    assert gone(firm)


def test_not_while_a_process_holds_it():
    firm = Firm()
    firm.grant("hana")
    given = firm.use(HANA)
    lease = firm.inventory.open_leases(given.version.id)[0]
    firm.alive.add((lease.pid, lease.started))
    with pytest.raises(UsageError) as refused:
        forget(firm, actor=KIM, living=True)
    assert refused.value.code == "key.in_use"
    firm.alive.clear()  # it was killed, and nobody ended its lease
    forget(firm, actor=KIM, living=True)
    assert gone(firm)


def test_a_living_one_is_for_key_administrators():
    firm = Firm()
    firm.declare("lee", roles=[Role.KEY_ADMIN])
    with pytest.raises(UsageError) as refused:
        forget(firm, actor=HANA, living=True)
    assert refused.value.code == "rights.not_admin"
    assert not gone(firm)
    forget(dead(firm), actor=HANA)  # to end what is over nobody needs a role
    assert gone(firm)


def test_its_grants_end_and_a_desks_stay():
    firm = Firm()
    own, desks = firm.grant("hana"), firm.grant("hana", desk="desk")
    forget(dead(firm))
    ends = {grant.id: grant.span.ended_at for grant in firm.people.grants()}
    assert ends[own.id] is not None
    assert ends[desks.id] is None


def test_not_while_a_workflow_is_open_on_it():
    world = dead(World(with_manager=False))
    now = world.clock.now()
    world.journal.open(Workflow("ab" * 8, "rotate", world.key.id, "planned", now, now, {}))
    with pytest.raises(UsageError) as refused:
        forget(world)
    assert refused.value.code == "workflow.open"


def dies_at(name):
    """A fate that ends a removal of a living key before its first call of this name."""
    firm, counting = Firm(), Fate()
    firm.grant("hana")
    forget(firm, actor=KIM, living=True, ports=mortal(firm.ports, counting))
    return Fate(counting.names.index(name) + 1)


def begun():
    firm = Firm()
    firm.grant("hana")
    return dead(firm)


def calls():
    """How many calls that change something a removal takes."""
    firm, fate = begun(), Fate()
    forget(firm, ports=mortal(firm.ports, fate))
    return fate.count


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("at", range(1, calls() + 1))
def test_killed_anywhere_nothing_is_lost_from_the_record_and_it_can_be_removed_again(at, side):
    firm = begun()
    item = firm.inventory.versions(firm.key.id)[0].item
    with pytest.raises(Killed):
        forget(firm, ports=mortal(firm.ports, Fate(at, side)))
    stored = item in firm.store.names()
    assert stored or firm.audit.bodies("key.remove")
    assert not (gone(firm) and stored)
    if not gone(firm):
        forget(firm)
    assert gone(firm)
    assert item not in firm.store.names()
    assert all(grant.span.ended_at is not None for grant in firm.people.grants())
