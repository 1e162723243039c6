"""Radar: all ends on a calendar and by date."""

from __future__ import annotations

from keyguard.tui.ends import ends
from keyguard.tui.widgets.rows import Rows
from tests.tui.harness import Seat, sitting


@sitting
async def test_all_ends_on_a_calendar_and_by_date(seat: Seat) -> None:
    await seat.press("6")
    found = ends(seat.app.look_now.picture)
    assert {end.kind for end in found} >= {"key", "person", "contract"}
    assert [end.at for end in found] == sorted(end.at for end in found)
    assert seat.sees("within 7 days")
    await seat.pictures("everything that ends, on a calendar")


@sitting
async def test_one_kind_alone_and_enter_goes_where_it_is_seen_to(seat: Seat) -> None:
    await seat.press("6", "v", "v")
    assert seat.sees("person: 1 ends")
    assert seat.sees("jo")
    assert not seat.sees("bybit/mm/bot")
    await seat.press("v", "v", "v", "v", "v", "v")
    rows = seat.app.screen.query_one(Rows)
    assert rows.chosen.startswith("person") or rows.chosen.startswith("key")
    await seat.press("home", "enter")
    await seat.pilot.pause()
    assert seat.app.here == "keys"
    assert seat.sees("upbit/krw/메이커")
