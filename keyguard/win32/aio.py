"""Named pipes on asyncio's event loop.

asyncio can serve pipes by itself, but with Windows' access list, which by default lets everybody read. So
their instances are made by us; waiting for a client and transporting is left to the ProactorEventLoop, by two
methods of it that have no public name (alike in CPython 3.11, 3.12 and 3.13).
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any


def wrapped(handle: int) -> Any:
    """The handle as asyncio takes it, with `fileno` and `close`; it is that object's from here on."""
    return import_module("asyncio.windows_utils").PipeHandle(handle)  # there on Windows only


async def accept(pipe: Any) -> None:
    """Wait until a client has opened the other end of this instance; OSError where it went at once."""
    loop: Any = asyncio.get_running_loop()
    await loop._proactor.accept_pipe(pipe)


def transport(pipe: Any, protocol: asyncio.BaseProtocol) -> asyncio.Transport:
    """Read and write a connected pipe; it is the transport's from here on (`pipe` in its extra)."""
    loop: Any = asyncio.get_running_loop()
    made: asyncio.Transport = loop._make_duplex_pipe_transport(pipe, protocol, extra={})
    return made
