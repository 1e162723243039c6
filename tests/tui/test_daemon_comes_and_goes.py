"""What answers on the daemon's socket changes while somebody types: said, followed, nothing typed is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
import threading

import pytest

from keyguard import __version__
from keyguard.home import Home
from keyguard.rpc import messages
from keyguard.tui import run
from keyguard.tui.source import Source
from keyguard.tui.widgets.filter import FilterField
from tests.tui.desk import HOME, desk
from tests.tui.harness import Seat, seated

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a daemon is on a pipe there")

NEVER_S, LONG_S = 0.05, 30.0


class StandIn:
    """Answers as a daemon does, on a socket. `silent`: takes what it is told, and says nothing."""

    def __init__(self, path, *, version=__version__, locked=False, silent=False) -> None:
        self.version, self.locked, self.silent = version, locked, silent
        self._over = False
        self._held: list[socket.socket] = []
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(path))
        self._listening.listen()
        self._path = path
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def end(self) -> None:
        self._over = True
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as last:  # wakes who accepts
            last.connect(str(self._path))
        self._thread.join()
        self._listening.close()
        for sock in self._held:
            sock.close()
        self._path.unlink()

    def _serve(self) -> None:
        while True:
            sock, _ = self._listening.accept()
            if self._over or self.silent:
                self._held.append(sock)
            else:
                with sock, sock.makefile("rb") as lines:
                    for line in lines:
                        sock.sendall(self._answer(json.loads(line)))
            if self._over:
                return

    def _answer(self, told) -> bytes:
        results = {
            "hello": {"version": self.version, "protocol": messages.PROTOCOL},
            "status": {"store": {"locked": self.locked}, "hand_outs": 2, "unfinished_workflows": 0},
        }
        answer = {"jsonrpc": "2.0", "id": told["id"], "result": results[told["method"]]}
        return json.dumps(answer).encode() + b"\n"


def test_gone_restarted_locked_slow_and_of_an_older_version(tmp_path, monkeypatch) -> None:
    path = tmp_path / "d.sock"
    monkeypatch.setenv("KEYGUARD_SOCKET", str(path))
    monkeypatch.setattr(run, "PATIENCE_S", LONG_S)
    monkeypatch.chdir(tmp_path)
    ports = desk().ports
    source = Source(
        lambda: contextlib.nullcontext(ports), lambda: HOME, lambda: run.ask_daemon(Home(tmp_path))
    )

    async def test(seat: Seat) -> None:
        await seat.press("2", "slash")
        typed = ""
        for letter, said, made in (
            ("k", "", {}),
            ("r", "The daemon is not running", None),
            ("a", "", {}),
            ("k", "The store is locked", {"locked": True}),
            ("e", "The daemon does not answer", {"silent": True}),
            ("n", "The daemon has version 0.0.9", {"version": "0.0.9"}),
            ("/", "", {}),
        ):
            monkeypatch.setattr(run, "PATIENCE_S", NEVER_S if made and "silent" in made else LONG_S)
            daemon = None if made is None else StandIn(path, **made)
            await seat.type(letter)
            await seat.look()
            if daemon is not None:
                daemon.end()
            typed += letter
            assert seat.app.screen.query_one(FilterField).value == typed
            assert seat.sees(said) if said else not seat.sees("! The"), "\n".join(seat.seen())

    async def whole() -> None:
        async with seated(of=source) as seat:
            await test(seat)

    asyncio.run(whole())


def test_keys_are_answered_while_the_daemon_does_not_answer(tmp_path, monkeypatch) -> None:
    path = tmp_path / "d.sock"
    monkeypatch.setenv("KEYGUARD_SOCKET", str(path))
    monkeypatch.setattr(run, "PATIENCE_S", LONG_S)
    ports = desk().ports
    source = Source(
        lambda: contextlib.nullcontext(ports), lambda: HOME, lambda: run.ask_daemon(Home(tmp_path))
    )

    async def whole() -> None:
        async with seated(of=source) as seat:
            daemon = StandIn(path, silent=True)
            asking = asyncio.create_task(seat.app.ask_daemon())
            await seat.press("2", "slash")
            await seat.type("kraken")
            assert seat.sees("1 of 12")
            assert not asking.done()
            daemon.end()
            await asking
            assert seat.sees("The daemon is not running")

    asyncio.run(whole())
