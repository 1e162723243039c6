"""How a service manager or a terminal tells a daemon to end."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable


def on_end(stop: Callable[[str], None]) -> None:
    """Have `stop` called on the running loop; a hang-up ends nothing.

    Windows has no SIGTERM that could be caught: there Ctrl-C and Ctrl-Break end it, or `daemon stop`.
    """
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        for number in (signal.SIGINT, signal.SIGBREAK):
            name = number.name
            signal.signal(number, lambda *_, name=name: loop.call_soon_threadsafe(stop, name))
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, signal.Signals(number).name)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
