"""From our first line of code to the whole first frame, of a process in a pseudo-terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from typing import TYPE_CHECKING

from tests.bench.tui.seats import Timed

if TYPE_CHECKING:
    from pathlib import Path

CLOCK_FD = 9


def first_paint(home: Path) -> Timed:
    """By the wall, until the frame is whole; processor time of all of the process, quitting included."""
    code = (
        "import os, sys, time\n"
        f"os.write({CLOCK_FD}, f'{{time.monotonic()}} '.encode())\n"
        "from keyguard.cli.main import main\n"
        "main(['--home', sys.argv[1], 'tui', '--lang', 'en'])\n"
    )
    reading, writing = os.pipe()
    pid, terminal = pty.fork()
    if not pid:
        os.dup2(writing, CLOCK_FD)
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-c", code, str(home)])
    os.close(writing)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 36, 120, 0, 0))
    seen = b""
    while b"daemon" not in seen and b"reading" not in seen:
        if not select.select([terminal], [], [], 30)[0]:
            raise RuntimeError(f"no frame: {seen[-300:]!r}")
        seen += os.read(terminal, 65536)
    end = time.monotonic()
    begin = float(os.read(reading, 100).split()[0])
    os.write(terminal, b"\x11")
    with contextlib.suppress(OSError):  # the terminal is closed by who ran in it
        while select.select([terminal], [], [], 10)[0] and os.read(terminal, 65536):
            pass
    _, _, used = os.wait4(pid, 0)
    os.close(terminal)
    os.close(reading)
    return Timed((end - begin) * 1000, (used.ru_utime + used.ru_stime) * 1000)
