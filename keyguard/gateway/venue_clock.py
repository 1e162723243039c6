"""How far the venues' clocks are from ours: measured, kept for a while, used in every signature."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from keyguard.core.errors import ExchangeError
from keyguard.core.exchange import Adapter, Reply, Request
from keyguard.core.steps import drive
from keyguard.gateway.outcomes import Answer
from keyguard.ports.clock import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_KEPT = timedelta(minutes=10)
_NO_NEWS_MS = 2000
_TRIED_AGAIN_AFTER = timedelta(minutes=1)


def unix_ms(instant: datetime) -> int:
    """Return whole milliseconds since 1970, exactly."""
    return (instant - _EPOCH) // _MILLISECOND


class VenueClock:
    """The venues' clocks, as far as measured; ours until then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_ms: dict[str, int] = {}
        self._due: dict[str, datetime] = {}
        self._asking = threading.Lock()
        self._measuring: dict[str, threading.Lock] = {}

    def offset_ms(self, venue: str) -> int | None:
        """The venue's clock minus ours, as last measured; None if never."""
        return self._offset_ms.get(venue)

    def now_ms(self, venue: str) -> int:
        """Unix milliseconds on the venue's clock."""
        return unix_ms(self._clock.now()) + self._offset_ms.get(venue, 0)

    def keep_measured(self, adapter: Adapter, ask: Callable[[Request], Answer]) -> None:
        """Measure where timestamps matter and the last measurement is missing or old.

        Of threads that come at once one measures and the others wait for what it finds.
        """
        if adapter.facts.clock_window is None:
            return
        with self._asking:
            measuring = self._measuring.setdefault(adapter.facts.id, threading.Lock())
        with measuring:
            due = self._due.get(adapter.facts.id)
            if due is None or self._clock.now() >= due:
                self.measure(adapter, ask)

    def read_date(self, venue: str, answer: Answer) -> bool:
        """Take the time from an answer's Date, of a venue that has no call to ask for it.

        Returns whether that changes what is signed: a Date names whole seconds, so less than two is no news.
        """
        try:
            date = parsedate_to_datetime(answer.reply.headers.get("date", ""))
        except ValueError:
            return False
        if date.tzinfo is None:
            return False
        middle = answer.sent + (answer.received - answer.sent) / 2
        offset_ms = unix_ms(date) + 500 - unix_ms(middle)
        if abs(offset_ms - self._offset_ms.get(venue, 0)) < _NO_NEWS_MS:
            return False
        self._offset_ms[venue] = offset_ms
        return True

    def measure(self, adapter: Adapter, ask: Callable[[Request], Answer]) -> None:
        """Ask the venue for its time; a failure leaves the last offset standing, so the caller goes on.

        The venue read its clock somewhere between our sending and receiving; the middle errs by half the
        round trip at most.
        """
        if adapter.clock is None:
            return
        answers: list[Answer] = []

        def send(request: Request) -> Reply:
            answers.append(ask(request))
            return answers[-1].reply

        venue = adapter.facts.id
        try:
            venue_ms = drive(adapter.clock(), send)
        except ExchangeError:
            self._due[venue] = self._clock.now() + _TRIED_AGAIN_AFTER
            return
        middle = answers[-1].sent + (answers[-1].received - answers[-1].sent) / 2
        self._offset_ms[venue] = venue_ms - unix_ms(middle)
        self._due[venue] = self._clock.now() + _KEPT
