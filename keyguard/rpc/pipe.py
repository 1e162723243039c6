"""A client's end of the daemon's named pipe, with what `Connection` needs of a socket. For Windows.

The one who made the pipe must be this user: a name can be taken by anybody before the daemon takes it, and a
passphrase may follow. The kernel tells the owner, and no other user can make that us.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from keyguard.core.errors import DaemonError


def name_of(home_id: str, token: str) -> Path:
    """Where the daemon of a home makes its pipe. `token` differs at each start, so nobody can take the name
    before; clients read it in the home's note."""
    return Path(f"\\\\.\\pipe\\keyguard-{home_id}-{token}")


class Pipes(Protocol):
    """What is called of `keyguard.win32.pipes`."""

    def connect(self, name: str, timeout: float) -> int:
        """Open a connection and give its handle."""

    def read(self, pipe: int, size: int, timeout: float | None) -> bytes:
        """What is there, b"" at the end."""

    def write(self, pipe: int, data: bytes, timeout: float | None) -> int:
        """Write and say how many bytes went."""

    def close(self, handle: int) -> None:
        """Let go of it."""


class Users(Protocol):
    """What is called of `keyguard.win32.users`."""

    def owner(self, pipe: int) -> str:
        """The SID of who made the pipe."""

    def own(self) -> str:
        """The SID of this user."""


class Pipe:
    """Reads and writes like a socket: with a time-out, or for ever with None."""

    def __init__(self, handle: int, pipes: Pipes) -> None:
        self._handle: int | None = handle
        self._pipes = pipes
        self._timeout: float | None = None

    def settimeout(self, seconds: float | None) -> None:
        """How long a read or write may take."""
        self._timeout = seconds

    def recv(self, size: int) -> bytes:
        """What came, b"" at the end; TimeoutError."""
        return self._pipes.read(self._open(), size, self._timeout)

    def sendall(self, data: bytes) -> None:
        """Write all of it; BrokenPipeError, TimeoutError."""
        left = memoryview(data)
        while left:
            left = left[self._pipes.write(self._open(), bytes(left), self._timeout) :]

    def _open(self) -> int:
        if self._handle is None:
            raise BrokenPipeError("the pipe is closed")
        return self._handle

    def detach(self) -> int:
        """The handle, which is the caller's from here on."""
        handle, self._handle = self._open(), None
        return handle

    def close(self) -> None:
        """Let go of it; more than once is fine."""
        if self._handle is not None:
            self._pipes.close(self._handle)
            self._handle = None


def connect(path: Path, timeout: float, pipes: Pipes | None = None, users: Users | None = None) -> Pipe:
    """A connection to the daemon's pipe. OSError where it cannot be used, FileNotFoundError where none is,
    DaemonError `daemon.other_user` where another user has made it."""
    pipes = pipes or cast("Pipes", import_module("keyguard.win32.pipes"))
    users = users or cast("Users", import_module("keyguard.win32.users"))
    pipe = Pipe(handle := pipes.connect(str(path), timeout), pipes)
    try:
        if users.owner(handle) != users.own():
            raise DaemonError(
                f"another user has made {path}",
                code="daemon.other_user",
                still="nothing was sent to it",
                hint="check KEYGUARD_SOCKET and the home",
            )
    except BaseException:
        pipe.close()
        raise
    pipe.settimeout(timeout)
    return pipe
