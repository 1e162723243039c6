"""Processes as Windows shows them. Written after Microsoft's documentation; untested on Windows.

Who opened a pipe is known by pid; that it runs as this user by its token, and by the pipe's access list,
which lets nobody else open it. While a process is looked at a handle keeps its pid from being given to
another; from then on pid and start time name it together, and whether it still runs is looked up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, Protocol

from keyguard.core.errors import DaemonError
from keyguard.core.escape import escape
from keyguard.daemon.accounts import OWN_UID
from keyguard.daemon.executables import digest
from keyguard.daemon.peers import Eyes, Facts, Peer, gone
from keyguard.win32 import pipes, processes, users

_LONGEST = 200


class Processes(Protocol):
    """What is called of `keyguard.win32.processes`."""

    def opened(self, pid: int) -> AbstractContextManager[int]:
        """A handle; OSError where there is no such process."""

    def ended(self, process: int) -> bool:
        """Whether it has ended."""

    def started(self, process: int) -> str:
        """When it started."""

    def user(self, process: int) -> str:
        """The SID it runs as."""

    def executable(self, process: int) -> str:
        """The path of its program."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The calls that tell of processes; tests give others."""

    processes: Processes
    client_pid: Callable[[int], int]
    own: Callable[[], str]

    def identify(self, pipe: Any) -> Peer:
        """Who opened this instance."""
        try:
            pid = self.client_pid(pipe.fileno())
        except (OSError, ValueError):
            raise gone(0) from None
        return self._own(pid)

    def facts(self, peer: Peer) -> Facts:
        """The program; the rest is not looked for here."""
        executable, sha256 = "", ""
        with self._opened(peer.pid) as process:
            with contextlib.suppress(OSError):
                executable = self.processes.executable(process)
                sha256 = digest(Path(executable))
            if self.processes.ended(process) or self.processes.started(process) != peer.started:
                raise gone(peer.pid)
        name = PureWindowsPath(executable).name or f"pid-{peer.pid}"
        return Facts(escape(name)[:_LONGEST], bool(executable), executable, sha256)

    def image(self, _: Peer) -> tuple[int, int]:
        """Always the same: a process of Windows never runs another program."""
        return (0, 0)

    def child(self, _: Peer, pid: int) -> Peer:
        """Not told here: the lease stays with the process that asked."""
        raise DaemonError(f"whose child process {pid} is cannot be told here", code="daemon.no_child")

    def again(self, pid: int, started: str) -> Peer | None:
        """The process of an earlier lease, if it still runs."""
        try:
            peer = self._own(pid)
        except DaemonError:
            return None
        return peer if started and peer.started == started else None

    def _own(self, pid: int) -> Peer:
        with self._opened(pid) as process:
            if self.processes.user(process) != self.own():
                raise DaemonError("this daemon serves its own user only", code="daemon.other_user")
            started = self.processes.started(process)
            if self.processes.ended(process):
                raise gone(pid)
        return Peer(pid, OWN_UID, -1, started)

    @contextlib.contextmanager
    def _opened(self, pid: int) -> Any:
        try:
            with self.processes.opened(pid) as process:
                yield process
        except OSError:
            raise gone(pid) from None


def _eyes(sight: Sight) -> Eyes:
    return Eyes(sight.identify, sight.facts, sight.image, sight.child, sight.again)


EYES = _eyes(Sight(processes, pipes.client_pid, users.own))
