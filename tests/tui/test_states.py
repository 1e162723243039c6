"""Home and daemon come and go while somebody works: said, made good by itself, and nothing typed is lost."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from keyguard.core.errors import StoreError
from keyguard.core.findings import Kind
from keyguard.core.policy import Level
from keyguard.tui.panicking import Panicking
from keyguard.tui.picture import DaemonState, DaemonView
from keyguard.tui.source import Source
from keyguard.tui.widgets.filter import FilterField
from tests.fakes.world import ACTOR
from tests.tui.desk import HOME, RUNNING, desk
from tests.tui.harness import Seat, seated


class Changing:
    """A home and a daemon whose state a test changes. `error`: what opening the home raises."""

    def __init__(self) -> None:
        self.desk, self.daemon, self.error = desk(), RUNNING, None
        self.open, self.opened = threading.Event(), 0
        self.open.set()
        self.source = Source(self._ports, lambda: HOME, lambda: self.daemon, lambda: self.opened)

    def _ports(self):
        self.open.wait()
        if self.error is not None:
            raise self.error
        return contextlib.nullcontext(self.desk.ports)

    def run(self, test, **options) -> None:
        async def whole() -> None:
            async with seated(self.desk, of=self.source, **options) as seat:
                await test(seat)

        asyncio.run(whole())


def test_a_daemon_that_ends_restarts_locked_and_is_unlocked_is_followed() -> None:
    changing = Changing()

    async def test(seat: Seat) -> None:
        await seat.press("2", "slash")
        await seat.type("krak")
        for state, version, said in (
            (DaemonState.ABSENT, "", "The daemon is not running"),
            (DaemonState.SLOW, "", "The daemon does not answer"),
            (DaemonState.VERSION, "0.0.9", "The daemon has version 0.0.9"),
            (DaemonState.LOCKED, "0.1.0", "The store is locked"),
        ):
            changing.daemon = DaemonView(state, version)
            await seat.look()
            assert seat.sees(said)
            assert seat.app.screen.query_one(FilterField).value == "krak"
        changing.daemon = RUNNING
        await seat.look()
        assert not seat.sees("! The")
        await seat.type("en")
        assert seat.app.screen.query_one(FilterField).value == "kraken"

    changing.run(test)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("database.locked", "another process has the database locked"),
        ("database.newer", "the database was written by a newer keyguard"),
        ("database.older", "the database is older than this keyguard"),
        ("database.unreachable", "the database server does not answer"),
    ],
)
def test_a_database_that_cannot_be_read_is_said_and_read_again(code: str, message: str) -> None:
    changing = Changing()

    async def test(seat: Seat) -> None:
        changing.error = StoreError(message, code=code, hint="keyguard doctor")
        changing.opened += 1
        await seat.look()
        assert seat.sees(message)
        assert seat.sees("bybit/mm/bot")
        changing.error = None
        changing.desk.finding(Kind.LEAK, Level.HIGH, "a.py:1", "a secret", "keyguard key list")
        await seat.look()
        assert not seat.sees(message)
        assert any(need.subject == "a.py:1" for need in seat.needs())

    changing.run(test)


def test_keys_are_answered_while_a_slow_home_is_being_read() -> None:
    changing = Changing()

    async def test(seat: Seat) -> None:
        changing.open.clear()
        changing.opened += 1
        looking = asyncio.create_task(seat.app.look())
        try:
            await seat.press("2", "slash")
            await seat.type("krak")
            assert seat.sees("1 of 12")
        finally:
            changing.open.set()
        await looking

    changing.run(test)


def test_the_second_step_of_a_panic_keeps_what_is_typed_while_the_home_changes() -> None:
    changing = Changing()
    nobody = Panicking(lambda *_: contextlib.nullcontext(), ACTOR, lambda *_: False, lambda: False)

    async def test(seat: Seat) -> None:
        await seat.app.go("panic", "all")
        await seat.until(lambda: seat.sees(" die, "))
        await seat.press("enter", "1")
        changing.daemon = DaemonView(DaemonState.ABSENT)
        changing.desk.finding(Kind.LEAK, Level.HIGH, "a.py:1", "a secret", "keyguard key list")
        await seat.look()
        assert seat.sees("The daemon is not running")
        await seat.press("2", "enter")
        assert seat.sees("12 keys die in 10 s.")
        await seat.press("escape")

    changing.run(test, panicking=nobody)
