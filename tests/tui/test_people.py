"""People: the matrix, and off-boarding as one flow."""

from __future__ import annotations

from keyguard.tui.matrix import matrix
from keyguard.tui.work import Stage
from tests.fakes.firm import KIM, Firm
from tests.tui.harness import Seat, sitting
from tests.tui.working import Bench, in_world


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


def firm() -> Firm:
    """One where hana has a grant for a key and was handed it."""
    made = Firm()
    made.grant("hana")
    made.use()
    return made


def test_off_boarding_shows_what_it_means_before_it_does_anything() -> None:
    async def flow(bench: Bench) -> None:
        await bench.go("people", "hana")
        await bench.press("o")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        await bench.pilot.pause()
        assert bench.sees("1 grants end; 1 keys were in reach, 1 were handed out")
        assert bench.sees("handed out 1 times: rotate it")
        await bench.fill("", "no")
        assert bench.told("Not the same id")
        assert bench.world.people.grants(person="hana")[0].span.ended_at is None

    in_world(firm(), flow, actor=KIM)


def test_off_boarding_ends_grants_keeps_the_report_and_rotates() -> None:
    async def flow(bench: Bench) -> None:
        world = bench.world
        await bench.go("people", "hana")
        await bench.press("o")
        await bench.settled()
        await bench.pilot.pause()
        await bench.press("right")
        await bench.fill("", "hana")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        assert world.people.grants(person="hana")[0].span.ended_at is not None
        assert next(one for one in world.people.persons() if one.id == "hana").span.ended_at is not None
        assert not world.answers(world.old)
        assert [report.subject for report in world.incidents.reports()] == ["hana"]
        assert not bench.sees("▸hana")

    in_world(firm(), flow, actor=KIM)
