"""`keyguard.client` for asyncio: the same calls, awaited; several may be under way at once.

async with AsyncClient() as keys:
    key = await keys.get("bybit/mm/bot")
    async for key in keys.watch("bybit/mm/bot"):
        ...
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from keyguard.client.handed import HandedKey, asked, handed
from keyguard.client.locating import socket_path
from keyguard.core.errors import DaemonError
from keyguard.rpc import messages, place
from keyguard.rpc.client import PATIENCE_SECONDS, demand_version, read_message
from keyguard.rpc.pipe import Pipe
from keyguard.win32 import aio as pipes


class AsyncClient:
    """A connection to the daemon, opened by `async with`. See `keyguard.client.Client` for the calls."""

    def __init__(self, home: Path | str | None = None, *, socket: Path | str | None = None) -> None:
        self._home, self._socket = home, socket
        self._calls: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._watched: dict[str, list[asyncio.Event]] = {}
        self._id = 0
        self._reader: asyncio.Task[None]
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> AsyncClient:
        path = socket_path(self._home, self._socket)
        end = place.connect(path, PATIENCE_SECONDS)  # of this machine: it connects at once or not at all
        reader, self._writer = await _streams(end)
        self._reader = asyncio.create_task(self._read(reader))
        try:
            demand_version(await self._call("hello"))
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up; leases go on."""
        self._reader.cancel()
        self._writer.close()
        await asyncio.wait([self._reader])

    async def get(self, key: str, *, purpose: str = "", lease_s: int = 0, fresh: bool = False) -> HandedKey:
        """See `Client.get`."""
        told = await self._call("handout.get", **asked(key, purpose, lease_s, fresh=fresh))
        if replaced := told.get("replaces"):
            await self._call("handout.end", lease=replaced)
        return handed(told)

    async def renew(self, key: HandedKey, lease_s: int) -> None:
        """See `Client.renew`."""
        await self._call("handout.renew", lease=key.lease, lease_s=lease_s)

    async def end(self, key: HandedKey) -> None:
        """See `Client.end`."""
        await self._call("handout.end", lease=key.lease)

    async def keys(self) -> list[dict[str, Any]]:
        """See `Client.keys`."""
        return list((await self._call("key.list")).get("keys", []))

    async def watch(self, key: str, *, purpose: str = "", lease_s: int = 0) -> AsyncIterator[HandedKey]:
        """See `Client.watch`; DaemonError when the daemon ends."""
        changed = asyncio.Event()
        watched = self._watched.setdefault((await self._call("handout.watch", key=key))["id"], [])
        watched.append(changed)
        try:
            current = ""
            while True:
                changed.clear()
                told = await self._call("handout.get", **asked(key, purpose, lease_s))
                if told["lease"] != current:
                    current = told["lease"]
                    yield handed(told)
                    if replaced := told.get("replaces"):
                        await self._call("handout.end", lease=replaced)
                await changed.wait()
        finally:
            watched.remove(changed)

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        if self._reader.done():
            raise _gone()
        self._id = id_ = self._id + 1
        answer = self._calls[id_] = asyncio.get_running_loop().create_future()
        self._writer.write(messages.request(id_, method, params))
        try:
            await self._writer.drain()
            return await asyncio.wait_for(answer, PATIENCE_SECONDS)
        except (OSError, TimeoutError):
            raise _gone() from None
        finally:
            self._calls.pop(id_, None)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        error = _gone()
        try:
            while line := await reader.readline():
                self._take(read_message(line))
        except DaemonError as told:
            error = told
        except (OSError, ValueError):
            pass  # cut off, or a line beyond the limit
        finally:
            for answer in self._calls.values():
                if not answer.done():
                    answer.set_exception(error)
            for events in self._watched.values():
                for event in events:
                    event.set()

    def _take(self, told: dict[str, Any]) -> None:
        if "method" in told:
            for event in self._watched.get(told.get("params", {}).get("id"), ()):
                event.set()
            return
        if told.get("id") is None and "error" in told:
            raise DaemonError(messages.read_error(told["error"]).message, code="daemon.refused")
        answer = self._calls.get(told.get("id", 0))
        if answer is None or answer.done():
            return
        if "error" in told:
            answer.set_exception(messages.read_error(told["error"]))
        else:
            answer.set_result(told.get("result", {}))


async def _streams(end: socket.socket | Pipe) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if not isinstance(end, Pipe):
        end.setblocking(False)
        return await asyncio.open_unix_connection(sock=end, limit=messages.LONGEST_REPLY)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=messages.LONGEST_REPLY, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport = pipes.transport(pipes.wrapped(end.detach()), protocol)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def _gone() -> DaemonError:
    return DaemonError("the daemon hung up", code="daemon.gone", hint="keyguard daemon status")
