"""One connection to the daemon, for a caller that waits. Standard library and no event loop."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import sys
from collections import deque
from pathlib import Path
from typing import Any

from keyguard import __version__
from keyguard.core.errors import DaemonError
from keyguard.rpc import messages, place
from keyguard.rpc.pipe import Pipe

PATIENCE_SECONDS = 60.0
_CHUNK = 64 * 1024


class Connection:
    """Calls one at a time; not for several threads at once.

    `version` is the daemon's. DaemonError `daemon.version` unless it is ours, `any_version` excepted.
    """

    def __init__(self, path: Path, *, any_version: bool = False, patience: float = PATIENCE_SECONDS) -> None:
        self._socket = place.connect(path, patience)
        self._patience = patience
        self._unread = bytearray()
        self._notices: deque[tuple[str, dict[str, Any]]] = deque()
        self._id = 0
        try:
            self.server_uid = _server_uid(self._socket)
            _demand_trusted(self.server_uid, path)
            hello = self.call("hello")
            self.version = str(hello.get("version", ""))
            if not any_version:
                demand_version(hello)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call and return the result; raises what the daemon raised, DaemonError if it is gone."""
        self._id += 1
        line = messages.request(self._id, method, params)
        if len(line) > messages.LONGEST_REQUEST:
            raise DaemonError("the request is too long for the daemon", code="daemon.request")
        self._socket.settimeout(self._patience)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # what it said last is read below
            try:
                self._socket.sendall(line)
            except TimeoutError:
                raise _silent(self._patience) from None
        while True:
            told = self._read()
            if "method" in told:
                self._notices.append((str(told["method"]), dict(told.get("params", {}))))
            elif told.get("id") in (self._id, None):
                return _result(told)

    def notice(self) -> tuple[str, dict[str, Any]]:
        """Wait for the next notification, for as long as it takes."""
        if self._notices:
            return self._notices.popleft()
        self._socket.settimeout(None)
        while True:
            told = self._read()
            if "method" in told:
                return str(told["method"]), dict(told.get("params", {}))
            if told.get("id") is None:
                _result(told)

    def _read(self) -> dict[str, Any]:
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            if searched > messages.LONGEST_REPLY:
                raise DaemonError("the daemon's answer is too long", code="daemon.answer")
            try:
                chunk = self._socket.recv(_CHUNK)
            except TimeoutError:
                raise _silent(self._patience) from None
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise DaemonError(
                    "the daemon hung up",
                    code="daemon.gone",
                    still="a hand-out that was under way may be in the log without having arrived",
                    hint="keyguard daemon status",
                )
            self._unread += chunk
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return read_message(line)


def read_message(line: bytes) -> dict[str, Any]:
    """Parse a line of the daemon; DaemonError if it is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise DaemonError("what answers on the daemon's socket is no keyguard daemon", code="daemon.foreign")
    return value


def _result(told: dict[str, Any]) -> dict[str, Any]:
    if "error" in told:
        raise messages.read_error(told["error"])
    value = told.get("result")
    return value if isinstance(value, dict) else {}


def demand_version(hello: dict[str, Any]) -> None:
    """Raise DaemonError where the daemon that said hello is of another version."""
    version, protocol = hello.get("version"), hello.get("protocol")
    if version != __version__ or protocol != messages.PROTOCOL:
        raise DaemonError(
            f"the daemon has version {version}, this is {__version__}",
            code="daemon.version",
            still="it still runs and serves its own version",
            hint="keyguard daemon stop && keyguard daemon start",
        )


def _server_uid(sock: socket.socket | Pipe) -> int:
    """Who listens, by the kernel's word; -1 where this system is not asked, or was before (`rpc.pipe`)."""
    if sys.platform != "linux" or isinstance(sock, Pipe):
        return -1
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(uid)


def _demand_trusted(uid: int, path: Path) -> None:
    """A passphrase may follow: whoever listens must be us, root (systemd), or who owns the folder."""
    if uid in (-1, 0) or uid == os.geteuid():
        return
    with contextlib.suppress(OSError):
        if path.parent.stat().st_uid == uid:
            return
    raise DaemonError(
        f"another user (uid {uid}) listens on {path}",
        code="daemon.other_user",
        still="nothing was sent to it",
        hint="check KEYGUARD_SOCKET and the home",
    )


def _silent(seconds: float) -> DaemonError:
    return DaemonError(
        f"the daemon has not answered for {seconds:g} seconds",
        code="daemon.silent",
        still="a hand-out that was under way may be in the log without having arrived",
        hint="keyguard daemon status",
    )
