"""Log: tail, search, verify."""

from __future__ import annotations

from dataclasses import replace

from keyguard.tui.log_reading import Unhurried
from keyguard.tui.widgets.rows import Rows
from keyguard.tui.work import Stage
from tests.tui.desk import desk
from tests.tui.harness import Seat, sitting
from tests.tui.working import Bench, at_work


async def opened(seat: Seat) -> Rows:
    await seat.press("7")
    await read(seat)
    return seat.app.screen.query_one(Rows)


async def read(seat: Seat) -> None:
    await seat.look()
    await seat.app.workers.wait_for_complete()
    await seat.pilot.pause()


@sitting
async def test_the_newest_records_and_the_chosen_one_whole(seat: Seat) -> None:
    seat.desk.log()
    await opened(seat)
    assert seat.sees("6 of 6 records")
    assert seat.sees("reason: leaver")
    await seat.pictures("the log, its newest record chosen")


@sitting
async def test_a_new_record_is_followed_unless_another_is_read(seat: Seat) -> None:
    seat.desk.log()
    rows = await opened(seat)
    assert rows.chosen == "5"
    seat.desk.log(1)
    await read(seat)
    assert rows.chosen == "6"
    await seat.press("up", "up")
    seat.desk.log(1)
    await read(seat)
    assert rows.chosen == "4"


@sitting
async def test_search_narrows_with_every_word(seat: Seat) -> None:
    seat.desk.log()
    await opened(seat)
    await seat.press("slash")
    await seat.type("pause wf3")
    assert seat.sees("1 of 6 records")
    await seat.press("enter", "escape")
    assert seat.sees("6 of 6 records")


def test_verified_it_says_how_many_match() -> None:
    async def flow(bench: Bench) -> None:
        await bench.press("7", "v")
        view = await bench.settled()
        assert view.result.records == len(bench.world.audit.types())
        assert bench.sees(f"{view.result.records} records match")

    at_work(flow)


def test_a_long_verification_rests_between_runs_of_records() -> None:
    held, rests = desk(), []
    held.log(2 * Unhurried.RUN - len(held.audit.types()) + 1)
    assert held.audit.verify(Unhurried(rests.append)).records == 2 * Unhurried.RUN + 1
    assert rests == [Unhurried.REST_S] * 2


def test_an_altered_record_is_named() -> None:
    async def flow(bench: Bench) -> None:
        log = bench.world.audit
        log._entries[2] = replace(log._entries[2], chain=bytes(32))
        await bench.press("7", "v")
        view = await bench.settled()
        assert (view.stage, view.trouble.code) == (Stage.FAILED, "log.altered")
        assert bench.sees("does NOT match after 2 records")
        assert bench.sees("record 2")

    at_work(flow)
