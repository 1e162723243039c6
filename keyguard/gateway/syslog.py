"""Sends log lines to a collector: the machine's own socket, or TLS with octet counting (RFC 5425)."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from keyguard.core.errors import StoreError, UsageError

Send = Callable[[str], None]
_TIMEOUT_S = 20.0
_TLS_PORT = 6514


@contextlib.contextmanager
def collector(where: str) -> Iterator[Send]:
    """Open `unix:/dev/log` or `tls://host[:6514]`; yields a function that sends one line.

    UsageError for anything else: nothing goes over a network in the clear. StoreError `siem.unreachable`
    when it cannot be reached or breaks off; lines sent before may have arrived.
    """
    with contextlib.ExitStack() as opened:
        with _explained(where):
            send = _opened(where, opened)

        def send_line(line: str) -> None:
            with _explained(where):
                send(line.encode("utf-8", "replace"))

        yield send_line


def _opened(where: str, opened: contextlib.ExitStack) -> Callable[[bytes], None]:
    if where.startswith("unix:/"):
        local = opened.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        local.settimeout(_TIMEOUT_S)
        local.connect(where.removeprefix("unix:"))
        return lambda data: local.sendall(data)
    parts = urlsplit(where)
    if parts.scheme != "tls" or not parts.hostname or parts.username or parts.path.strip("/"):
        raise UsageError(
            f"no such collector: {where}",
            code="siem.where",
            hint="unix:/dev/log, or tls://host:6514",
        )
    plain = opened.enter_context(
        socket.create_connection((parts.hostname, parts.port or _TLS_PORT), timeout=_TIMEOUT_S)
    )
    wrapped = ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
    secure = opened.enter_context(wrapped)
    return lambda data: secure.sendall(b"%d %s" % (len(data), data))


@contextlib.contextmanager
def _explained(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise StoreError(
            f"the collector {where} does not take the log ({why.lower()})",
            code="siem.unreachable",
            still="the log itself is complete",
            hint="send again from the record named last; check address and certificate",
        ) from None
