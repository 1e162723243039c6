"""One connection: bytes in, requests served within limits, answers out. Never waits, never trusts."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from keyguard.core.errors import DaemonError, KeyguardError
from keyguard.daemon.sessions import Session
from keyguard.rpc import messages
from keyguard.rpc.messages import Malformed
from keyguard.rpc.params import Params

if TYPE_CHECKING:
    from keyguard.daemon.server import Server

AT_ONCE = 16
"""Requests of one connection before the others have their turn."""

IN_FLIGHT = 32
"""Requests of one connection that may be under way; then it is not read until one is answered."""

LINGERING = 64
"""Refused connections that may still read why."""

PASSED_OVER = 1024 * 1024
"""Bytes such a connection may still send before it is cut off."""

_LOG = logging.getLogger(__name__)


class Wire(asyncio.Protocol):
    """A connection from its accept to its end."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._unread = bytearray()
        self._tasks: set[asyncio.Task[None]] = set()
        self._half: asyncio.TimerHandle | None = None
        self._choked: asyncio.TimerHandle | None = None
        self._waiting = False
        self._ending = False
        self._refused = False
        self._passed_over = 0
        self._lingers: asyncio.TimerHandle | None = None
        self._session: Session | None = None
        self._transport: asyncio.Transport

    # --- asyncio's side ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Learn who it is, or refuse."""
        self._transport = cast("asyncio.Transport", transport)
        try:
            self._session = self._server.admit(
                transport.get_extra_info("socket") or transport.get_extra_info("pipe"),
                self._notify,
                self._transport.abort,
            )
        except DaemonError as error:
            _LOG.info("a connection was refused: %s", error.code)
            self._refuse(messages.error(None, error))

    def data_received(self, data: bytes) -> None:
        """Take what came and serve what is whole."""
        if self._refused:
            self._passed_over += len(data)
            if self._passed_over > PASSED_OVER:
                self._transport.abort()
            return
        if self._session is None or self._transport.is_closing():
            return
        self._unread += data
        self._serve_some()

    def eof_received(self) -> bool:
        """The other side sends no more; what it asked is still answered."""
        self._ending = True
        return bool(self._tasks) and not self._refused

    def pause_writing(self) -> None:
        """The other side does not read: neither do we, and not for ever."""
        self._transport.pause_reading()
        self._choked = self._loop.call_later(self._server.settings.message_s, self._too_slow)

    def resume_writing(self) -> None:
        """It reads again."""
        if self._choked is not None:
            self._choked.cancel()
            self._choked = None
        self._serve_soon()

    def connection_lost(self, _: Exception | None) -> None:
        """Nothing is answered any more; what is under way is finished, and undone where it was a hand-out."""
        for timer in (self._half, self._choked, self._lingers):
            if timer is not None:
                timer.cancel()
        if self._lingers is not None:
            self._server.lingering -= 1
        self._unread.clear()
        if self._session is not None:
            self._server.part(self._session, self._transport.abort)

    # --- requests ---------------------------------------------------------------------------------

    def _serve_soon(self, delay: float = 0.0) -> None:
        if not self._waiting:
            self._waiting = True
            self._transport.pause_reading()
            self._loop.call_later(delay, self._go_on)

    def _go_on(self) -> None:
        self._waiting = False
        if not self._transport.is_closing():
            self._transport.resume_reading()
            if not self._refused:
                self._serve_some()

    def _serve_some(self) -> None:
        assert self._session is not None
        if self._server.stopping:
            self._refuse(messages.error(None, _stopping()))
            return
        bucket = self._session.holder.bucket
        for _ in range(AT_ONCE):
            end = self._unread.find(b"\n")
            if end >= messages.LONGEST_REQUEST or (end < 0 and len(self._unread) >= messages.LONGEST_REQUEST):
                self._refuse(messages.fault(None, messages.INVALID_REQUEST, "the message is too long"))
                return
            if end < 0:
                self._expect_rest()
                return
            if self._choked is not None or len(self._tasks) >= IN_FLIGHT:
                self._transport.pause_reading()  # going on is up to `resume_writing` or `_answer`
                return
            if owed := bucket.owed(self._loop.time()):
                self._serve_soon(owed)
                return
            line = bytes(self._unread[:end])
            del self._unread[: end + 1]
            self._serve(line)
            if self._refused or self._transport.is_closing():
                return
        self._serve_soon()

    def _expect_rest(self) -> None:
        """A message that has begun must end; between messages there is no hurry."""
        if not self._unread:
            if self._half is not None:
                self._half.cancel()
                self._half = None
        elif self._half is None:
            self._half = self._loop.call_later(self._server.settings.message_s, self._too_slow)

    def _serve(self, line: bytes) -> None:
        if self._half is not None:
            self._half.cancel()
            self._half = None
        assert self._session is not None
        try:
            request = messages.read_request(line)
        except Malformed as error:
            self._session.holder.bucket.take(1, self._loop.time())
            self._write(messages.fault(error.id, error.number, error.message))
            return
        method = self._server.methods.get(request.method)
        if method is None:
            self._session.holder.bucket.take(1, self._loop.time())
            self._write(messages.fault(request.id, messages.UNKNOWN_METHOD, "no such method"))
            return
        self._session.holder.bucket.take(method.cost, self._loop.time())
        try:
            answer = method.serve(self._session, Params(request.params))
        except Exception as error:
            self._failed(request.id, error)
            return
        if isinstance(answer, dict):
            self._write(messages.result(request.id, answer))
            return
        task = self._loop.create_task(self._answer(request.id, answer))
        self._tasks.add(task)
        self._server.under_way.add(task)
        task.add_done_callback(self._answered)

    async def _answer(self, id_: int | str, work: Coroutine[Any, Any, dict[str, Any]]) -> None:
        try:
            self._write(messages.result(id_, await work))
        except Exception as error:
            self._failed(id_, error)

    def _answered(self, task: asyncio.Task[None]) -> None:
        full = len(self._tasks) >= IN_FLIGHT
        self._tasks.discard(task)
        self._server.under_way.discard(task)
        if self._transport.is_closing():
            return
        if self._ending and not self._tasks:
            self._transport.close()
        elif full and self._choked is None:
            self._serve_soon()

    def _failed(self, id_: int | str, error: Exception) -> None:
        """The edge: errors of keyguard travel, of all else only type and place are noted."""
        if isinstance(error, KeyguardError):
            self._write(messages.error(id_, error))
        elif isinstance(error, Malformed):
            self._write(messages.fault(id_, error.number, error.message))
        else:
            _LOG.error("a bug in keyguard: %s", where(error))
            self._write(messages.fault(id_, messages.INTERNAL, f"a bug in keyguard: {where(error)}"))

    # --- answers ----------------------------------------------------------------------------------

    def _notify(self, method: str, params: dict[str, Any]) -> None:
        self._write(messages.notice(method, params))

    def _write(self, line: bytes) -> None:
        if self._refused or self._transport.is_closing():
            return
        self._transport.write(line)
        if self._transport.get_write_buffer_size() > self._server.settings.unread_bytes:
            self._too_slow()

    def _refuse(self, line: bytes) -> None:
        """Say why and hang up: when the other side has, or after a while.

        Hanging up at once, with something unread, would take the answer away from under its reader.
        """
        self._refused = True
        self._unread.clear()
        self._transport.write(line)
        if self._server.lingering >= LINGERING:
            self._transport.abort()
            return
        self._server.lingering += 1
        if self._transport.can_write_eof():  # a pipe of Windows ends when it is closed
            self._transport.write_eof()
        self._lingers = self._loop.call_later(self._server.settings.message_s, self._transport.abort)

    def _too_slow(self) -> None:
        _LOG.info("a connection was dropped: too slow")
        self._transport.abort()


def _stopping() -> DaemonError:
    return DaemonError("the daemon stops", code="daemon.stopping", hint="keyguard daemon start")


def where(error: BaseException) -> str:
    """Type and place of an error; never its text, which may quote what it failed on."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


Serve = Callable[[Session, Params], "dict[str, Any] | Coroutine[Any, Any, dict[str, Any]]"]
