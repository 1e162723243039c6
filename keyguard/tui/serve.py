"""The terminal UI in a browser on this machine: read-only, for who holds the link that was just printed.

What is shown is a process of its own, `keyguard tui --read-only`; this one carries bytes between it and the
page. The front end (textual.js) is textual-serve's; page, token and carrying are ours, because textual-serve
starts its app through a shell, lets in whoever asks, and has the page load a font from another host.

1. A link works once: what it opens holds a second token, which opens the one connection of that page.
2. Only loopback is listened on; `Host` and `Origin` must name it, so no other site's page gets in by a name
   of its own (DNS rebinding) or across origins.
3. When the connection ends, or nobody touched it for a while, the process ends and another link is printed.
"""

from __future__ import annotations

import asyncio
import hmac
import html
import importlib.util
import json
import os
import secrets
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from keyguard.core.errors import UsageError

if TYPE_CHECKING:
    from asyncio.subprocess import Process

HOST = "127.0.0.1"
CONNECT_S = 60.0
"""A page that was opened and never connected has lost its link after so long."""
END_S = 5.0
"""So long a process may take to end by itself."""
LARGEST = 1 << 20
"""Bytes of a message from the page."""
_KEPT = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "PATH",
    "PYTHONPATH",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_RUNTIME_DIR",
)
"""Of our environment; nothing that unlocks a store."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self' ws://{host}; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>keyguard</title>
<link rel="stylesheet" href="/static/css/xterm.css">
<style>body {{ background: #12161d; color: #d6dbe5; font-family: monospace; margin: 0 }}
.textual-terminal {{ width: 100vw; height: 100vh }} .closed {{ display: none; padding: 2em }}
body.-closed .closed {{ display: block }} body.-closed .textual-terminal {{ display: none }}</style>
<script src="/static/js/textual.js"></script></head>
<body><div class="closed">Ended. The terminal that serves this has another link.<br>
끝났습니다. 이 화면을 연 터미널에 새 링크가 있습니다.</div>
<div id="terminal" class="textual-terminal" data-session-websocket-url="{url}" data-font-size="16"></div>
</body></html>
"""
_REFUSED = (
    "This link was used or is not right. The terminal that serves keyguard has another.\n"
    "이미 쓰였거나 잘못된 링크입니다. keyguard를 연 터미널에 새 링크가 있습니다.\n"
)


