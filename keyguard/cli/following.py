"""What a running command gets when one of its keys is rotated.

The new version is handed out to it (recorded first, as any hand-out), and the lease of the old one ends
once the process had time to take it up; only then does the rotation revoke the old key before its
overlap has passed.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from keyguard.cli.giving import Given, Giver
from keyguard.core.errors import KeyguardError, UsageError

LOOK_EVERY_S = 1.0
GRACE_S = 10.0
"""Time for a process to read its file again after the signal, or to end before it is killed."""


@dataclass(frozen=True, slots=True)
class OnRotate:
    """What was asked for: `nothing`, `restart`, or the number of a signal."""

    restart: bool = False
    signal: int = 0

    def __bool__(self) -> bool:
        return self.restart or bool(self.signal)


def parse(text: str, *, way: str) -> OnRotate:
    """Read `nothing`, `restart` or `signal:HUP`.

    UsageError for anything else, and for a signal where the process has no file to read again: the
    environment of a running process does not change.
    """
    if text == "nothing":
        return OnRotate()
    if text == "restart":
        return OnRotate(restart=True)
    word, _, name = text.partition(":")
    number = signal.Signals.__members__.get(f"SIG{name.upper().removeprefix('SIG')}")
    if word != "signal" or number is None or number in (signal.SIGKILL, signal.SIGSTOP):
        raise UsageError(
            f"no such thing to do on rotation: {text}",
            code="run.on_rotate",
            still="nothing was handed out",
            hint="nothing, restart, or signal:HUP",
        )
    if way != "file":
        raise UsageError(
            "a signal cannot bring a new key into the environment of a running process",
            code="run.on_rotate",
            still="nothing was handed out",
            hint="--give file, so that the process reads its file again; or --on-rotate restart",
        )
    return OnRotate(signal=number)


@dataclass(slots=True)
class Follower:
    """Looks whether a key was switched, between two looks at the command's output.

    `given` holds what the process has by key id; `tell` says things to the person. `restart` is True when
    the process was ended to be started again.
    """

    giver: Giver
    asked: OnRotate
    given: dict[str, Given]
    tell: Callable[[str], None]
    restart: bool = False
    _ending: float | None = None
    _old: list[tuple[float, str]] = field(default_factory=list)
    _troubled: bool = False

    def look(self, send: Callable[[int], None], renew: Callable[[str], None]) -> None:
        """One look. `send` sends the process a signal, `renew` hands it a key's new version.

        Trouble is said once and tried again.
        """
        try:
            self._look(send, renew)
            self._troubled = False
        except KeyguardError as error:
            if not self._troubled:
                self.tell(f"looking for a rotation failed, trying again: {error.message}")
            self._troubled = True

    def _look(self, send: Callable[[int], None], renew: Callable[[str], None]) -> None:
        now = monotonic()
        if self._ending is not None:
            if now - self._ending > GRACE_S:
                send(signal.SIGKILL)
            return
        self._end_old(now)
        switched = [(key_id, one) for key_id, one in self.given.items() if self.giver.switched(one)]
        if not switched:
            return
        names = ", ".join(one.handed.key.name for _, one in switched)
        if self.asked.restart:
            self.tell(f"{names} was rotated: restarting the command")
            self.restart, self._ending = True, now
            send(signal.SIGTERM)
            return
        for key_id, one in switched:
            renew(key_id)
            self._old.append((now, one.lease))
        self.tell(f"{names} was rotated: the command is told to read it again")
        send(self.asked.signal)

    def _end_old(self, now: float) -> None:
        due = [(at, lease) for at, lease in self._old if now - at >= GRACE_S]
        for at, lease in due:
            self.giver.end(lease)
            self._old.remove((at, lease))

    def leases(self) -> list[str]:
        """What is still open when the command has ended."""
        return [*(one.lease for one in self.given.values()), *(lease for _, lease in self._old)]
