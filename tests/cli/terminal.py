"""A command on a terminal of its own, at which somebody types."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TIME_LIMIT_S = 60
_TAKES_IT = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def on_terminal(
    words: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    typed: Sequence[tuple[bytes, str | signal.Signals]] = (),
) -> tuple[int, bytes]:
    """Run it to its end: exit status, and all it has written to the terminal.

    `typed`: once this is shown, that is typed, in this order; or that signal is sent.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKES_IT, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=dict(environment),
        cwd=folder,
        start_new_session=True,
    )
    os.close(theirs)
    waiting, shown, answered = list(typed), b"", 0
    with contextlib.suppress(OSError):  # how Linux tells the end of a terminal
        while chunk := os.read(ours, 4096):
            shown += chunk
            if waiting and waiting[0][0] in shown[answered:]:
                answered = len(shown)
                _, then = waiting.pop(0)
                if isinstance(then, str):
                    os.write(ours, then.encode())
                else:
                    process.send_signal(then)
    os.close(ours)
    return process.wait(TIME_LIMIT_S), shown
