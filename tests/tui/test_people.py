"""People: the matrix, and off-boarding as one flow."""

from __future__ import annotations

from dataclasses import replace

from keyguard.core.keys import Scope
from keyguard.core.people import Capacity, Grant, OsUser, Person, Span
from keyguard.tui.matrix import matrix
from keyguard.tui.work import Stage
from keyguard.workflows.handout import hand_out
from tests.fakes.world import ACTOR, PROCESS
from tests.tui.harness import Seat, sitting
from tests.tui.working import Bench, at_work


@sitting
async def test_who_may_use_which_key_since_when(seat: Seat) -> None:
    await seat.press("5")
    made = matrix(seat.app.look_now.picture)
    assert made.persons[0].id == "jo"
    assert made.held("hana") == 3
    assert seat.sees("▸◆jo")
    assert seat.sees("Acme Bots Ltd")
    await seat.press("right")
    assert seat.sees("▸hana")
    await seat.pictures("who may use which key, since when")


@sitting
async def test_a_grant_leads_to_its_person_and_enter_to_the_key(seat: Seat) -> None:
    await seat.app.go("people", "gr1")
    assert seat.sees("▸mina")
    await seat.press("enter")
    await seat.pilot.pause()
    assert seat.app.here == "keys"


def leaver(bench: Bench) -> None:
    """Somebody with a grant for the one key, who was handed it."""
    world = bench.world
    since = Span(world.clock.now())
    jo = Person("jo", Capacity.EMPLOYEE, since, users=(OsUser("jo", since),))
    world.people.put_person(jo)
    scopes = Scope.READ | Scope.TRADE_SPOT
    world.people.put_grant(Grant("gr1", "jo", since, scopes, key_id=world.key.id))
    who = replace(ACTOR, user="jo")
    hand_out(world.ports, world.key.id, purpose="", mode="env", actor=who, process=PROCESS)


def test_off_boarding_shows_what_it_means_before_it_does_anything() -> None:
    async def flow(bench: Bench) -> None:
        leaver(bench)
        await bench.look()
        await bench.go("people", "jo")
        await bench.press("o")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        await bench.pilot.pause()
        assert bench.sees("1 grants end; 1 keys were in reach, 1 were handed out")
        assert bench.sees("handed out 1 times: rotate it")
        await bench.fill("", "no")
        assert bench.told("Not the same id")
        assert bench.world.people.grants(person="jo")[0].span.ended_at is None

    at_work(flow)


def test_off_boarding_ends_grants_keeps_the_report_and_rotates() -> None:
    async def flow(bench: Bench) -> None:
        world = bench.world
        leaver(bench)
        await bench.look()
        await bench.go("people", "jo")
        await bench.press("o")
        await bench.settled()
        await bench.pilot.pause()
        await bench.press("right")
        await bench.fill("", "jo")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        assert world.people.grants(person="jo")[0].span.ended_at is not None
        assert next(one for one in world.people.persons() if one.id == "jo").span.ended_at is not None
        assert not world.answers(world.old)
        assert [report.subject for report in world.incidents.reports()] == ["jo"]
        assert not bench.sees("▸jo")

    at_work(flow)
