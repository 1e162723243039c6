"""Processes as Linux shows them: SO_PEERCRED, pidfds, /proc.

A pid alone can be another process by the time it is looked at. A pidfd cannot: it is taken from the socket
(SO_PEERPIDFD, Linux 6.5), else opened by pid and checked against the user. What is read from /proc counts
only if the pidfd says afterwards that the process still runs.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import sys
from pathlib import Path

from keyguard.core.errors import DaemonError
from keyguard.core.escape import escape
from keyguard.daemon.executables import digest
from keyguard.daemon.peers import Eyes, Facts, Peer, gone
from keyguard.processes import stat_fields

assert sys.platform == "linux"

SO_PEERPIDFD = 77
_CREDENTIALS = struct.Struct("3i")
_PARENTS = 8
_LONGEST = 200


def identify(sock: socket.socket) -> Peer:
    """Who called connect(), and its pidfd."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(raw)
    if pid <= 0:
        raise gone(pid)  # of another pid namespace
    pidfd = _pidfd_of(sock, pid, uid)
    started = _started(pid)
    if not started or ended(pidfd):
        os.close(pidfd)
        raise gone(pid)
    return Peer(pid, uid, gid, started, pidfd)


def ended(pidfd: int) -> bool:
    """Whether the process has ended: its pidfd is readable then, reaped or not."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def facts(peer: Peer) -> Facts:
    """Read /proc/<pid>; what this user may not read stays empty."""
    proc = Path(f"/proc/{peer.pid}")
    image = executable_image(peer)
    executable, sha256 = "", ""
    with contextlib.suppress(OSError):
        executable = os.fspath((proc / "exe").readlink())
        sha256 = digest(proc / "exe")
    fields = stat_fields(peer.pid)
    found = Facts(
        command=_short(Path(executable).name or _own_name(peer.pid)),
        seen=bool(executable),
        executable=_printable(executable),
        sha256=sha256,
        unit=_unit(proc),
        terminal=_terminal(int(fields[4])) if fields else "",
        parents=_parents(int(fields[1])) if fields else (),
        image=image,
    )
    if peer.pidfd >= 0 and ended(peer.pidfd):
        raise gone(peer.pid)
    return found


def executable_image(peer: Peer) -> tuple[int, int]:
    """Device and inode of the program it runs; (0, 0) where this user may not see it."""
    try:
        found = os.stat(f"/proc/{peer.pid}/exe")  # noqa: PTH116 - on every hand-out: without a Path
    except OSError:
        return (0, 0)
    return found.st_dev, found.st_ino


def child(parent: Peer, pid: int) -> Peer:
    """The process `pid`, which `parent` has started and which runs as the same user."""
    try:
        pidfd = os.pidfd_open(pid)
    except (OSError, ValueError, OverflowError):
        raise _no_child(pid) from None
    fields = stat_fields(pid)
    right = (
        bool(fields)
        and fields[1] == str(parent.pid)
        and _uid(pid) == parent.uid
        and not ended(pidfd)
        and not (parent.pidfd >= 0 and ended(parent.pidfd))
    )
    if not right:
        os.close(pidfd)
        raise _no_child(pid)
    return Peer(pid, parent.uid, parent.gid, fields[19], pidfd)


def again(pid: int, started: str) -> Peer | None:
    """Pin the process that started then, if it runs."""
    try:
        pidfd = os.pidfd_open(pid)
    except (OSError, ValueError, OverflowError):
        return None
    uid = _uid(pid)
    if not started or _started(pid) != started or uid is None or ended(pidfd):
        os.close(pidfd)
        return None
    return Peer(pid, uid, -1, started, pidfd)


def _pidfd_of(sock: socket.socket, pid: int, uid: int) -> int:
    try:
        return sock.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD)
    except ProcessLookupError:
        raise gone(pid) from None
    except OSError:
        pass  # before Linux 6.5
    try:
        pidfd = os.pidfd_open(pid)
    except OSError:
        raise gone(pid) from None
    if _uid(pid) != uid:
        os.close(pidfd)
        raise gone(pid)
    return pidfd


def _started(pid: int) -> str:
    fields = stat_fields(pid)
    return fields[19] if fields and fields[0] not in ("Z", "X") else ""


def _uid(pid: int) -> int | None:
    """The effective user of a process: who owns its folder, but for one that is not dumpable."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("Uid:"):
                return int(line.split()[2])
    return None


def _own_name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return "unknown"


def _unit(proc: Path) -> str:
    """The systemd unit by the name of the control group: the last part that is a service or scope."""
    try:
        lines = (proc / "cgroup").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        for part in reversed(line.rpartition(":")[2].split("/")):
            if part.endswith((".service", ".scope")):
                return _short(part)
    return ""


def _terminal(number: int) -> str:
    """The name of the controlling terminal, from its device number as in /proc/<pid>/stat."""
    if number == 0:
        return ""
    major, minor = os.major(number), os.minor(number)
    return f"pts/{(major - 136) * 256 + minor}" if 136 <= major <= 143 else f"tty {major}:{minor}"


def _parents(pid: int) -> tuple[str, ...]:
    found: list[str] = []
    while pid > 0 and len(found) < _PARENTS:
        fields = stat_fields(pid)
        if not fields:
            break
        found.append(f"{_short(_own_name(pid))} {pid}")
        pid = int(fields[1])
    return tuple(found)


def _short(text: str) -> str:
    return escape(_printable(text))[:_LONGEST]


def _printable(text: str) -> str:
    """Paths may hold bytes that are no text; records may not."""
    return text.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _no_child(pid: int) -> DaemonError:
    return DaemonError(
        f"process {pid} was not started by the process that asks, or has ended", code="daemon.no_child"
    )


EYES = Eyes(identify, facts, executable_image, child, again)
