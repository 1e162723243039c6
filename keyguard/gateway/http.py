"""The HTTP client; the only importer of httpx. The gateway on top of it: `venues.py`.

Rules of the way out (promise 6): https to the pinned host, or plain http to a simulator on loopback; no
redirect, cookie, compression, or proxy that was not configured; bounded time and size.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import threading
from dataclasses import dataclass

import httpx

from keyguard import __version__
from keyguard.core.errors import UsageError
from keyguard.core.exchange import Reply, Wire
from keyguard.gateway import origins, wires
from keyguard.gateway.origins import Origin
from keyguard.gateway.outcomes import Answer, Attempt, Loss
from keyguard.gateway.tls import client_context
from keyguard.gateway.watch import DeadlinePassed, Watch
from keyguard.ports.clock import Clock

MAX_BODY = 2 * 1024 * 1024
"""Bytes of an answer; the longest documented one, a page of keys, has some thousands."""

_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)

for _name in ("httpx", "httpcore"):
    # They log addresses with queries, and headers: nothing a log of ours may ever hold.
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class TimeOuts:
    """Seconds: to connect (TCP and TLS each), between two reads or writes, and for a request in all."""

    connect: float = 5.0
    read: float = 10.0
    write: float = 5.0
    total: float = 20.0


class HttpTransport:
    """Sends one wire to one origin and returns the whole answer, or why there is none.

    A connection serves one request: an idle one that the venue closed meanwhile would leave it open
    whether a request with an effect arrived.
    """

    def __init__(self, clock: Clock, proxy: str = "", timeouts: TimeOuts | None = None) -> None:
        self._clock = clock
        self._proxy = origins.proxy(proxy)
        self._timeouts = timeouts or TimeOuts()
        self._lock = threading.Lock()
        self._pools: dict[str, httpx.HTTPTransport] = {}

    def post(self, origin: Origin, wire: Wire) -> Attempt:
        """Send, once. Raises UsageError `wire.invalid` for a wire that may not leave."""
        wires.check(wire)
        with Watch(self._clock, self._timeouts.total) as watch:
            try:
                return self._exchange(origin, wire, watch)
            except DeadlinePassed:
                return Loss.UNCONNECTED
            except httpx.TransportError as error:
                # Only its kind survives: it carries the request with its headers.
                return _loss(error, watch)

    def close(self) -> None:
        """Close what is open; the transport stays usable."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def _exchange(self, origin: Origin, wire: Wire, watch: Watch) -> Attempt:
        started = self._clock.now()
        request = self._request(origin, wire, watch)
        with contextlib.closing(self._pool(origin).handle_request(request)) as response:
            if (loss := _out_of_bounds(response)) is not None:
                return loss
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > MAX_BODY:
                    return Loss.OVERSIZED
            received = self._clock.now()
        headers = {name: value for name, value in response.headers.items() if name != "set-cookie"}
        return Answer(Reply(response.status_code, headers, bytes(body)), watch.sent or started, received)

    def _request(self, origin: Origin, wire: Wire, watch: Watch) -> httpx.Request:
        url = httpx.URL(
            scheme=origin.scheme, host=origin.host, port=origin.port, raw_path=wire.target.encode()
        )
        if url.raw_path != wire.target.encode() or url.host != origin.host:
            raise UsageError(
                "the request cannot be sent: its target would not arrive as it was signed",
                code="wire.invalid",
                still="nothing was sent",
            )
        headers = {
            "user-agent": f"keyguard/{__version__}",
            "accept": "application/json",
            "accept-encoding": "identity",  # a small compressed answer could unpack to a huge one
            "connection": "close",  # also what makes the client forget it
        }
        headers |= {name.lower(): value for name, value in wire.headers.items()}
        times = self._timeouts
        limits = {"connect": times.connect, "read": times.read, "write": times.write, "pool": times.connect}
        return httpx.Request(
            wire.method,
            url,
            headers=headers,
            content=wire.body,
            extensions={"timeout": limits, "trace": watch},
        )

    def _pool(self, origin: Origin) -> httpx.HTTPTransport:
        """The transport below `httpx.Client`: that adds cookies, redirects, netrc and log lines."""
        proxy = "" if origin.simulated else self._proxy
        with self._lock:
            if proxy not in self._pools:
                context = client_context()
                self._pools[proxy] = httpx.HTTPTransport(
                    verify=context,
                    trust_env=False,
                    proxy=httpx.Proxy(proxy, ssl_context=_proxy_context(proxy)) if proxy else None,
                )
            return self._pools[proxy]


def _proxy_context(url: str) -> ssl.SSLContext | None:
    return client_context() if url.startswith("https") else None


def _out_of_bounds(response: httpx.Response) -> Loss | None:
    if 300 <= response.status_code < 400:
        return Loss.REDIRECTED
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        return Loss.ENCODED
    return None


def _loss(error: httpx.TransportError, watch: Watch) -> Loss:
    if isinstance(error, _BEFORE_SENDING):
        if isinstance(error, httpx.ProxyError):
            return Loss.PROXY
        return Loss.UNTRUSTED if _is_tls(error) else Loss.UNCONNECTED
    if watch.expired or isinstance(error, httpx.TimeoutException):
        return Loss.SILENT
    return Loss.CUT_OFF


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__  # httpcore's pool raises "from None"
    return False
