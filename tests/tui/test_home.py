"""Home: what needs somebody, worst first, each with its key."""

from __future__ import annotations

from keyguard.core.findings import Kind
from keyguard.core.policy import Level
from keyguard.tui import needs
from keyguard.tui.widgets.rows import Rows
from tests.tui.harness import Seat, sitting


@sitting
async def test_what_is_worst_stands_first_and_each_names_its_key(seat: Seat) -> None:
    found = needs.needs(seat.app.look_now.picture)
    assert [need.level for need in found] == sorted((n.level for n in found), key=list(Level).index)
    assert found[0].kind == "leak"
    assert {need.kind for need in found} >= {"leak", "drift", "unknown_key", "scopes", "expiry", "workflow"}
    assert all(need.fix is not None for need in found)
    await seat.pictures("what needs somebody now, worst first")


@sitting
async def test_the_key_beside_a_line_starts_its_fix(seat: Seat) -> None:
    await seat.press("r")
    assert seat.app.here == "rotations"
    assert seat.sees("bybit/mm/bot")


@sitting
async def test_another_key_moves_to_what_it_mends_and_starts_nothing(seat: Seat) -> None:
    rows = seat.app.screen.query_one("#needs", Rows)
    await seat.press("a")
    assert (seat.app.here, rows.chosen) == ("home", next(n.id for n in seat.needs() if n.kind == "approval"))
    await seat.press("a")
    assert seat.app.here == "reviews"


@sitting
async def test_enter_opens_the_page_of_the_key_it_is_about(seat: Seat) -> None:
    await seat.press("down", "enter")
    assert seat.app.here == "keys"
    assert seat.sees("deribit/vol/gamma")
    assert seat.sees("What it may do")
    await seat.press("1")
    rows = seat.app.screen.query_one("#needs", Rows)
    rows.choose(next(need.id for need in seat.needs() if need.subject == "okx/mm/hedge"))
    await seat.press("enter")
    assert seat.sees("okx/mm/hedge")
    assert not seat.sees("deribit/vol/gamma")


@sitting
async def test_a_leak_that_is_found_meanwhile_is_shown_and_the_cursor_stays(seat: Seat) -> None:
    rows = seat.app.screen.query_one("#needs", Rows)
    await seat.press("down", "down")
    chosen = rows.chosen
    seat.desk.finding(Kind.LEAK, Level.HIGH, "ops/run.sh:3", "a secret", "keyguard key list", days=9)
    await seat.look()
    assert seat.sees("ops/run.sh:3")
    assert rows.chosen == chosen


@sitting
async def test_hand_outs_of_a_desk_are_drawn_as_they_come(seat: Seat) -> None:
    seat.desk.clock.sleep(60)
    seat.desk.lease(seat.desk.inventory.find_key("kucoin/arb/runner"), 9, "runner.py")
    await seat.look()
    line = next(line for line in seat.seen() if line.strip().startswith("arb"))
    assert line.rstrip().endswith("█")
    assert seat.app.pulse.now("arb") == 1
