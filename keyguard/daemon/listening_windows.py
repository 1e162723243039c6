"""The named pipe: for this user alone, on this machine alone.

Written after Microsoft's documentation and untested on Windows; what of it does not call Windows is tested.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from keyguard.core.errors import DaemonError
from keyguard.daemon.settings import Settings
from keyguard.rpc import pipe as pipe_names
from keyguard.win32 import aio

_LOG = logging.getLogger(__name__)
_PAUSE_S = 1.0
"""After an instance could not be made: memory or handles are short."""


class Pipes(Protocol):
    """What is called of `keyguard.win32.pipes`."""

    def create(self, name: str, sddl: str, *, first: bool) -> int:
        """An instance of the pipe."""

    def close(self, handle: int) -> None:
        """Let go of it."""


class Users(Protocol):
    """What is called of `keyguard.win32.users`."""

    def own(self) -> str:
        """The SID of this user."""


@dataclass(frozen=True, slots=True)
class Loop:
    """What is asked of the event loop: see `keyguard.win32.aio`."""

    wrapped: Callable[[int], Any] = aio.wrapped
    accept: Callable[[Any], Awaitable[None]] = aio.accept
    transport: Callable[[Any, asyncio.BaseProtocol], asyncio.Transport] = aio.transport


def descriptor(sid: str) -> str:
    """Who may open the pipe, in SDDL: owned by the user `sid`, who may do all; nobody else anything.

    `P`: nothing is inherited. The owner is named because clients look who it is, and for an administrator's
    process it would be the group of administrators. The label keeps sandboxed processes of the same user (low
    integrity) from reading and writing.
    """
    return f"O:{sid}D:P(A;;GA;;;{sid})S:(ML;;NRNW;;;ME)"


class ListeningPipe:
    """A pipe that clients can open. Its first instance is there from the start, so it is nobody else's."""

    def __init__(self, path: Path, pipes: Pipes, users: Users, loop: Loop) -> None:
        self.path = path
        self._pipes = pipes
        self._loop = loop
        self._sddl = descriptor(users.own())
        self._free: int | None = self._create(first=True)
        self._wrapped: Any = None
        self._accepting: asyncio.Task[None] | None = None

    async def serve(self, protocol: Callable[[], asyncio.BaseProtocol]) -> ListeningPipe:
        """Begin to accept; each connection gets a protocol of its own."""
        self._accepting = asyncio.get_running_loop().create_task(self._accept(protocol))
        return self

    def close(self) -> None:
        """Accept no more; connections go on. The name goes with the last of them."""
        if self._accepting is not None:
            self._accepting.cancel()
        if self._wrapped is not None:
            self._wrapped.close()
            self._wrapped = None
        if self._free is not None:
            self._pipes.close(self._free)
            self._free = None

    async def _accept(self, protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        while True:
            pipe = self._wrapped = self._loop.wrapped(await self._instance())
            try:
                await self._loop.accept(pipe)
            except OSError:  # who opened it has closed it again
                pipe.close()
                continue
            self._wrapped = None
            # The next one is there before this one is served: the name never is without an instance.
            with suppress(OSError):
                self._free = self._create(first=False)
            self._loop.transport(pipe, protocol())

    async def _instance(self) -> int:
        """One that nobody is connected to."""
        while True:
            try:
                free, self._free = self._free, None
                return self._create(first=False) if free is None else free
            except OSError as error:
                _LOG.error("no further instance of the pipe: %s", type(error).__name__)
                await asyncio.sleep(_PAUSE_S)

    def _create(self, *, first: bool) -> int:
        return self._pipes.create(str(self.path), self._sddl, first=first)


def listen(
    home_id: str,
    token: str,
    settings: Settings,
    pipes: Pipes | None = None,
    users: Users | None = None,
    loop: Loop | None = None,
) -> ListeningPipe:
    """Make the pipe. DaemonError `daemon.socket` where that cannot be done, or system mode was asked for."""
    if settings.system:
        raise DaemonError(
            "on Windows a daemon serves its own user only",
            code="daemon.socket",
            hint="take group out of [daemon] in the configuration",
        )
    path = pipe_names.name_of(home_id, token)
    try:
        return ListeningPipe(
            path,
            pipes or cast("Pipes", import_module("keyguard.win32.pipes")),
            users or cast("Users", import_module("keyguard.win32.users")),
            loop or Loop(),
        )
    except OSError as error:
        raise DaemonError(
            f"the pipe {path} cannot be made: {(error.strerror or 'error').lower()}", code="daemon.socket"
        ) from None
