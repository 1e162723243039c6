"""Tells the service manager how it goes (sd_notify(3)): one datagram, nothing where nobody listens."""

from __future__ import annotations

import contextlib
import os
import socket


class Notifier:
    """Speaks to NOTIFY_SOCKET; the variables are taken out of the environment."""

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        period, pid = os.environ.pop("WATCHDOG_USEC", ""), os.environ.pop("WATCHDOG_PID", "")
        meant = pid in ("", str(os.getpid()))
        self.watchdog_s = int(period) / 2_000_000 if self._address and meant and period.isdigit() else 0.0
        """Seconds between two signs of life, 0 where none is wanted: half of what systemd waits."""

    def say(self, *lines: str) -> None:
        """Send assignments such as READY=1. That nobody takes them is no reason to fail."""
        if not self._address.startswith(("/", "@")):
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto("\n".join(lines).encode(), address)
