"""The app in front of nobody, and what is measured of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from keyguard.tui import run
from keyguard.tui.app import KeyguardApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from keyguard.home import Home

SIZE = (200, 50)


class Timed(NamedTuple):
    """Milliseconds by the wall, and of the processor in all threads."""

    wall: float
    processor: float


@contextlib.asynccontextmanager
async def seat(home: Home, *, live: bool) -> AsyncIterator[tuple[KeyguardApp, object]]:
    """The app on this home as it is started, without a terminal; and its pilot."""
    run.rest_collector()
    run.share()
    app = KeyguardApp(run.source(home), work=run.work(home), live=live)
    app.animation_level = "none"
    async with app.run_test(size=SIZE) as pilot:
        yield app, pilot
