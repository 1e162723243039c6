"""What is painted while a home changes twenty times a second and nobody touches a key."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.tui.seats import seat
from tests.tui.painting import Painted, Terminal

if TYPE_CHECKING:
    from keyguard.home import Home

PLACES = (
    ("home", "1", ()),
    ("keys", "2", ()),
    ("findings", "4", ()),
    ("log, its end followed", "7", ("end",)),
    ("log, another read", "7", ("home",)),
)


@dataclass(frozen=True)
class Watched:
    """What was painted of a place in so many seconds."""

    place: str
    seconds: float
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
            await asyncio.sleep(seconds)
            found.append(Watched(place, seconds, terminal.reset()))
    return found
