"""Incidents and freezes, and what is done about them, by keyboard."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from keyguard.core.findings import Kind as Found
from keyguard.core.incidents import WAY, Event, Incident, Kind, Stage, Step
from keyguard.tui import work
from keyguard.tui.responding import next_steps
from keyguard.tui.widgets.rows import Rows
from keyguard.workflows import incidents
from tests.fakes.world import ACTOR
from tests.tui import harness
from tests.tui.desk import DAY, NOW, desk
from tests.tui.harness import Seat, seated, sitting
from tests.tui.working import Bench, at_work, item


async def on_it(bench: Bench, incident: str) -> None:
    """Wait until the cursor is on it: what the screen shows is read in a thread."""
    await bench.until(lambda: bench.app.screen.query_one(Rows).chosen == incident)


@sitting
async def test_incidents_with_how_far_they_have_come(seat: Seat) -> None:
    seat.desk.incident("bybit/mm/bot", "a laptop with this key was lost")
    warned = {"kind": Kind.VENUE_NOTICE, "stage": Stage.REVERIFY, "deadline": NOW + 20 * DAY / 24}
    seat.desk.incident("upbit/krw/메이커", "the venue warns of a shared key", **warned)
    seat.desk.incident("okx/mm/hedge", "a configuration file was pushed", closed=True)
    await seat.press("0")
    await seat.look()
    await seat.until(lambda: seat.sees("open · 2"))
    assert seat.sees("frozen")
    await seat.pictures("incidents and what is frozen")
    seat.app.screen.query_one(Rows).choose("in_메이커")
    await seat.press("enter")
    assert seat.sees("venue: re-verification")
    assert seat.sees("wants an answer by 11-21 05:00 UTC (in 20 h)")
    assert seat.sees("keyguard incident preserve in_메이커")
    await seat.pictures("page of an incident, with what is next")
    await seat.press("escape", "r")
    assert seat.told("This view only reads")


def test_what_is_done_stands_in_the_incident() -> None:
    done = (
        ("n", ("called the venue", ""), Step.NOTE),
        ("s", ("", "2026-12-01", "N-17"), Step.STAGE),
        ("f", ("",), Step.FROZEN),
        ("c", ("the venue ended all old keys",), Step.LOOKED),
        ("r", ("", "1"), Step.REVOKED),
        ("x", ("a pushed file", "key replaced"), Step.CLOSED),
    )

    async def flow(bench: Bench) -> None:
        opening = incidents.Opening(Kind.LEAK, "a file was pushed", keys=(bench.world.key.id,))
        made = incidents.open_incident(bench.world.ports, opening, actor=ACTOR)
        await bench.look()
        await bench.go("incidents", made.id)
        await on_it(bench, made.id)
        for key, said, step in done:
            await bench.press(key)
            await bench.fill(*said)
            view = await bench.settled()
            assert view.stage is work.Stage.DONE, view.trouble
            found = bench.world.incidents.find(made.id)
            assert found.first(step) is not None
            assert found.open == (key != "x")
        assert (found.deadline, found.reference) == (datetime(2026, 12, 2, tzinfo=UTC), "N-17")
        assert not bench.world.answers(bench.world.old)

    at_work(flow)


def test_a_freeze_is_thawed_with_a_reason() -> None:
    async def flow(bench: Bench) -> None:
        opening = incidents.Opening(Kind.LEAK, "a file was pushed", keys=(bench.world.key.id,))
        incidents.open_incident(bench.world.ports, opening, actor=ACTOR, freeze=True)
        await bench.look()
        await bench.press("0")
        await bench.until(lambda: bench.sees("open · 1"))
        await bench.press("down", "t")
        await bench.fill("it was a test")
        view = await bench.settled()
        assert view.stage is work.Stage.DONE, view.trouble
        assert not bench.world.incidents.freezes()

    at_work(flow)


def test_an_incident_of_a_finding_is_opened_from_home_with_what_is_known() -> None:
    async def flow(bench: Bench) -> None:
        world = bench.world
        found = item(world, Found.LEAK, world.key.name)
        world.findings.put(found)
        await bench.look()
        bench.app.screen.query_one(Rows).choose(found.id)
        await bench.press("I", "enter", "enter", "enter", "enter", "right", "enter")
        view = await bench.settled()
        assert view.stage is work.Stage.DONE, view.trouble
        (made,) = world.incidents.all()
        assert (made.kind, made.how, made.keys) == (Kind.LEAK, "found in a test", (world.key.id,))
        assert made.first(Step.FROZEN) is not None
        await on_it(bench, made.id)

    at_work(flow)


@sitting
async def test_an_incident_may_be_opened_from_a_finding_and_from_the_page_of_a_key(seat: Seat) -> None:
    for place, target in (("findings", "okx/main/…9f3c"), ("keys", "kraken/vol/spot")):
        await seat.app.go(place, target)
        await seat.pilot.pause()
        await seat.press("I")
        assert seat.app.here == "incidents"
        assert seat.told("This view only reads")
        seat.app.clear_notifications()


def test_keys_end_only_when_their_number_is_typed() -> None:
    async def flow(bench: Bench) -> None:
        opening = incidents.Opening(Kind.LEAK, "a file was pushed", keys=(bench.world.key.id,))
        made = incidents.open_incident(bench.world.ports, opening, actor=ACTOR)
        await bench.look()
        await bench.go("incidents", made.id)
        await on_it(bench, made.id)
        await bench.press("r")
        assert bench.sees(bench.world.key.name)
        await bench.fill("", "2")
        assert bench.told("That is not their number. Nothing was ended.")
        await bench.press("r")
        await bench.fill("nobody/knows/it", "1")
        view = await bench.settled()
        assert view.stage is work.Stage.FAILED
        assert bench.world.answers(bench.world.old)
        await bench.press("s")
        await bench.fill("", "tomorrow", "")
        assert bench.told("The day is written like 2026-12-31.")

    at_work(flow)


def test_what_is_next_follows_the_way_of_an_incident() -> None:
    def steps(*done: Step, **facts) -> str:
        events = tuple(Event(step, NOW, NOW, "kim") for step in done)
        keys, venues = facts.pop("keys", ("k1",)), facts.pop("venues", ("upbit",))
        made = Incident("in_1", Kind.LEAK, keys, venues, "x", NOW, NOW, "kim", events=events, **facts)
        return " ".join(step.name for step in next_steps(made))

    assert steps(trigger="died/v1") == "look freeze revoke preserve notify"
    assert steps(Step.FROZEN, Step.RECEIVED) == "revoke reply preserve notify"
    assert steps(keys=(), venues=()) == "preserve"
    assert steps(*WAY) == "close"
    assert steps(*WAY, closed_at=NOW + timedelta(days=1)) == ""


def test_a_new_incident_is_asked_for_in_one_form() -> None:
    async def whole() -> None:
        held = desk()
        async with seated(held, work=harness.work(held)) as seat:
            await seat.press("0")
            await seat.sheets("a new incident", "o", sizes=harness.SIZES[:2])

    asyncio.run(whole())
