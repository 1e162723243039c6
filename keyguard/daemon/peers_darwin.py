"""Processes as macOS shows them. Written after unix(4) and ps(1); untested: nobody here has a Mac.

There are no pidfds: a peer is named by pid and start time, and whether it still runs is looked up.
"""

from __future__ import annotations

import socket
import struct

from keyguard.core.errors import DaemonError
from keyguard.daemon.peers import Eyes, Facts, Peer, gone
from keyguard.processes import start_time

_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1
_LOCAL_PEERPID = 2
_XUCRED = struct.Struct("IIh16I")  # version, uid, number of groups, groups (sys/ucred.h)


def identify(sock: socket.socket) -> Peer:
    """The user and process that connected."""
    _, uid, _, gid, *_ = _XUCRED.unpack(sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size))
    pid = sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
    started = start_time(pid)
    if not started:
        raise gone(pid)
    return Peer(pid, uid, gid, started)


def facts(peer: Peer) -> Facts:
    """Only that it runs: the rest needs calls that are not in the standard library."""
    if start_time(peer.pid) != peer.started:
        raise gone(peer.pid)
    return Facts(f"pid-{peer.pid}", seen=False)


def image(_: Peer) -> tuple[int, int]:
    """Not known here."""
    return (0, 0)


def child(_: Peer, pid: int) -> Peer:
    """Not known here: the lease stays with the process that asked."""
    raise DaemonError(f"whose child process {pid} is cannot be told here", code="daemon.no_child")


def again(pid: int, started: str) -> Peer | None:
    """Whether the process of an earlier lease still runs."""
    return Peer(pid, -1, -1, started) if started and start_time(pid) == started else None


EYES = Eyes(identify, facts, image, child, again)
