"""The one place that reads: a home opened in a thread of its own, and its daemon asked in another.

What a screen needs beyond the picture it asks for by `Source.ask`, with a function of the ports.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from keyguard.core.errors import KeyguardError, StoreError
from keyguard.tui import reading
from keyguard.tui.picture import DaemonView, Look, Picture, Trouble

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

    from keyguard.core.secret import Secret
    from keyguard.ports.all import Ports

T = TypeVar("T")

STALE_S = 60.0
"""After so long a picture is made again though nothing was written: ends come nearer by themselves."""


class Source:
    """Reads a home. `opening` opens its ports, again after any error; `home` says what is configured.

    `identity` is another value after the database was replaced; it may raise StoreError where it is gone.
    `opens`: whether a passphrase is that of the store; None where the store has none.
    """

    def __init__(
        self,
        opening: Callable[[], AbstractContextManager[Ports]],
        home: Callable[[], reading.Home],
        daemon: Callable[[], DaemonView],
        identity: Callable[[], object] = lambda: None,
        opens: Callable[[Secret], bool] | None = None,
    ) -> None:
        self._opening, self._home, self._daemon, self._identity = opening, home, daemon, identity
        self._opens = opens
        self._reader = ThreadPoolExecutor(1, "keyguard-read")
        self._asker = ThreadPoolExecutor(1, "keyguard-daemon")
        self._stack = contextlib.ExitStack()
        self._ports: Ports | None = None
        self._opened_as: object = None
        self._stamp: int | None = None
        self._picture: Picture | None = None
        self.look_cost_s = 0.0
        """Processor time that the last look took."""

    async def look(self) -> Look:
        """The newest picture; the one before, the same object, where nothing has changed."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._timed_look)

    async def daemon(self) -> DaemonView:
        """How the daemon does. Never raises."""
        return await asyncio.get_running_loop().run_in_executor(self._asker, self._daemon)

    @property
    def opens(self) -> Callable[[Secret], Awaitable[bool]] | None:
        """Tells whether a passphrase is that of the store; None where the store has none."""
        opens = self._opens
        if opens is None:
            return None

        async def opened(passphrase: Secret) -> bool:
            return await asyncio.get_running_loop().run_in_executor(self._reader, opens, passphrase)

        return opened

    async def ask(self, read: Callable[[Ports], T]) -> T:
        """What `read` finds, in the thread that reads; raises what it raises. It must not write."""

        def asked() -> T:
            return read(self._open())

        return await asyncio.get_running_loop().run_in_executor(self._reader, asked)

    def close(self) -> None:
        """End both threads; what is being read is read to its end, and dropped."""
        self._reader.submit(self._shut)
        self._reader.shutdown(wait=True)
        self._asker.shutdown(wait=False, cancel_futures=True)

    def _timed_look(self) -> Look:
        begin = time.thread_time()
        try:
            return self._look()
        finally:
            self.look_cost_s = time.thread_time() - begin

    def _look(self) -> Look:
        try:
            ports = self._open()
            stamp, now = ports.inventory.stamp(), ports.clock.now()
            if self._picture is None or stamp != self._stamp or _stale(self._picture, now):
                self._picture = reading.picture(ports, self._home(), self._picture)
                self._stamp = stamp
        except KeyguardError as error:
            self._shut()
            return Look(self._picture, Trouble(error.code, error.message, error.hint))
        return Look(self._picture, at=now)

    def _open(self) -> Ports:
        identity = self._identity()
        if self._ports is None or identity != self._opened_as:
            self._shut()
            self._ports = self._stack.enter_context(self._opening())
            self._opened_as = identity
        return self._ports

    def _shut(self) -> None:
        self._ports, self._stamp = None, None
        with contextlib.suppress(StoreError):
            self._stack.close()


def _stale(picture: Picture, now: datetime) -> bool:
    return not 0 <= (now - picture.at).total_seconds() < STALE_S
