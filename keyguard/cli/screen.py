"""Something shown on a terminal for a moment: nothing of it stays on the screen or in what can be scrolled
back to."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from keyguard.core.escape import escape

if TYPE_CHECKING:
    from keyguard.cli.output import Output

_ENTER = "\x1b[?1049h\x1b[2J\x1b[H"
"""The terminal's other screen, which has no history (xterm's control sequences, smcup of most terminals)."""
_LEAVE = "\x1b[2J\x1b[H\x1b[?1049l"
_ENDING = ("SIGTERM", "SIGHUP")
_STAYING = ("SIGTSTP", "SIGTTOU")


def can_show() -> bool:
    """Whether this is a terminal with a person at it, and one that can forget what it showed."""
    both = sys.stdin.isatty() and sys.stdout.isatty()
    return both and os.environ.get("TERM", "dumb") not in ("dumb", "linux", "vt100")


def show(out: Output, lines: Sequence[str], seconds: int) -> None:
    """Show the lines until Enter is pressed or the time is over, then clear them, also when interrupted."""
    with _cleared_at_the_end(out):
        shown = [escape(line) for line in lines]
        out.report("\n".join([_ENTER, *shown, "", f"Enter clears this; so do {seconds} seconds."]))
        with _woken_by_signals() as woken:
            select.select([sys.stdin, woken], [], [], seconds)


@contextlib.contextmanager
def _cleared_at_the_end(out: Output) -> Iterator[None]:
    """Signals that would end or suspend us with the screen as it is wait until it is cleared, or clear it."""
    before = {number: signal.signal(number, _end) for number in _numbers(_ENDING)}
    before |= {number: signal.signal(number, signal.SIG_IGN) for number in _numbers(_STAYING)}
    try:
        yield
    finally:
        out.report(_LEAVE)
        _forget_typed()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _woken_by_signals() -> Iterator[socket.socket]:
    """Give what can be read once a signal came; one just before a wait would else be answered after it."""
    reading, writing = socket.socketpair()
    with reading, writing:
        writing.setblocking(False)
        before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(before)


def _numbers(names: Sequence[str]) -> list[signal.Signals]:
    """Those of the signals that this system has."""
    return [signal.Signals[name] for name in names if name in signal.Signals.__members__]


def _forget_typed() -> None:
    """What was typed to end it is not for the shell."""
    with contextlib.suppress(ImportError, OSError):
        import termios  # noqa: PLC0415 - not on Windows

        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def _end(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
