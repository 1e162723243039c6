"""Serving until somebody says that it is enough."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable


def prepared(*, with_stdin: bool) -> Callable[[], None]:
    """Take SIGTERM and Ctrl-C from now on; returns what waits for one, or for the end of standard input.

    To be called before anything is served: a signal that comes earlier is not lost.
    """
    over, ending = os.pipe()
    os.set_blocking(ending, False)
    # Woken through the pipe: a handler alone is not run while the main thread waits on a lock, and a
    # signal that comes just before the wait would be noticed only after it.
    signal.set_wakeup_fd(ending)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)

    def wait_for_end_of_input() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os.write(ending, b"\0")

    def wait() -> None:
        if with_stdin:
            threading.Thread(target=wait_for_end_of_input, daemon=True).start()
        os.read(over, 1)

    return wait
