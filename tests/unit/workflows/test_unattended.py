"""Rotations without a person: what is due begins, what stands still is noted, what is paused is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from keyguard.core.due import Cause, Chosen, OnLeak, RotationPolicy, Rule
from keyguard.core.errors import DaemonError, KeyguardError, UsageError
from keyguard.core.findings import Item, Kind
from keyguard.core.incidents import Scope
from keyguard.core.keys import Origin, VersionStatus
from keyguard.core.people import Capacity, Person, Span
from keyguard.core.policy import Level
from keyguard.ports.journal import Workflow
from keyguard.workflows import findings, freezes, parking, unattended
from keyguard.workflows.due import due_keys
from keyguard.workflows.handout import hand_out
from keyguard.workflows.recovery import cancel, resume
from keyguard.workflows.rotate import Options, rotate
from tests.fakes.world import ACTOR, PROCESS, World

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = timedelta(days=100)
AUTO = RotationPolicy(rule=Rule(auto=True, overlap=timedelta()))
BOT = "examplex/desk/bot"


def aged(variant: str = "full", **settings: Any) -> World:
    world = World(variant, **settings)
    world.clock.sleep(OLD.total_seconds())
    world.person.absent = True
    return world


def round_of(world: World, policy: RotationPolicy = AUTO) -> dict[str, Workflow | KeyguardError]:
    """What the daemon does once."""
    done = {}
    for task in unattended.tasks(world.ports, policy, (), frozenset()):
        done[task.key.name] = unattended.perform(
            world.ports, task, actor=ACTOR, process_alive=world.process_alive
        )
    return done


def leak(world: World, name: str = BOT) -> str:
    version = world.inventory.live_version(world.inventory.find_key(name).id)
    item = Item(
        Kind.LEAK,
        Level.HIGH,
        "/src/.env",
        "an API key on line 1",
        world.clock.now(),
        "keyguard scan",
        Origin.INFERRED,
        version=version.id,
    )
    findings.keep(world.ports, [item])
    return str(version.id)


def paused(world: World, *, reason: str = "venue maintenance") -> str:
    (workflow,) = world.journal.workflows(unfinished=True)
    parking.pause(world.ports, workflow.id, actor=ACTOR, reason=reason)
    return str(workflow.id)


def stuck(world: World) -> Workflow:
    """A rotation whose new key the venue refuses to make known, until told otherwise."""
    world.exchange.refuse["POST /keys"] = "1011"
    with pytest.raises(KeyguardError):
        rotate(world.ports, BOT, Options(overlap_s=0), actor=ACTOR, process_alive=world.process_alive)
    (workflow,) = world.journal.workflows(unfinished=True)
    return workflow


# --- what is due


def test_age_makes_both_keys_due_and_the_managing_one_comes_last() -> None:
    world = aged()
    assert [one.key.name for one in due_keys(world.ports, AUTO)] == [BOT, "examplex/ops/manager"]
    assert [one.key.name for one in due_keys(world.ports, AUTO, desk="ops")] == ["examplex/ops/manager"]
    (reason,) = due_keys(world.ports, AUTO)[0].reasons
    assert reason.cause is Cause.AGE


def test_an_open_finding_makes_a_key_due_and_an_accepted_one_does_not() -> None:
    world = World()
    leak(world)
    (one,) = due_keys(world.ports, AUTO)
    assert (one.key.name, one.why, one.urgent) == (BOT, "leak", True)
    (finding,) = (f for f in world.findings.standing() if f.item.kind is Kind.LEAK)
    until = world.clock.now() + timedelta(days=9)
    findings.accept(world.ports, finding.id, actor=ACTOR, reason="a test file", until=until)
    assert due_keys(world.ports, AUTO) == ()


def test_what_a_leaver_was_handed_is_due_until_it_is_rotated() -> None:
    world = World()
    hand_out(world.ports, BOT, purpose="", mode="env", actor=ACTOR, process=PROCESS)
    here = Person("hana", Capacity.EMPLOYEE, Span(world.clock.now()))
    world.people.put_person(here)
    assert due_keys(world.ports, AUTO) == ()
    world.clock.sleep(60)
    world.people.put_person(replace(here, span=replace(here.span, ended_at=world.clock.now())))
    (one,) = due_keys(world.ports, AUTO)
    assert (one.key.name, one.why) == (BOT, "leaver")
    assert due_keys(world.ports, replace(AUTO, rule=Rule(leaver=False))) == ()
    world.clock.sleep(60)
    round_of(world)
    assert due_keys(world.ports, AUTO) == ()


# --- what begins


def test_what_is_due_is_rotated_without_a_person_one_after_the_other() -> None:
    world = aged()
    (first,) = round_of(world).items()
    assert first[0] == BOT
    assert isinstance(first[1], Workflow)
    assert first[1].state == "buried"
    assert not world.answers(world.old)
    assert list(round_of(world)) == ["examplex/ops/manager"]
    assert round_of(world) == {}


def test_without_leave_nothing_begins() -> None:
    world = aged()
    assert round_of(world, RotationPolicy()) == {}
    only = RotationPolicy(exceptions=((Chosen(desks=("ops",)), {"auto": True}),))
    assert list(round_of(world, only)) == ["examplex/ops/manager"]


@pytest.mark.parametrize("variant", ["guided", "blind"])
def test_what_only_a_person_can_do_is_not_begun_but_told(variant: str) -> None:
    world = aged(variant)
    (error,) = round_of(world).values()
    assert isinstance(error, UsageError)
    assert error.code == "person.needed"
    assert world.journal.workflows() == ()
    (found,) = (f for f in world.findings.standing() if f.item.kind is Kind.DUE)
    assert found.item.command == f"keyguard key rotate {BOT} --reason schedule"
    world.person.absent = False
    rotate(world.ports, BOT, Options(overlap_s=0), actor=ACTOR, process_alive=world.process_alive)
    findings.refresh(world.ports)
    assert not [f for f in world.findings.standing() if f.item.kind is Kind.DUE]


# --- what is frozen


def test_a_frozen_key_gets_no_new_version_by_schedule_until_it_is_thawed() -> None:
    world = aged()
    frozen = freezes.freeze(world.ports, Scope.KEY, BOT, reason="drill", actor=ACTOR)
    assert BOT not in round_of(world)
    assert world.inventory.live_version(world.inventory.find_key(BOT).id).public_id == world.old.key
    freezes.thaw(world.ports, frozen.id, actor=ACTOR, reason="over")
    assert getattr(round_of(world)[BOT], "state", None) == "buried"


def test_a_scheduled_rotation_that_was_interrupted_waits_for_the_thaw() -> None:
    world = World()
    workflow = stuck(world)
    world.exchange.refuse.clear()
    world.clock.sleep(3700)
    frozen = freezes.freeze(world.ports, Scope.DESK, "desk", reason="drill", actor=ACTOR)
    assert round_of(world) == {}
    freezes.thaw(world.ports, frozen.id, actor=ACTOR, reason="over")
    assert round_of(world)
    assert world.journal.workflow(workflow.id).finished


def test_a_freeze_of_one_person_keeps_no_rotation_waiting() -> None:
    world = aged()
    freezes.freeze(world.ports, Scope.PERSON, "hana", reason="drill", actor=ACTOR)
    assert BOT in round_of(world)


def test_a_frozen_key_that_leaked_is_replaced_all_the_same() -> None:
    world = World()
    leak(world)
    freezes.freeze(world.ports, Scope.ALL, "", reason="an incident", actor=ACTOR)
    assert getattr(round_of(world)[BOT], "state", None) == "buried"
    assert not world.answers(world.old)


# --- what stands still


def test_a_venue_that_is_away_is_tried_again_later_and_later_and_people_are_told() -> None:
    world = World()
    workflow = stuck(world)
    assert round_of(world) == {}, "it may be a person's who is about to go on"
    waits = []
    for _ in range(4):
        before = world.clock.now()
        while not round_of(world):
            world.clock.sleep(60)
        waits.append(round((world.clock.now() - before).total_seconds() / 60))
        kept = parking.why(world.journal.workflow(workflow.id))
        assert kept is not None
        findings.refresh(world.ports)
        told = [f for f in world.findings.standing() if f.item.kind is Kind.WORKFLOW]
        assert bool(told) == kept.person == (kept.tries >= 3)
    assert waits == sorted(waits)
    assert waits[-1] >= 4
    world.exchange.refuse.clear()
    world.clock.sleep(3600)
    (done,) = round_of(world).values()
    assert isinstance(done, Workflow)
    assert (done.state, done.data.get("parked")) == ("buried", None)
    findings.refresh(world.ports)
    assert not [f for f in world.findings.standing() if f.item.kind is Kind.WORKFLOW]


def test_a_guided_workflow_goes_on_alone_where_no_person_is_needed_and_parks_where_one_is() -> None:
    world = World("guided")
    world.person.confirm = _nobody  # type: ignore[method-assign]  # made the key and went home
    world.clock.sleep(60)
    with pytest.raises(UsageError):
        rotate(world.ports, BOT, Options(overlap_s=0), actor=ACTOR, process_alive=world.process_alive)
    world.clock.sleep(120)
    (error,) = round_of(world).values()
    assert isinstance(error, UsageError)
    (workflow,) = world.journal.workflows(unfinished=True)
    kept = parking.why(workflow)
    assert kept is not None
    assert (kept.code, kept.again_at, kept.person) == ("person.needed", None, True)
    world.clock.sleep(86_400)
    assert round_of(world) == {}, "nobody tries in vain"
    del world.person.confirm
    done = resume(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)
    assert done.state == "buried"


def _nobody(*_: object) -> None:
    raise UsageError("nobody is there to answer", code="person.needed")


def test_a_daemon_that_ends_leaves_no_mark_and_the_next_goes_on() -> None:
    world = World()
    hand_out(world.ports, BOT, purpose="", mode="env", actor=ACTOR, process=PROCESS)
    world.alive.add((PROCESS.pid, PROCESS.started))
    leak(world)
    steps = []

    def ending() -> None:
        steps.append(1)
        if len(steps) > 6:
            raise DaemonError("the daemon ends", code="daemon.stopping")

    (task,) = unattended.tasks(world.ports, AUTO, (), frozenset())
    ports = replace(world.ports, ending=ending)
    unattended.perform(ports, task, actor=ACTOR, process_alive=world.process_alive)
    (workflow,) = world.journal.workflows(unfinished=True)
    assert parking.why(workflow) is None
    world.clock.sleep(61)
    (done,) = round_of(world).values()
    assert isinstance(done, Workflow)
    assert done.state == "buried"


# --- pauses


def test_a_paused_workflow_is_driven_by_nobody_until_it_is_resumed() -> None:
    world = World()
    workflow = stuck(world)
    paused(world)
    world.exchange.refuse.clear()
    world.clock.sleep(3600)
    sent = len(world.gateway.sent)
    assert round_of(world) == {}
    with pytest.raises(UsageError) as caught:
        resume(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)
    assert caught.value.code == "workflow.paused"
    assert "venue maintenance" in caught.value.message
    assert len(world.gateway.sent) == sent
    parking.lift(world.ports, workflow, actor=ACTOR)
    (done,) = round_of(world).values()
    assert isinstance(done, Workflow)
    assert done.state == "buried"
    types = world.audit.types()
    assert types.index("workflow.pause") < types.index("workflow.resume") < types.index("key.rotate")


def test_pausing_everything_stops_what_is_driven_and_what_would_begin() -> None:
    world = aged()
    stop: Callable[..., Any] = world.inventory.switch

    def switching(*arguments: Any) -> None:
        stop(*arguments)
        parking.pause_everything(world.ports, actor=ACTOR, reason="the venue warns")

    world.inventory.switch = switching  # type: ignore[method-assign]
    (error,) = round_of(world).values()
    assert isinstance(error, UsageError)
    assert error.code == "workflow.paused"
    (workflow,) = world.journal.workflows(unfinished=True)
    assert workflow.state == "switched"
    assert world.answers(world.old), "nothing was revoked"
    world.clock.sleep(3600)
    assert round_of(world) == {}
    parking.lift_everything(world.ports, actor=ACTOR)
    (done,) = (one for one in round_of(world).values() if isinstance(one, Workflow) and one.finished)
    assert done.state == "buried"


def test_a_pause_ends_the_wait_for_the_users_of_the_old_key() -> None:
    world = World()
    hand_out(world.ports, BOT, purpose="", mode="env", actor=ACTOR, process=PROCESS)

    def alive(*_: object) -> bool:
        paused(world)
        return True

    with pytest.raises(UsageError, match="venue maintenance") as caught:
        rotate(world.ports, BOT, Options(overlap_s=86_400), actor=ACTOR, process_alive=alive)
    assert "keyguard workflow resume" in caught.value.hint
    (workflow,) = world.journal.workflows(unfinished=True)
    assert workflow.state == "switched"
    assert world.answers(world.old)


def test_pausing_twice_is_one_record_and_a_pause_shows_in_attention() -> None:
    world = World()
    stuck(world)
    paused(world)
    paused(world, reason="again")
    assert world.audit.types().count("workflow.pause") == 1
    (item,) = (f.item for f in findings.attention(world.ports) if f.item.kind is Kind.WORKFLOW)
    assert "paused by hana: venue maintenance" in item.text


def test_what_is_over_cannot_be_paused_and_a_reason_must_be_given() -> None:
    world = World()
    workflow = stuck(world)
    with pytest.raises(UsageError, match="reason"):
        parking.pause(world.ports, workflow.id, actor=ACTOR, reason=" ")
    world.exchange.refuse.clear()
    cancel(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)
    with pytest.raises(UsageError, match="aborted"):
        parking.pause(world.ports, workflow.id, actor=ACTOR, reason="x")


# --- leaks


@pytest.mark.parametrize("on_leak", [OnLeak.ROTATE, OnLeak.REVOKE])
def test_by_policy_a_leaked_key_dies_at_once_whatever_the_window(on_leak: OnLeak) -> None:
    world = World()
    version = leak(world)
    policy = RotationPolicy(rule=Rule(on_leak=on_leak))
    task = unattended.answer_to_leak(world.ports, policy, version)
    assert task is not None
    done = unattended.perform(world.ports, task, actor=ACTOR, process_alive=world.process_alive)
    assert isinstance(done, Workflow)
    assert done.state == "buried"
    assert not world.answers(world.old)
    statuses = [v.status for v in world.inventory.versions(world.key.id)]
    assert statuses[0] is VersionStatus.DEAD
    assert len(statuses) == (2 if on_leak is OnLeak.ROTATE else 1)
    assert [body["reason"] for body in world.audit.bodies("key.revoke")] == ["leak"]


def test_without_such_a_policy_people_decide() -> None:
    world = World()
    assert unattended.answer_to_leak(world.ports, AUTO, leak(world)) is None


def test_an_answer_to_a_leak_that_was_cut_off_is_taken_up_although_nothing_else_is() -> None:
    world = World()
    policy = RotationPolicy(rule=Rule(on_leak=OnLeak.ROTATE))
    world.exchange.refuse["POST /keys"] = "1011"
    task = unattended.answer_to_leak(world.ports, policy, leak(world))
    assert task is not None
    error = unattended.perform(world.ports, task, actor=ACTOR, process_alive=world.process_alive)
    assert isinstance(error, KeyguardError)
    world.exchange.refuse.clear()
    world.clock.sleep(61)
    (done,) = round_of(world, policy).values()
    assert isinstance(done, Workflow)
    assert done.state == "buried"


def test_where_the_leaked_key_is_being_rotated_already_that_is_taken_up_unless_it_is_paused() -> None:
    world = World()
    stuck(world)
    world.exchange.refuse.clear()
    version = leak(world)
    policy = RotationPolicy(rule=Rule(on_leak=OnLeak.REVOKE))
    workflow_id = paused(world)
    assert unattended.answer_to_leak(world.ports, policy, version) is None
    parking.lift(world.ports, world.journal.workflow(workflow_id), actor=ACTOR)
    task = unattended.answer_to_leak(world.ports, policy, version)
    assert task is not None
    done = unattended.perform(world.ports, task, actor=ACTOR, process_alive=world.process_alive)
    assert isinstance(done, Workflow)
    assert (done.id, done.kind, done.state) == (workflow_id, "rotate", "buried")
    assert not world.answers(world.old)


def test_while_everything_is_paused_a_leak_is_for_people() -> None:
    world = World()
    parking.pause_everything(world.ports, actor=ACTOR, reason="the venue warns")
    policy = RotationPolicy(rule=Rule(on_leak=OnLeak.REVOKE))
    assert unattended.answer_to_leak(world.ports, policy, leak(world)) is None
