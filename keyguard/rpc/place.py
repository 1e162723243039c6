"""Where a home's daemon listens, and the note by which its clients find it.

The socket is in the user's runtime folder, else in the home, in a folder of mode 0700; Windows has a pipe.
The daemon notes its path in the home (`daemon.json`), so that a client whose environment differs (cron, a
service) finds it too.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from keyguard.core.errors import DaemonError
from keyguard.rpc import pipe

SYSTEM_SOCKET = Path("/run/keyguard/daemon.sock")
SOCKET_VARIABLE = "KEYGUARD_SOCKET"
_SUN_PATH = 104  # macOS; Linux has 108, both with a NUL
_LONGEST_NOTE = 4096


@dataclass(frozen=True, slots=True)
class Note:
    """What a running daemon says of itself in the home. It may be that of one that was killed."""

    socket: Path
    pid: int
    version: str


def note_file(home: Path) -> Path:
    """Where the note is."""
    return home / "daemon.json"


def socket_in(home: Path, home_id: str) -> Path:
    """Where the daemon of a home makes its socket: in XDG_RUNTIME_DIR if that is ours alone."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and _ours_alone(Path(runtime)):
        return Path(runtime, "keyguard", home_id, "daemon.sock")
    return home / "run" / "daemon.sock"


def find(home: Path | None) -> Path:
    """The socket a client uses: KEYGUARD_SOCKET, the home's note, else where systemd may listen for it.

    Raises DaemonError `daemon.not_running` where there is none.
    """
    if given := os.environ.get(SOCKET_VARIABLE):
        return Path(given)
    if home is not None and (note := read_note(home)) is not None:
        return note.socket
    if home is not None and (home_id := _home_id(home)):
        expected = socket_in(home, home_id)
        if expected.is_socket():
            return expected
    elif SYSTEM_SOCKET.is_socket():
        return SYSTEM_SOCKET
    raise not_running()


def read_note(home: Path) -> Note | None:
    """The note in this home, None where there is none that can be used."""
    try:
        with note_file(home).open("rb") as file:
            value = json.loads(file.read(_LONGEST_NOTE))
        return Note(Path(value["socket"]), int(value["pid"]), str(value["version"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def not_running() -> DaemonError:
    """Nobody listens."""
    return DaemonError(
        "the daemon of this home is not running", code="daemon.not_running", hint="keyguard daemon start"
    )


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name of `path` that fits into a socket address, usable while the block runs.

    Linux can name a folder by an open handle; elsewhere too long a path is a DaemonError.
    """
    text = os.fspath(path)
    if len(os.fsencode(text)) < _SUN_PATH:
        yield text
    elif sys.platform == "linux":
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield f"/proc/self/fd/{folder}/{path.name}"
        finally:
            os.close(folder)
    else:
        raise DaemonError(
            f"the path {text} is too long for a socket",
            code="daemon.path",
            hint="choose a shorter home, or set XDG_RUNTIME_DIR",
        )


def connect(path: Path, timeout: float) -> socket.socket | pipe.Pipe:
    """A connection to the daemon's socket, on Windows its pipe; DaemonError where nobody listens or we may
    not connect."""
    try:
        return pipe.connect(path, timeout) if sys.platform == "win32" else connect_socket(path, timeout)
    except (FileNotFoundError, ConnectionRefusedError):
        raise not_running() from None
    except OSError as error:
        raise DaemonError(
            f"the daemon's socket {path} cannot be used: {(error.strerror or 'no answer').lower()}",
            code="daemon.other_user" if isinstance(error, PermissionError) else "daemon.unreachable",
            hint="keyguard daemon status",
        ) from None


def connect_socket(path: Path, timeout: float) -> socket.socket:
    """A connection to a Unix socket; OSError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Where many connect at once the system lets a blocking socket wait its turn, a non-blocking one not;
        # and one with a time-out of Python's is non-blocking.
        seconds, rest = divmod(timeout, 1)
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(seconds), int(rest * 1e6))
        )
        with short_path(path) as name:
            sock.connect(name)
        sock.settimeout(timeout)
    except BaseException:
        sock.close()
        raise
    return sock


def _ours_alone(folder: Path) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _home_id(home: Path) -> str:
    try:
        text = (home / "config.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    import tomllib  # noqa: PLC0415 - only where no daemon has left its note

    try:
        value = tomllib.loads(text).get("id", "")
    except tomllib.TOMLDecodeError:
        return ""
    return value if isinstance(value, str) and value.replace("-", "").replace("_", "").isalnum() else ""
