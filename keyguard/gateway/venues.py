"""The gateway to the venues: signs, keeps to their clocks and limits, retries what has no effect."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from keyguard.core.errors import KeyguardError, Refused, UsageError
from keyguard.core.exchange import Adapter, Credential, Fault, Reply, Request
from keyguard.gateway import origins, registry, wires
from keyguard.gateway.limits import Pace, Spacing, retry_wait
from keyguard.gateway.outcomes import Answer, Attempt, judge
from keyguard.gateway.stamps import Stamper
from keyguard.gateway.venue_clock import VenueClock
from keyguard.ports.clock import Clock
from keyguard.ports.gateway import NonceSource

if TYPE_CHECKING:
    from keyguard.gateway.http import HttpTransport, TimeOuts

_MAYBE_CLOCK = frozenset({Fault.CLOCK, Fault.NONCE, Fault.AMBIGUOUS})


class HttpGateway:
    """Gateway port over HTTP; may be used from several threads.

    `simulators` maps venue ids to http origins on loopback that stand in for them; `foreign` are the ids
    of installed adapters the home allows beside the bundled ones; `hosts` the origin to use of a venue that
    has several; `proxy` an http(s) address for everything but simulators. Raises UsageError for any of them
    that is wrong.
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
        spacing: Spacing | None = None,
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
        self._spacing = spacing or Spacing()
        self._proxy = origins.proxy(proxy)
        self._timeouts = timeouts
        self._making = threading.Lock()
        self._made: HttpTransport | None = None

    def adapter(self, venue: str) -> Adapter:
        """The venue's adapter; UsageError `venue.unknown` with the names that exist."""
        return registry.load(venue, self._foreign)

    def simulated(self, venue: str) -> bool:
        """Whether this home talks to a simulator instead of the venue."""
        return venue in self._simulators

    def page(self, venue: str, url: str) -> str:
        """Where a person opens a page of the venue: at its simulator, where this home has one."""
        origin = self._simulators.get(venue)
        if origin is None:
            return url
        parts = urlsplit(url)
        return urlunsplit((origin.scheme, origin.netloc, parts.path, parts.query, ""))

    def clock_offset_ms(self, venue: str) -> int | None:
        """The venue's clock minus ours, as last measured; None if never."""
        return self._venue_clock.offset_ms(venue)

    def close(self) -> None:
        """Close the connections; the gateway stays usable."""
        if self._made is not None:
            self._made.close()

    def send(self, venue: str, request: Request, who: Credential | None) -> Reply:
        """Send and return a reply that is no refusal; raises as the port says.

        A refusal over the clock is answered once by measuring (or reading the refusal's Date) and signing
        anew, for effects too: who refuses a timestamp has not acted upon the request.
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
            if not clock_measured and self._measured(adapter, outcome, attempt):
                clock_measured = True
                continue
            wait = self._retry_wait(venue, request, outcome, attempt, tries, waited)
            if wait is None:
                raise outcome
            self._clock.sleep(wait)
            tries, waited = tries + 1, waited + wait

    def _measured(self, adapter: Adapter, error: KeyguardError, attempt: Attempt) -> bool:
        """Learn the venue's time after a refusal that a wrong clock may have caused.

        Returns whether signing anew may help. Venues without a call for their time say less clearly what they
        refuse, but date their answers.
        """
        fault = error.fault if isinstance(error, Refused) else None
        if adapter.clock is None:
            if fault not in _MAYBE_CLOCK or not isinstance(attempt, Answer):
                return False
            return self._venue_clock.read_date(adapter.facts.id, attempt)
        if fault is not Fault.CLOCK:
            return False
        self._venue_clock.measure(adapter, partial(self._ask, adapter))
        return True

    def _transport(self) -> HttpTransport:
        """Loading the HTTP client takes longer than what most commands do, and most ask no venue."""
        from keyguard.gateway.http import HttpTransport  # noqa: PLC0415 - just said

        with self._making:
            if self._made is None:
                self._made = HttpTransport(self._clock, self._proxy, self._timeouts)
            return self._made

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
        origin = self._origin(adapter, request)
        public_id = who.key if who else ""
        budget = (facts.id, public_id, request.path)
        if wait := self._pace.wait(budget, self._venue_clock.now_ms(facts.id)):
            self._clock.sleep(wait)
        asked_ms = self._venue_clock.now_ms(facts.id)
        if wait := self._spacing.wait(facts.id, public_id, facts.limit, asked_ms):
            self._clock.sleep(wait)
        if who is None:
            wire = wires.unsigned(request)
        else:
            wire = wires.signed(adapter, request, who, self._stamper.stamp(facts, who, origin.netloc))
        attempt = self._transport().post(origin, wire)
        sent_ms, now_ms = asked_ms + round(wait * 1000), self._venue_clock.now_ms(facts.id)
        self._spacing.answered(facts.id, public_id, facts.limit, sent_ms, now_ms)
        if isinstance(attempt, Answer):
            self._pace.note(budget, attempt.reply.headers, self._venue_clock.now_ms(facts.id))
        return attempt

    def _origin(self, adapter: Adapter, request: Request) -> origins.Origin:
        facts = adapter.facts
        if facts.id in self._simulators:
            return self._simulators[facts.id]
        if request.base:
            return origins.of_oauth(adapter, request.base)
        return self._hosts.get(facts.id) or origins.pinned(facts.base)

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
