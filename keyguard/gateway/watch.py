"""Follows one request on its way: when it left, and that it ends in time.

The HTTP client bounds each read, not their sum: a server that sends one byte every few seconds would hold
us for hours. So a timer shuts the request's socket down at its deadline, which ends any read at once.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any

from keyguard.ports.clock import Clock


class DeadlinePassed(Exception):
    """The time was spent before anything was sent."""


class Watch:
    """Receives the HTTP client's trace events (httpcore's `trace` request extension) for one request.

    `sent` is the instant its first byte was handed to the system, None while nothing has left;
    `expired` whether the deadline passed.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.sent: datetime | None = None
        self.expired = False
        self._clock = clock
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Watch:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Take an event; raises DeadlinePassed instead of letting a late request leave."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._hold(info["return_value"].get_extra_info("socket"))
        elif event == "http11.send_request_headers.started":
            if self.expired and self.sent is None:
                raise DeadlinePassed
            if info["request"].method != b"CONNECT":  # that one is for the proxy, not for the venue
                self.sent = self._clock.now()

    def _hold(self, connection: socket.socket) -> None:
        with self._lock:
            self._socket = connection

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            if self._socket is not None:
                with contextlib.suppress(OSError):  # closed in the meantime, or handed over to TLS
                    # The plain socket's method: an SSLSocket's own would drop its TLS state under the reader.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
