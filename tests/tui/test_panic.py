"""Panic: exactly what will die, a word, a countdown; by keyboard alone."""

from __future__ import annotations

from keyguard.tui.screens.panic import SECONDS
from keyguard.tui.work import Stage
from tests.fakes.world import ACTOR
from tests.tui.working import Bench, at_work


async def chosen(bench: Bench) -> None:
    await bench.press("exclamation_mark", "s")
    await bench.press("enter", "enter")
    view = await bench.settled()
    assert view.stage is Stage.DONE, view.trouble


async def count_down(bench: Bench, seconds: int) -> None:
    for _ in range(seconds):
        bench.app.screen.count_down()
    await bench.pilot.pause()


def test_what_would_die_is_shown_and_nothing_is_done() -> None:
    async def flow(bench: Bench) -> None:
        await bench.press("exclamation_mark", "P")
        assert bench.told("First choose which keys")
        await chosen(bench)
        assert bench.sees("these 2 keys at 1 venues die for good")
        assert bench.sees("dies last: it ends the others")
        assert bench.world.answers(bench.world.old)
        await bench.pictures("panic, what will die")

    at_work(flow)


def test_after_the_countdown_all_are_dead() -> None:
    async def flow(bench: Bench) -> None:
        await chosen(bench)
        await bench.press("P")
        await bench.fill("2")
        assert bench.sees("keys die in")
        assert bench.world.answers(bench.world.old)
        await count_down(bench, SECONDS)
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        assert bench.sees("1 proven dead · 1 revoked, not proven")  # nobody is left to ask about the last
        assert not bench.world.answers(bench.world.old)

    at_work(flow)


def test_escape_stops_the_countdown() -> None:
    async def flow(bench: Bench) -> None:
        await chosen(bench)
        await bench.press("P")
        await bench.fill("2")
        await count_down(bench, SECONDS // 2)
        await bench.press("escape")
        await count_down(bench, SECONDS)
        assert bench.told("Stopped. Nothing was done.")
        assert [job.view.kind for job in bench.work.jobs] == ["targets"]
        assert bench.world.answers(bench.world.old)

    at_work(flow)


def test_another_number_begins_nothing() -> None:
    async def flow(bench: Bench) -> None:
        await chosen(bench)
        await bench.press("P")
        await bench.fill("3")
        assert bench.told("Not that number")
        await count_down(bench, SECONDS)
        assert [job.view.kind for job in bench.work.jobs] == ["targets"]

    at_work(flow)


def test_a_key_that_came_since_is_not_ended_unseen() -> None:
    async def flow(bench: Bench) -> None:
        from keyguard.workflows.enrol import Declared, enrol

        await chosen(bench)
        await bench.press("P")
        await bench.fill("2")
        more = bench.world.exchange.make("more", ["view"], ())
        enrol(bench.world.ports, Declared("examplex", "desk", "more", ACTOR.user), more)
        await count_down(bench, SECONDS)
        view = await bench.settled()
        assert (view.stage, view.trouble.code) == (Stage.FAILED, "tui.panic_changed")
        assert bench.world.answers(more)
        assert bench.world.answers(bench.world.old)

    at_work(flow)
