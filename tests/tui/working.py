"""A desk on which things are done: fakes of everything a workflow touches, and the app's own threads."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.events import Paste

from keyguard.core.findings import Finding, Item, State
from keyguard.core.policy import Level
from keyguard.tui.reading import Home
from keyguard.tui.source import Source
from keyguard.tui.widgets.paste import PasteField
from keyguard.tui.work import Work
from tests.fakes.world import ACTOR, World
from tests.tui.desk import RUNNING
from tests.tui.harness import Seat, seated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

HOME = Home("Hanbit Trading 한빛", frozenset({"examplex"}))


class Bench(Seat):
    """A person who has things done, and waits until the work asks or is over."""

    world: World

    @property
    def work(self) -> Work:
        assert self.app.work is not None
        return self.app.work

    async def go(self, place: str, target: str = "") -> None:
        await self.app.go(place, target)
        await self.pilot.pause()

    async def settled(self):
        """What the newest job is when it asks or is over; the screen shows that by then."""
        view = await asyncio.to_thread(self.work.jobs[-1].settle)
        await self.pilot.pause()
        await self.look()
        return view

    async def paste(self, text: str) -> None:
        self.app.focused.post_message(Paste(text))
        await self.pilot.pause()

    async def fill(self, *values: str) -> None:
        """Paste into the fields of a form, Enter after each; "" leaves a field as it is."""
        for value in values:
            if value:
                self.app.focused.value = ""
                await self.paste(value)
            await self.press("enter")

    @property
    def field(self) -> PasteField:
        return self.app.screen.query_one(PasteField)


@contextlib.asynccontextmanager
async def benched(world: World, *, actor=ACTOR, **options) -> AsyncIterator[Bench]:
    """The app on the home of this world. Nobody sits at a terminal: whatever is asked is asked on screen."""
    ports = world.ports
    world.inventory.stamp = itertools.count().__next__  # a store's tells of every commit, this one of its own

    def opening(person):
        return contextlib.nullcontext(replace(ports, person=person))

    reads = Source(lambda: contextlib.nullcontext(ports), lambda: HOME, lambda: RUNNING)
    work = Work(opening, actor, world.process_alive)
    async with seated(None, of=reads, work=work, **options) as seat:
        bench = Bench(seat.app, seat.pilot, seat.desk)
        bench.world = world
        yield bench


def item(world: World, kind, subject: str, detail: str = "") -> Finding:
    """A finding of this world, open."""
    now = world.clock.now()
    made = Item(kind, Level.HIGH, subject, "found in a test", now, "keyguard finding list", detail=detail)
    return Finding(made.id, made, State.OPEN, now, now)


def at_work(test: Callable[[Bench], Awaitable[None]], *variant: str, **settings) -> None:
    """Run a coroutine with a bench in a world of its own."""
    in_world(World(*variant, **settings), test)


def in_world(world: World, test: Callable[[Bench], Awaitable[None]], **options) -> None:
    """Run a coroutine with a bench in this world."""

    async def whole() -> None:
        async with benched(world, **options) as bench:
            await test(bench)

    asyncio.run(whole())
