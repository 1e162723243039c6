from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.workflows import identity
from keyguard.workflows.handout_batch import Permit, Recorded, Wanted, record, withdraw
from tests.fakes.world import ACTOR, PROCESS, World


def wanted(key_name="bot", purpose=""):
    return Wanted(key_name, purpose, "socket", 60, ACTOR, PROCESS)


def anybody(use):
    return Permit(use.actor.user)


def namer(world):
    return lambda venue: identity.names(world.ports, venue)


def test_many_hand_outs_are_recorded_and_leased_together():
    world = World()
    first, second = record(world.ports, namer(world), anybody, [wanted(purpose="quoting"), wanted()])
    assert isinstance(first, Recorded) and first.key == world.key
    bodies = world.audit.bodies("handout")
    assert [body.get("purpose") for body in bodies] == ["quoting", None]
    assert {(body["mode"], body["lease_s"], body["process"]) for body in bodies} == {("socket", 60, "bot")}
    leases = world.inventory.running_leases()
    assert {lease.id for lease in leases} == {first.lease_id, second.lease_id}
    assert {(lease.pid, lease.started) for lease in leases} == {(4242, "99")}


def test_what_is_refused_is_denied_in_the_log_and_spoils_no_other():
    world = World()
    no = UsageError("no grant", code="grant.none")

    def but_not(use):
        if use.purpose == "transfer":
            raise no
        return anybody(use)

    refused, unknown, odd, given = record(
        world.ports,
        namer(world),
        but_not,
        [wanted(purpose="transfer"), wanted("nosuch"), wanted(purpose="a\u202eb"), wanted()],
    )
    assert refused is no
    assert (unknown.code, odd.code[:4]) == ("key.unknown", "log.")
    assert isinstance(given, Recorded)
    (denied,) = world.audit.bodies("handout.denied")
    assert (denied["reason"], denied["key"]) == ("grant.none", given.version.fingerprint)
    assert len(world.audit.bodies("handout")) == len(world.inventory.running_leases()) == 1


def test_a_key_without_a_live_version_is_denied():
    world = World()
    world.inventory.set_status(world.inventory.live_version(world.key.id).id, VersionStatus.RETIRED)
    (answer,) = record(world.ports, namer(world), anybody, [wanted()])
    assert answer.code == "key.no_live_version"
    (denied,) = world.audit.bodies("handout.denied")
    assert "key" not in denied


def test_a_log_that_cannot_be_written_refuses_all_and_leaves_no_lease():
    """Promise 2."""
    world = World()
    world.audit.broken = True
    with pytest.raises(StoreError, match="audit log"):
        record(world.ports, namer(world), anybody, [wanted(), wanted()])
    assert world.inventory.running_leases() == ()


def test_a_locked_store_answers_each():
    world = World()

    def locked(venue):
        raise StoreError("locked", code="store.locked")

    (answer,) = record(world.ports, locked, anybody, [wanted()])
    assert answer.code == "store.locked"
    assert world.audit.bodies("handout") == world.audit.bodies("handout.denied") == []


def test_leases_move_and_end_without_a_release():
    world = World()
    (given,) = record(world.ports, namer(world), anybody, [wanted()])
    moved = replace(world.inventory.running_leases()[0], id="moved", pid=4343)
    assert record(world.ports, namer(world), anybody, [], begun=[moved], ended=[given.lease_id]) == ()
    assert world.inventory.running_leases() == (moved,)
    assert len(world.audit.bodies("handout")) == 1


def test_a_secret_that_cannot_be_read_is_said_in_the_log():
    world = World()
    asked = wanted()
    (given,) = record(world.ports, namer(world), anybody, [asked])
    withdraw(world.ports, namer(world), asked, given, StoreError("gone", code="store.not_stored"))
    assert world.inventory.running_leases() == ()
    (denied,) = world.audit.bodies("handout.denied")
    assert denied["reason"] == "store.not_stored"


def test_the_right_is_asked_once_for_the_same_and_names_the_person():
    world, asked = World(), []

    def granted(use):
        asked.append((use.key.name, use.version.number, use.purpose))
        return Permit("hana")

    record(world.ports, namer(world), granted, [wanted(), wanted(), wanted(purpose="quoting")])
    assert asked == [(world.key.name, 1, ""), (world.key.name, 1, "quoting")]
    bodies = world.audit.bodies("handout")
    names = identity.names(world.ports, world.key.venue)
    assert {body["person"] for body in bodies} == {names.person("hana")}
    assert {lease.person for lease in world.inventory.running_leases()} == {"hana"}
