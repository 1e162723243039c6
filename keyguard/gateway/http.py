"""The HTTP client and the gateway on top of it; the only importer of httpx.

Rules of the way out (promise 6): https to the pinned host, or plain http to a simulator on loopback; no
redirect, cookie, compression, or proxy that was not configured; bounded time and size.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from urllib.parse import urlsplit

import httpx

from keyguard import __version__
from keyguard.core.errors import KeyguardError, Refused, UsageError
from keyguard.core.exchange import Adapter, Credential, Fault, Reply, Request, Wire
from keyguard.gateway import origins, registry, wires
from keyguard.gateway.limits import Pace, Spacing, retry_wait
from keyguard.gateway.origins import Origin
from keyguard.gateway.outcomes import Answer, Attempt, Loss, judge
from keyguard.gateway.stamps import Stamper
from keyguard.gateway.tls import client_context
from keyguard.gateway.venue_clock import VenueClock
from keyguard.gateway.watch import DeadlinePassed, Watch
from keyguard.ports.clock import Clock
from keyguard.ports.gateway import NonceSource

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
        self._proxy = _checked_proxy(proxy)
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


def _checked_proxy(url: str) -> str:
    """Return it; raises UsageError `proxy.invalid`, without the address: it may hold a password."""
    try:
        parts = urlsplit(url)
        fine = not url or (parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
    except ValueError:
        fine = False
    if not fine:
        raise UsageError(
            "the configured proxy is not an http or https address",
            code="proxy.invalid",
            still="nothing was sent",
            hint="give it as http://HOST:PORT",
        )
    return url


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


class HttpGateway:
    """Gateway port over HTTP; may be used from several threads.

    `simulators` maps venue ids to http origins on loopback that stand in for them; `foreign` are the ids
    of installed adapters the home allows beside the bundled ones; `hosts` the origin to use of a venue that
    has several; `proxy` an http(s) address for
    everything but simulators. Raises UsageError for any of them that is wrong.
    """

    def __init__(
        self,
        clock: Clock,
        nonces: NonceSource,
        simulators: Mapping[str, str] = MappingProxyType({}),
        foreign: Collection[str] = (),
        *,
        hosts: Mapping[str, str] = MappingProxyType({}),
        proxy: str = "",
        timeouts: TimeOuts | None = None,
    ) -> None:
        for venue in simulators:
            # A misspelt name would send to the real venue what was meant for its simulator.
            registry.check(venue, foreign)
        self._simulators = {venue: origins.simulator(venue, url) for venue, url in simulators.items()}
        self._foreign = frozenset(foreign)
        self._hosts = {venue: origins.chosen(self.adapter(venue).facts, url) for venue, url in hosts.items()}
        self._clock = clock
        self._venue_clock = VenueClock(clock)
        self._stamper = Stamper(clock, nonces, self._venue_clock)
        self._pace = Pace()
        self._spacing = Spacing()
        self._transport = HttpTransport(clock, proxy, timeouts)

    def adapter(self, venue: str) -> Adapter:
        """The venue's adapter; UsageError `venue.unknown` with the names that exist."""
        return registry.load(venue, self._foreign)

    def simulated(self, venue: str) -> bool:
        """Whether this home talks to a simulator instead of the venue."""
        return venue in self._simulators

    def clock_offset_ms(self, venue: str) -> int | None:
        """The venue's clock minus ours, as last measured; None if never."""
        return self._venue_clock.offset_ms(venue)

    def close(self) -> None:
        """Close the connections; the gateway stays usable."""
        self._transport.close()

    def send(self, venue: str, request: Request, who: Credential | None) -> Reply:
        """Send and return a reply that is no refusal; raises as the port says.

        A refusal over the clock is answered once by measuring and signing anew, for effects too: who
        refuses a timestamp has not acted upon the request.
        """
        adapter = self.adapter(venue)
        signer = _signer(request, who)
        if signer is not None:
            self._venue_clock.keep_measured(adapter, partial(self._ask, adapter))
        tries, waited, clock_measured = 1, 0.0, False
        while True:
            attempt = self._attempt(adapter, request, signer)
            outcome = judge(adapter, request, attempt)
            if not isinstance(outcome, KeyguardError):
                return outcome
            if _is_clock_refusal(outcome) and adapter.clock is not None and not clock_measured:
                self._venue_clock.measure(adapter, partial(self._ask, adapter))
                clock_measured = True
                continue
            wait = self._retry_wait(venue, request, outcome, attempt, tries, waited)
            if wait is None:
                raise outcome
            self._clock.sleep(wait)
            tries, waited = tries + 1, waited + wait

    def _ask(self, adapter: Adapter, request: Request) -> Answer:
        """Send a public request once."""
        attempt = self._attempt(adapter, request, _signer(request, None))
        outcome = judge(adapter, request, attempt)
        if isinstance(outcome, KeyguardError):
            raise outcome
        assert isinstance(attempt, Answer)
        return attempt

    def _attempt(self, adapter: Adapter, request: Request, who: Credential | None) -> Attempt:
        facts = adapter.facts
        chosen = self._simulators.get(facts.id) or self._hosts.get(facts.id)
        origin = chosen or origins.pinned(facts.base)
        public_id = who.key if who else ""
        budget = (facts.id, public_id, request.path)
        if wait := self._pace.wait(budget, self._venue_clock.now_ms(facts.id)):
            self._clock.sleep(wait)
        if wait := self._spacing.wait(facts.id, public_id, facts.limit, self._venue_clock.now_ms(facts.id)):
            self._clock.sleep(wait)
        if who is None:
            wire = wires.unsigned(request)
        else:
            wire = wires.signed(adapter, request, who, self._stamper.stamp(facts, who, origin.netloc))
        attempt = self._transport.post(origin, wire)
        if isinstance(attempt, Answer):
            self._pace.note(budget, attempt.reply.headers, self._venue_clock.now_ms(facts.id))
        return attempt

    def _retry_wait(
        self, venue: str, request: Request, error: KeyguardError, attempt: Attempt, tries: int, waited: float
    ) -> float | None:
        return retry_wait(
            request.effect,
            error,
            attempt,
            tries=tries,
            waited=waited,
            now_ms=self._venue_clock.now_ms(venue),
            chance=int.from_bytes(self._clock.token(2)) / 65536,
        )


def _signer(request: Request, who: Credential | None) -> Credential | None:
    if not request.signed:
        return None
    if who is None:
        raise UsageError(
            "this request must be signed, and no credential was given",
            code="credential.missing",
            still="nothing was sent",
        )
    return who


def _is_clock_refusal(error: KeyguardError) -> bool:
    return isinstance(error, Refused) and error.fault is Fault.CLOCK
