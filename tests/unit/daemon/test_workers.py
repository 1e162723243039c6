"""The daemon's workers: beside the event loop, nothing while the store is locked, parked when it stops."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keyguard.core.due import OnLeak, RotationPolicy, Rule
from keyguard.daemon.workers import Workers
from keyguard.workflows import parking
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.handout import hand_out
from tests.fakes.world import ACTOR, PROCESS, World
from tests.unit.workflows.test_unattended import AUTO, BOT, aged, leak, stuck

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import pytest


class Custody:
    locked = False


def run(
    world: World, policy: RotationPolicy, work: Callable[[Workers], Coroutine[Any, Any, None]], **more: Any
) -> list[str]:
    """Let workers work and end them; returns how often they had news, by thread."""
    news: list[str] = []

    async def whole() -> None:
        custody: Any = more.get("custody", Custody())
        workers = Workers(world.ports, custody, policy, ACTOR, more.get("alive", world.process_alive))
        workers.told = lambda: news.append(threading.current_thread().name)
        await work(workers)
        await workers.close()

    asyncio.run(whole())
    return news


async def a_round(workers: Workers) -> None:
    await workers.work()
    await workers.idle()


def test_what_is_due_is_rotated_beside_the_loop() -> None:
    world = aged()
    news = run(world, AUTO, a_round)
    first, second = world.journal.workflows()
    assert (first.state, first.key_id) == ("buried", world.key.id)
    assert (second.state, second.key_id) == ("buried", world.inventory.find_key("manager").id)
    assert len(news) == 2
    assert {name.rpartition("_")[0] for name in news} == {"workflows"}


def test_nothing_begins_while_the_store_is_locked_or_without_a_policy() -> None:
    world, locked = aged(), Custody()
    locked.locked = True
    assert run(world, AUTO, a_round, custody=locked) == []
    assert run(world, RotationPolicy(), a_round) == []
    assert world.journal.workflows() == ()


def test_stopping_parks_what_waits_and_the_next_daemon_goes_on() -> None:
    world = aged()
    hand_out(world.ports, BOT, purpose="", mode="env", actor=ACTOR, process=PROCESS)
    draining = threading.Event()

    def alive(pid: int, started: str) -> bool:
        draining.set()
        return True

    policy = RotationPolicy(rule=Rule(auto=True, overlap=timedelta(days=1)))

    async def until_it_drains(workers: Workers) -> None:
        await workers.work()
        await asyncio.get_running_loop().run_in_executor(None, draining.wait, 60)
        assert workers.status()["running"] == [{"key": BOT, "what": "rotate"}]

    run(world, policy, until_it_drains, alive=alive)
    (workflow,) = world.journal.workflows(unfinished=True)
    assert workflow.state == "switched"
    assert parking.why(workflow) is None
    world.clock.sleep(61)
    run(world, policy, a_round)
    assert world.journal.workflow(workflow.id).state == "buried"


def test_what_cannot_begin_is_said_once_and_not_tried_in_vain(caplog: pytest.LogCaptureFixture) -> None:
    world = aged("guided")

    async def two_rounds(workers: Workers) -> None:
        await a_round(workers)
        await a_round(workers)

    with caplog.at_level(logging.INFO):
        run(world, AUTO, two_rounds)
    assert caplog.text.count(f"rotate of {BOT} stands still: person.needed") == 1


def test_what_needed_a_person_begins_by_itself_once_it_does_not() -> None:
    world = aged("full", with_manager=False)
    manager = world.exchange.make("manager-2", ["view", "keys"], account="A0")

    async def rounds(workers: Workers) -> None:
        await a_round(workers)
        assert world.journal.workflows() == ()
        enrol(world.ports, Declared("examplex", "ops", "manager", "kim"), manager)
        world.clock.sleep(3601)
        await a_round(workers)

    run(world, AUTO, rounds)
    (workflow,) = world.journal.workflows()
    assert (workflow.key_id, workflow.state) == (world.key.id, "buried")


def test_what_stands_still_is_in_the_status() -> None:
    world = World()
    workflow = stuck(world)
    world.clock.sleep(61)

    async def look(workers: Workers) -> None:
        await a_round(workers)
        (one,) = workers.status()["standing"]
        assert (one["workflow"], one["state"]) == (workflow.id, "creating")
        assert workflow.id in one["hint"]
        parking.pause(world.ports, workflow.id, actor=ACTOR, reason="maintenance")
        world.exchange.refuse.clear()
        world.clock.sleep(7200)
        await a_round(workers)
        assert [one["workflow"] for one in workers.status()["standing"]] == [workflow.id]

    run(world, AUTO, look)
    assert not world.journal.workflow(workflow.id).finished


def test_a_leak_is_answered_from_another_thread_once_and_beyond_the_limits() -> None:
    world = World()
    version = leak(world)
    policy = RotationPolicy(rule=Rule(on_leak=OnLeak.REVOKE), at_once=1)

    async def twice(workers: Workers) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, workers.leaked, version)
        await workers.idle()

    run(world, policy, twice)
    (workflow,) = world.journal.workflows()
    assert (workflow.kind, workflow.state) == ("revoke", "buried")
    assert not world.answers(world.old)


def test_a_leak_without_such_a_policy_or_of_what_is_gone_changes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    version = leak(world)

    async def leaked(workers: Workers) -> None:
        workers.leaked(version)
        await workers.idle()

    run(world, AUTO, leaked)
    assert world.journal.workflows() == ()


def test_an_error_of_ours_ends_one_task_and_says_no_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = aged()

    def broken(*_: Any) -> None:
        raise ValueError("FAKEsecret in a text")

    monkeypatch.setattr(world.inventory, "switch", broken)
    with caplog.at_level(logging.ERROR):
        run(world, AUTO, a_round)
    assert "rotate of examplex/desk/bot failed: ValueError" in caplog.text
    assert "FAKEsecret" not in caplog.text
    (workflow,) = world.journal.workflows(unfinished=True)
    assert workflow.state == "proven"
