"""What is painted while a home changes twenty times a second and nobody touches a key."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.tui.seats import seat
from tests.tui.painting import Painted, Terminal

if TYPE_CHECKING:
    from keyguard.home import Home
    from keyguard.tui.app import KeyguardApp

PLACES = (
    ("home", "1", ()),
    ("keys", "2", ()),
    ("findings", "4", ()),
    ("log, its end followed", "7", ("end",)),
    ("log, another read", "7", ("end", "pageup", "pageup")),
)
_POLL_S = 0.05


@dataclass(frozen=True)
class Watched:
    """What was painted of a place in so many seconds, and in how many pictures the events came."""

    place: str
    seconds: float
    pictures: int
    painted: Painted


async def watched(home: Home, seconds: float) -> list[Watched]:
    """Each place for so many seconds."""
    found = []
    async with seat(home, live=True) as (app, pilot):
        while app.look_now.picture is None:
            await pilot.pause(0.1)
        terminal = Terminal(app)
        for place, key, more in PLACES:
            await pilot.press(key, *more)
            await asyncio.sleep(1)
            terminal.reset()
            pictures = await _pictures(app, seconds)
            found.append(Watched(place, seconds, pictures, terminal.reset()))
    return found


async def _pictures(app: KeyguardApp, seconds: float) -> int:
    """How many come in this time."""
    count, shown = 0, app.look_now.picture
    for _ in range(round(seconds / _POLL_S)):
        await asyncio.sleep(_POLL_S)
        count, shown = count + (app.look_now.picture is not shown), app.look_now.picture
    return count
