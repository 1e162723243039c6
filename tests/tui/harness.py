"""Runs the app as a person would use it, and compares what is seen with pictures kept beside the tests.

One run of the app visits all sizes and languages: starting it is what costs. Pictures are SVG, one for each
screen, language and size, in `snapshots/`; `KEYGUARD_TEST_SNAPSHOTS=write` makes them anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from textual.events import Key as KeyPressed

from keyguard.tui.app import KeyguardApp
from keyguard.tui.needs import Need, needs
from keyguard.tui.source import Source
from keyguard.tui.work import Work
from keyguard.workflows.identity import Actor
from tests.tui.desk import HOME, RUNNING, TuiDesk, desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

SIZES = ((80, 24), (120, 36), (250, 70))
LANGUAGES = ("en", "ko")
SNAPSHOTS = Path(__file__).parent / "snapshots"
WRITE = os.environ.get("KEYGUARD_TEST_SNAPSHOTS") == "write"


class Seat:
    """A person in front of the app: presses keys, sees the screen."""

    def __init__(self, app: KeyguardApp, pilot, desk: TuiDesk) -> None:
        self.app, self.pilot, self.desk = app, pilot, desk

    async def press(self, *keys: str) -> None:
        """Press keys one after another. Each is dealt with before the next, without the pilot's sleeps."""
        for key in keys:
            character = _CHARACTERS.get(key, key if len(key) == 1 else None)
            self.app.post_message(KeyPressed(key, character))
            for _ in range(ROUNDS):
                await self.pilot._wait_for_screen()
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*(_KEYS.get(char, char) for char in text))

    async def look(self) -> None:
        """Have the app look at the home and the daemon now."""
        await self.app.look()
        await self.app.ask_daemon()
        await self.pilot.pause()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what another thread does; the limit is for a test that fails, no test waits for it."""
        for _ in range(PATIENCE):
            await self.pilot.pause()
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("\n".join(self.seen()))

    def seen(self) -> list[str]:
        """The lines of the screen as text."""
        screen = self.app.screen
        lines = screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in lines]

    def sees(self, text: str) -> bool:
        return any(text in line for line in self.seen())

    def told(self, text: str) -> bool:
        """Whether a notice that is still up says so."""
        return any(text in notice.message for notice in self.app._notifications)

    def needs(self) -> tuple[Need, ...]:
        return needs(self.app.look_now.picture)

    async def sheets(self, name: str, *opened_by: str, sizes=SIZES) -> None:
        """Compare what is laid over a screen by these keys. It keeps the language it was opened in, and so is
        left by Escape and opened again."""
        for language in reversed(LANGUAGES):
            self.app.speak(language)
            await self.press(*opened_by)
            await self.pictures(name, languages=(language,), sizes=sizes)
            if language != LANGUAGES[0]:
                await self.press("escape")

    async def pictures(self, name: str, languages=LANGUAGES, sizes=SIZES) -> None:
        """Compare this screen in every size and language with what is kept. `name`: what a person sees."""
        wrong = []
        for language in languages:
            self.app.speak(language)
            for size in sizes:
                await self.pilot.resize_terminal(*size)
                await self.pilot.pause()
                if not matches(f"{name} {language} {size[0]}x{size[1]}", self.app.export_screenshot()):
                    wrong.append(f"{language} {size[0]}x{size[1]}")
        self.app.speak(languages[0])
        assert not wrong, f"{name} looks different in {', '.join(wrong)}: see {SNAPSHOTS}/*.new.svg"


PATIENCE = 6000
ROUNDS = 3
"""From the app to the screen, to what has the focus, and a message of that to the screen again."""
_KEYS = {"/": "slash", " ": "space", ":": "colon", "?": "question_mark", "-": "minus", ".": "full_stop"}

_CHARACTERS = {key: char for char, key in _KEYS.items()} | {"exclamation_mark": "!"}


def matches(name: str, svg: str) -> bool:
    """Whether the picture is the kept one; if not, the new one is left beside it."""
    kept, new = SNAPSHOTS / f"{name}.svg", SNAPSHOTS / f"{name}.new.svg"
    text = "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"
    if WRITE:
        SNAPSHOTS.mkdir(exist_ok=True)
        kept.write_text(text, encoding="utf-8")
    if kept.exists() and kept.read_text(encoding="utf-8") == text:
        new.unlink(missing_ok=True)
        return True
    SNAPSHOTS.mkdir(exist_ok=True)
    new.write_text(text, encoding="utf-8")
    return False


def work(held: TuiDesk) -> Work:
    """Changes a desk in memory, as far as fakes go."""
    return Work(lambda _: contextlib.nullcontext(held.ports), Actor("kim", "host-1"), lambda *_: False)


def source(held: TuiDesk, daemon=RUNNING) -> Source:
    """Reads a desk in memory."""
    return Source(lambda: contextlib.nullcontext(held.ports), lambda: HOME, lambda: daemon)


@contextlib.asynccontextmanager
async def seated(
    held: TuiDesk | None = None, *, size=(120, 36), of: Source | None = None, **options
) -> AsyncIterator[Seat]:
    """The app on a desk (the usual one), having looked once."""
    held = held or desk()
    app = KeyguardApp(of or source(held), live=False, **options)
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        seat = Seat(app, pilot, held)
        await seat.look()
        yield seat


def sitting(test: Callable[[Seat], Awaitable[None]]) -> Callable[[], None]:
    """Make a test of a coroutine that is given a seat at the usual desk."""

    def run() -> None:
        async def whole() -> None:
            async with seated() as seat:
                await test(seat)

        asyncio.run(whole())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run
