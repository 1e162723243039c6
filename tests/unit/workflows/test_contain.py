"""Containing an incident: hand-outs stop first, keys end with proof, what fails keeps nobody waiting."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.incidents import Kind, Step
from keyguard.core.keys import Environment, Scope, VersionStatus
from keyguard.ports.journal import Workflow
from keyguard.workflows import contain, danger, incidents, notice
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.handout import hand_out
from keyguard.workflows.incidents import Opening
from tests.fakes.world import ACTOR, IPS, PROCESS, World

BOTH = Opening(Kind.LOST_DEVICE, "a laptop is lost", keys=("bot", "manager"))


def opened(world, opening=BOTH):
    return incidents.open_incident(world.ports, opening, actor=ACTOR)


def act(world, incident, *, revoking=True):
    return contain.contain(
        world.ports, incident.id, revoking=revoking, actor=ACTOR, process_alive=world.process_alive
    )


def test_without_revoking_the_keys_work_on_but_nobody_is_given_them():
    world = World()
    done = act(world, opened(world), revoking=False)
    assert done.frozen == ("examplex/ops/manager", "examplex/desk/bot"), "who manages keys is the worst"
    assert (done.revoked, done.left) == ([], done.frozen)
    assert world.answers(world.old)
    assert done.incident.first(Step.CONTAINED) is not None
    assert done.incident.first(Step.REVOKED) is None
    with pytest.raises(UsageError, match="frozen"):
        hand_out(world.ports, "bot", purpose="", mode="env", actor=ACTOR, process=PROCESS)


def test_revoking_ends_them_with_proof():
    world = World()
    incident = opened(world, replace(BOTH, keys=("bot",)))
    done = act(world, incident)
    assert (done.revoked, done.failed, done.left) == (["examplex/desk/bot"], {}, ())
    assert not world.answers(world.old)
    (told,) = world.audit.bodies("key.revoke")
    assert told["reason"] == "leak"
    reached = done.incident.reached()
    assert all(reached[step] for step in (Step.DETECTED, Step.FROZEN, Step.REVOKED, Step.CONTAINED))
    again = act(world, incident)
    assert (again.incident, again.revoked, again.failed) == (done.incident, [], {}), "nothing is done twice"


def test_a_key_that_cannot_be_ended_keeps_the_others_not_waiting_and_is_told():
    world = World()
    world.journal.open(
        Workflow("w1", "rotate", world.key.id, "creating", world.clock.now(), world.clock.now())
    )
    manager = world.inventory.find_key("manager")
    world.exchange.remove(world.inventory.live_version(manager.id).public_id)
    world.inventory.set_status(world.inventory.live_version(manager.id).id, VersionStatus.DEAD)
    done = act(world, opened(world))
    assert done.left == ("examplex/desk/bot",)
    assert done.failed["examplex/desk/bot"].code == "workflow.open"
    assert done.incident.first(Step.CONTAINED) is None
    assert done.incident.first(Step.REVOKED) is None


def test_a_store_that_is_locked_ends_all():
    world = World()
    incident = opened(world)
    act(world, incident, revoking=False)

    def locked(name):
        raise StoreError("locked", code="store.locked")

    world.store.get = locked
    with pytest.raises(StoreError):
        act(world, incident)


def test_the_order_of_danger():
    world = World()
    made = {}
    for label, grants, ips in (
        ("reads", ["view"], IPS),
        ("pays", ["view", "payout"], IPS),
        ("trades-anywhere", ["view", "trade"], ()),
        ("trades", ["view", "trade"], IPS),
    ):
        credential = world.exchange.make(label, grants, ips)
        made[label] = enrol(world.ports, Declared("examplex", "desk", label, "kim"), credential).key
    play = world.exchange.make("play", ["view", "payout"], ())
    made["play"] = enrol(world.ports, Declared("examplex", "desk", "play", "kim"), play).key
    made["play"] = replace(made["play"], environment=Environment.TEST)
    hand_out(world.ports, "trades", purpose="", mode="env", actor=ACTOR, process=PROCESS)
    keys = list(made.values())
    order = [key.label for key in danger.ordered(world.ports, keys)]
    assert order == ["pays", "trades-anywhere", "trades", "reads", "play"]
    keys = [world.key, made["trades"]]
    assert [key.label for key in danger.ordered(world.ports, keys)] == ["trades", "bot"], "in more hands"
    assert danger.rank(None) == 0 < danger.rank(Scope.MANAGE_KEYS) < danger.rank(Scope.TRANSFER_INTERNAL)


def test_a_notice_to_the_venue_tells_facts_of_its_own_keys_alone():
    world = World()
    incident = opened(world, replace(BOTH, kind=Kind.VENUE_NOTICE, keys=("bot",), reference="N-7"))
    incidents.add_event(world.ports, incident.id, Step.NOTE, "the desk suspects jo", actor=ACTOR)
    incidents.add_event(world.ports, incident.id, Step.REPLIED, "the holder confirmed", actor=ACTOR)
    text = notice.text(world.ports, act(world, incident).incident, "examplex")
    assert "proven dead" in text
    assert "Your reference: N-7" in text
    assert "the holder confirmed" in text
    assert "records preserved: not yet, as far as is recorded" in text
    for untold in (world.old.key, world.old.secret.reveal(), "jo", "laptop", "hana", "desk/bot"):
        assert untold not in text


def test_what_another_venue_has_written_is_no_business_of_this_one():
    world = World()
    incident = opened(world, replace(BOTH, kind=Kind.VENUE_NOTICE, keys=("bot",), reference="N-7"))
    incident = incidents.add_event(
        world.ports, incident.id, Step.REPLIED, "the holder confirmed", actor=ACTOR
    )
    text = notice.text(world.ports, replace(incident, venues=("bybit", "examplex")), "examplex")
    assert "N-7" not in text
    assert "the holder confirmed" not in text


def test_counsel_is_told_everything_on_record():
    world = World()
    incident = opened(world)
    incidents.add_event(world.ports, incident.id, Step.NOTE, "called the venue", actor=ACTOR)
    closed = incidents.close(world.ports, incident.id, actor=ACTOR, cause="a train", outcome=("wiped",))
    text = notice.text(world.ports, closed, notice.COUNSEL)
    for told in ("a laptop is lost", "called the venue", "Cause: a train", "done: wiped", closed.id):
        assert told in text
    assert world.old.secret.reveal() not in text
