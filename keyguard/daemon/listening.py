"""Where the daemon listens. The socket: made in a folder of our own, or handed over by systemd."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from keyguard.core.errors import DaemonError
from keyguard.daemon.settings import Settings
from keyguard.rpc import place

_FIRST_PASSED = 3
_BACKLOG = 1024


class Closable(Protocol):
    """What accepts connections until it is closed."""

    def close(self) -> None:
        """Accept no more."""


class Place(Protocol):
    """Where clients connect: a Unix socket, or a named pipe (`listening_windows`)."""

    @property
    def path(self) -> Path:
        """Its name, for clients."""

    async def serve(self, protocol: Callable[[], asyncio.BaseProtocol]) -> Closable:
        """Begin to accept; each connection gets a protocol of its own."""

    def close(self) -> None:
        """Give the place up."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that listens. `passed`: systemd's, which goes on listening when we end. `inode`: of our
    own path."""

    socket: socket.socket
    path: Path
    passed: bool
    inode: int = 0

    async def serve(self, protocol: Callable[[], asyncio.BaseProtocol]) -> Closable:
        """Begin to accept; each connection gets a protocol of its own."""
        loop = asyncio.get_running_loop()
        if sys.version_info >= (3, 13):  # it would remove the path, which is ours or systemd's to remove
            return await loop.create_unix_server(protocol, sock=self.socket, cleanup_socket=False)
        return await loop.create_unix_server(protocol, sock=self.socket)

    def close(self) -> None:
        """Stop listening; our own path goes away. The caller still holds the home's lock, but another home
        may stand at its place by now, with a daemon of its own."""
        self.socket.close()
        with contextlib.suppress(FileNotFoundError):
            if not self.passed and self.path.lstat().st_ino == self.inode:
                self.path.unlink()


def listen(home: Path, home_id: str, settings: Settings) -> Listening:
    """Listen where clients look, replacing what a killed daemon left there. The caller holds the lock.

    DaemonError `daemon.socket` where the folder is not ours alone or the socket cannot be made.
    """
    if (passed := _passed()) is not None:
        return passed
    path = place.SYSTEM_SOCKET if settings.system else place.socket_in(home, home_id)
    try:
        group = _group(settings)
        _make_folder(path.parent, group)
        sock = _bind(path, group)
        return Listening(sock, path, passed=False, inode=path.lstat().st_ino)
    except OSError as error:
        raise DaemonError(
            f"the socket {path} cannot be made: {(error.strerror or 'error').lower()}",
            code="daemon.socket",
            hint="check the folder, or set XDG_RUNTIME_DIR",
        ) from None


def _passed() -> Listening | None:
    """The one socket systemd passed to this process (sd_listen_fds(3)); its variables end here."""
    pid, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdigit() or int(count) < 1:
        return None
    sock = socket.socket(fileno=_FIRST_PASSED)
    sock.set_inheritable(False)
    listens = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    name = sock.getsockname()
    if sock.family != socket.AF_UNIX or not listens or not isinstance(name, str) or count != "1":
        raise DaemonError(
            "what was passed to the daemon is not one listening Unix socket",
            code="daemon.socket",
            hint="one ListenStream= with a path in the socket unit",
        )
    return Listening(sock, Path(name), passed=True)


def _group(settings: Settings) -> int:
    """The number of the group that may connect, -1 in user mode."""
    if not settings.system:
        return -1
    import grp  # noqa: PLC0415 - not on Windows

    try:
        return grp.getgrnam(settings.group).gr_gid
    except KeyError:
        raise DaemonError(
            f"there is no group {settings.group!r}", code="daemon.socket", hint="[daemon] group names it"
        ) from None


def _make_folder(folder: Path, group: int) -> None:
    """A folder of our own, 0700 (0750 for the group): nobody else can exchange what is in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise DaemonError(
            f"{folder} is not a folder of this user", code="daemon.socket", hint="remove it, or set another"
        )
    if group >= 0:
        os.chown(folder, -1, group)
    folder.chmod(0o750 if group >= 0 else 0o700)


def _bind(path: Path, group: int) -> socket.socket:
    """Bind beside the place and move it there: whoever connects finds a socket that listens, or none."""
    fresh = path.with_name(".fresh.sock")
    fresh.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o077)
        try:
            with place.short_path(fresh) as name:
                sock.bind(name)
        finally:
            os.umask(before)
        if group >= 0:
            os.chown(fresh, -1, group)
        fresh.chmod(0o660 if group >= 0 else 0o600)
        sock.listen(_BACKLOG)
        fresh.replace(path)
    except BaseException:
        sock.close()
        raise
    return sock
