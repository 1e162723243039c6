"""What is around every screen: tabs, bars, notices, languages."""

from __future__ import annotations

from keyguard.tui.navigation import PLACES
from tests.tui.harness import Seat, sitting


@sitting
async def test_every_place_is_reached_by_its_key(seat: Seat) -> None:
    for place in PLACES:
        await seat.press(place.key)
        assert seat.app.here == place.name
        assert seat.sees(seat.app.say(f"places.{place.name}"))