class Server:
    """Serves one page at a time. `command` shows the home; `tell` is given each new link; `idle_s` without a
    key or mouse ends what is shown, 0: never. `port` 0: any that is free."""

    def __init__(
        self, command: Sequence[str], tell: Callable[[str], None], *, port: int = 0, idle_s: float = 0.0
    ) -> None:
        self._command, self._tell, self._port, self._idle_s = command, tell, port, idle_s
        self._link = self._page = ""
        self._waiting: asyncio.TimerHandle | None = None

    def run(self) -> None:
        """Serve until interrupted; UsageError where the port is taken."""
        with suppress(KeyboardInterrupt):
            asyncio.run(self._run())

    async def _run(self) -> None:
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=2.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, HOST, self._port)
            try:
                await site.start()
            except OSError as error:
                raise UsageError(
                    f"port {self._port} cannot be served: {error.strerror}",
                    code="tui.port",
                    hint="choose another with --port, or leave it out",
                ) from error
            self._port = runner.addresses[0][1]
            self._new_link()
            ended = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                with suppress(NotImplementedError):  # Windows: the interrupt ends the loop
                    asyncio.get_running_loop().add_signal_handler(number, ended.set)
            await ended.wait()
        finally:
            await runner.cleanup()

    @property
    def _here(self) -> str:
        return f"{HOST}:{self._port}"

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guarded], client_max_size=LARGEST)
        app.router.add_get("/", self._opened)
        app.router.add_get("/ws/{page}", self._connected)
        app.router.add_static("/static", _front_end())
        return app

    @web.middleware
    async def _guarded(
        self, request: web.Request, handler: Callable[[web.Request], object]
    ) -> web.StreamResponse:
        if request.host != self._here:
            return web.Response(status=403, text="another host\n")
        try:
            answer = await handler(request)  # type: ignore[misc] # aiohttp's Handler is an awaitable
        except web.HTTPException as error:
            answer = error
        assert isinstance(answer, web.StreamResponse)
        if not answer.prepared:
            for name, value in _HEADERS.items():
                answer.headers[name] = value.format(host=self._here)
        return answer

    def _new_link(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting, self._page, self._link = None, "", secrets.token_urlsafe(32)
        self._tell(f"http://{self._here}/?token={self._link}")

    async def _opened(self, request: web.Request) -> web.Response:
        given = request.query.get("token", "")
        if not self._link or not _same(given, self._link):
            return web.Response(status=403, text=_REFUSED)
        self._link, self._page = "", secrets.token_urlsafe(32)
        self._waiting = asyncio.get_running_loop().call_later(CONNECT_S, self._new_link)
        url = html.escape(f"ws://{self._here}/ws/{self._page}")
        return web.Response(text=_PAGE.format(url=url), content_type="text/html")

    async def _connected(self, request: web.Request) -> web.StreamResponse:
        given, origin = request.match_info["page"], request.headers.get("Origin")
        if not self._page or not _same(given, self._page) or origin != f"http://{self._here}":
            return web.Response(status=403, text=_REFUSED)
        self._page = ""
        if self._waiting is not None:
            self._waiting.cancel()
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=LARGEST)
        await socket.prepare(request)
        try:
            await self._carry(socket, _size(request.query))
        finally:
            await socket.close()
            self._new_link()
        return socket

    async def _carry(self, socket: web.WebSocketResponse, size: tuple[int, int]) -> None:
        """Between the page and a process of its own, until either ends."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(size),
        )
        ways = [
            asyncio.create_task(_from_process(process, socket)),
            asyncio.create_task(self._from_page(socket, process)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await _ended(process)

    async def _from_page(self, socket: web.WebSocketResponse, process: Process) -> None:
        assert process.stdin is not None
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        idle: asyncio.TimerHandle | None = None
        try:
            while True:
                if self._idle_s and idle is None:
                    idle = loop.call_later(self._idle_s, task.cancel)
                message = await socket.receive()
                if message.type is not WSMsgType.TEXT:
                    return
                kind, value = _message(message.data)
                if kind == "ping":
                    await socket.send_json(["pong", value])
                elif (packet := _packet(kind, value)) is not None:
                    if kind == "stdin" and idle is not None:
                        idle.cancel()
                        idle = None
                    process.stdin.write(packet)
                    await process.stdin.drain()
        except ConnectionError:
            return  # the process ended
        finally:
            if idle is not None:
                idle.cancel()


async def _from_process(process: Process, socket: web.WebSocketResponse) -> None:
    """What it draws goes to the page; of what else it may send (links to open, files), nothing does."""
    out = process.stdout
    assert out is not None
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while await out.readuntil(b"\n") != b"__GANGLION__\n":
            pass
        while True:
            head = await out.readexactly(5)
            payload = await out.readexactly(int.from_bytes(head[1:], "big"))
            if head[:1] == b"D":
                await socket.send_bytes(payload)


async def _ended(process: Process) -> None:
    """Have it end; it may wait to write to a pipe that nobody reads any more, then it is killed."""
    for ending in (process.terminate, process.kill):
        with suppress(ProcessLookupError):
            ending()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_S)
            return


def _message(text: str) -> tuple[str, object]:
    """Kind and value of a message of the page; ("", None) for none that it would send."""
    try:
        found = json.loads(text)
    except ValueError:
        return "", None
    if isinstance(found, list) and found and isinstance(found[0], str):
        return found[0], found[1] if len(found) > 1 else None
    return "", None


def _packet(kind: str, value: object) -> bytes | None:
    """The same for the process, as its driver reads it; None for what it is not told."""
    if kind == "stdin" and isinstance(value, str):
        return _framed(b"D", value.encode("utf-8", "replace"))
    if kind == "resize" and isinstance(value, dict):
        width, height = _size(value)
        meta = {"type": "resize", "width": width, "height": height}
        return _framed(b"M", json.dumps(meta).encode())
    if kind in ("focus", "blur"):
        return _framed(b"M", json.dumps({"type": kind}).encode())
    return None


def _framed(kind: bytes, payload: bytes) -> bytes:
    return kind + len(payload).to_bytes(4, "big") + payload


def _size(asked: Mapping[str, object]) -> tuple[int, int]:
    """Cells of the page, within reason."""

    def cells(name: str, usual: int) -> int:
        value = str(asked.get(name, ""))
        return min(max(int(value), 20), 500) if value.isascii() and value.isdigit() else usual

    return cells("width", 80), cells("height", 24)


def _environment(size: tuple[int, int]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    width, height = size
    return kept | {
        "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "COLUMNS": str(width),
        "ROWS": str(height),
    }


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _front_end() -> Path:
    found = importlib.util.find_spec("textual_serve")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "static"


def command(home: Path, *, language: str, theme: str) -> tuple[str, ...]:
    """What shows this home, read-only."""
    words = ("--home", str(home), "tui", "--read-only", "--lang", language, "--theme", theme)
    return (sys.executable, "-m", "keyguard", *words, "--lock-after", "0")
