"""How soon keys are answered: on screens of many keys and records, at rest and while a desk is at work."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from textual.events import Key as KeyEvent
from textual.worker import WorkerCancelled

from keyguard.tui.screens.keys import GROUPS
from tests.bench.tui.seats import Timed, seat

if TYPE_CHECKING:
    from keyguard.home import Home
    from keyguard.tui.app import KeyguardApp

ROUNDS = 3
"""From the app to the screen, to what has the focus, and a message of that to the screen again."""
Times = dict[str, list[Timed]]


async def settled(app: KeyguardApp) -> None:
    """Wait for what screens read and search; not for what goes on as long as the app."""
    while waited := [one for one in app.workers if one.group in ("read", "search")]:
        with contextlib.suppress(WorkerCancelled):  # a newer picture has it read again
            await app.workers.wait_for_complete(waited)


class Presser:
    """Sends a key and waits until every widget has dealt with it and the screen is painted."""

    def __init__(self, app: KeyguardApp, pilot) -> None:
        self._app, self._pilot = app, pilot
        self.times: Times = {}

    async def press(self, what: str, *keys: str) -> None:
        """Each of these keys, timed under this name."""
        for key in keys:
            begin, worked = time.perf_counter(), time.process_time()
            self._app.post_message(KeyEvent(key, key if len(key) == 1 else None))
            for _ in range(ROUNDS):
                await self._pilot._wait_for_screen()
            self._app.screen._on_timer_update()
            self._note(what, begin, worked)

    async def settle(self, what: str) -> None:
        """Wait for what a press began and goes on between keys, timed from now."""
        begin, worked = time.perf_counter(), time.process_time()
        await settled(self._app)
        self._note(what, begin, worked)

    def _note(self, what: str, begin: float, worked: float) -> None:
        wall, processor = time.perf_counter() - begin, time.process_time() - worked
        self.times.setdefault(what, []).append(Timed(wall * 1000, processor * 1000))


async def at_rest(home: Home, repeats: int) -> Times:
    """Nobody else is at work."""
    async with seat(home, live=False) as (app, pilot):
        await app.look()
        presser = Presser(app, pilot)
        await _first(presser)
        for _ in range(repeats):
            await _round(presser)
        await _verifying(presser, app)
    return presser.times


async def under_traffic(home: Home, repeats: int) -> Times:
    """The home changes all the time, and the app looks by itself."""
    async with seat(home, live=True) as (app, pilot):
        while app.look_now.picture is None:
            await pilot.pause(0.1)
        presser = Presser(app, pilot)
        await _first(presser)
        for _ in range(repeats):
            await _round(presser)
    return presser.times


async def _first(presser: Presser) -> None:
    await presser.press("first visit of the keys", "2")
    await presser.press("first visit of the log", "7")
    await presser.settle("… until its records are there")


async def _round(presser: Presser) -> None:
    press = presser.press
    await press("changing screens", "1", "2")
    await press("moving among keys", "down", "down", "pagedown", "up", "end", "home")
    await press("opening the filter", "slash")
    await press("typing a filter", *"bot04", "backspace", "backspace")
    await press("closing the filter", "escape")
    await press("grouping", *("v" for _ in GROUPS))
    await press("opening a key's page", "enter")
    await press("closing it", "escape")
    await press("changing screens", "4", "7")
    await press("moving in the log", "home", "pagedown", "down", "down", "end", "pageup", "up", "up")
    await press("opening the search", "slash")
    await press("typing a search", *"bot1")
    await press("typing a search", "space", *"okx")
    await presser.settle("… until it is through")
    await press("closing the search", "escape")
    await press("opening the palette", "colon")
    await press("typing in the palette", *"kra")
    await press("closing the palette", "escape")
    await press("help", "question_mark")
    await press("closing help", "escape")


async def _verifying(presser: Presser, app: KeyguardApp) -> None:
    begin = time.perf_counter()
    await presser.press("beginning to verify", "v")
    job = app.screen._begun
    while not job.view.over:
        await presser.press("moving while it verifies", "up")
    presser.times["… until it is verified"] = [Timed((time.perf_counter() - begin) * 1000, 0)]
