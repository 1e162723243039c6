"""Who is at the other end of a connection, by the kernel's word.

`identify` says which process connected and pins it; `facts` what more can be seen of it. Linux is tested;
macOS and Windows are written after their manuals and untested.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, cast

from keyguard.core.errors import DaemonError


@dataclass(frozen=True, slots=True)
class Peer:
    """A process: pid and start time name it together. `pidfd` pins it, -1 where the system has none.

    Whoever holds a Peer closes its pidfd.
    """

    pid: int
    uid: int
    gid: int
    started: str
    pidfd: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What else can be seen of a process; empty where this user may not see it.

    `command` is the executable's name, or what the process calls itself (`seen` false) where the kernel
    does not tell. `parents` are names with pids, the nearest first. `image` changes with the executable.
    """

    command: str
    seen: bool
    executable: str = ""
    sha256: str = ""
    unit: str = ""
    terminal: str = ""
    parents: tuple[str, ...] = ()
    image: tuple[int, int] = (0, 0)

    def private(self) -> dict[str, str | list[str]]:
        """The facts that are known, for the private part of an audit record."""
        known: dict[str, str | list[str]] = {
            "executable": self.executable,
            "executable_sha256": self.sha256,
            "unit": self.unit,
            "terminal": self.terminal,
            "parents": list(self.parents),
        }
        return {name: value for name, value in known.items() if value}


@dataclass(frozen=True, slots=True)
class Eyes:
    """One system's way to see processes."""

    identify: Callable[[Any], Peer]
    """Who connected to this socket (or pipe), pinned. DaemonError `daemon.peer` where it is gone or cannot
    be told."""
    facts: Callable[[Peer], Facts]
    """Reads what there is to see; DaemonError where the process ended meanwhile."""
    image: Callable[[Peer], tuple[int, int]]
    """Quick: differs after the process has executed another program."""
    child: Callable[[Peer, int], Peer]
    """A process this peer has started, pinned; DaemonError if it is none of its children."""
    again: Callable[[int, str], Peer | None]
    """The process of an earlier lease, pinned, if it still runs."""


def eyes() -> Eyes:
    """Those of this system; DaemonError where there are none."""
    module = {"linux": "peers_linux", "darwin": "peers_darwin", "win32": "peers_windows"}.get(sys.platform)
    if module is None:
        raise DaemonError(
            f"there is no daemon for {sys.platform} in this version",
            code="daemon.platform",
            hint="commands work without it",
        )
    # Each of them names what the other systems do not have.
    return cast("Eyes", import_module(f"keyguard.daemon.{module}").EYES)


def gone(pid: int) -> DaemonError:
    """The peer ended, or is not visible from here."""
    return DaemonError(f"process {pid} has ended, or cannot be seen", code="daemon.peer")
