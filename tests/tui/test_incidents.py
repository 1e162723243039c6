"""Incidents and freezes, and what is done about them, by keyboard."""

from __future__ import annotations

import pytest

from keyguard.core.incidents import Kind, Step
from keyguard.tui.work import Stage
from keyguard.workflows import incidents
from tests.fakes.world import ACTOR
from tests.tui.harness import Seat, sitting
from tests.tui.working import Bench, at_work


@sitting
async def test_incidents_with_how_far_they_have_come(seat: Seat) -> None:
    seat.desk.incident("bybit/mm/bot", "a laptop with this key was lost")
    seat.desk.incident("okx/mm/hedge", "a configuration file was pushed", closed=True)
    await seat.press("0")
    await seat.look()
    await seat.app.workers.wait_for_complete()
    await seat.pilot.pause()
    assert seat.sees("open · 1")
    assert seat.sees("frozen")
    await seat.pictures("incidents and what is frozen")


@pytest.mark.parametrize(
    ("key", "said", "step"),
    [
        ("n", ("called the venue",), Step.NOTE),
        ("f", (), Step.FROZEN),
        ("c", ("the venue ended all old keys",), Step.LOOKED),
        ("x", ("a pushed file", "key replaced"), Step.CLOSED),
    ],
)
def test_what_is_done_stands_in_the_incident(key: str, said: tuple[str, ...], step: Step) -> None:
    async def flow(bench: Bench) -> None:
        opening = incidents.Opening(Kind.LEAK, "a file was pushed", keys=(bench.world.key.id,))
        made = incidents.open_incident(bench.world.ports, opening, actor=ACTOR)
        await bench.look()
        await bench.go("incidents", made.id)
        await bench.app.workers.wait_for_complete()
        await bench.pilot.pause()
        await bench.press(key)
        if said:
            await bench.fill(*said)
        else:
            await bench.press("enter")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        found = bench.world.incidents.find(made.id)
        assert found.first(step) is not None
        assert found.open == (key != "x")

    at_work(flow)


def test_a_freeze_is_thawed_with_a_reason() -> None:
    async def flow(bench: Bench) -> None:
        opening = incidents.Opening(Kind.LEAK, "a file was pushed", keys=(bench.world.key.id,))
        incidents.open_incident(bench.world.ports, opening, actor=ACTOR, freeze=True)
        await bench.look()
        await bench.press("0")
        await bench.app.workers.wait_for_complete()
        await bench.pilot.pause()
        await bench.press("down", "t")
        await bench.fill("it was a test")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        assert not bench.world.incidents.freezes()

    at_work(flow)
