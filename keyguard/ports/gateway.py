"""The way to the venues."""

from __future__ import annotations

from typing import Protocol

from keyguard.core.exchange import Adapter, Credential, Reply, Request


class Gateway(Protocol):
    """Signs and sends one request at a time; the caller drives the operation and journals its effects."""

    def adapter(self, venue: str) -> Adapter:
        """The venue's adapter; UsageError `venue.unknown` with the names that exist."""
        ...

    def simulated(self, venue: str) -> bool:
        """Whether this home talks to a simulator instead of the venue; say so wherever it shows."""
        ...

    def send(self, venue: str, request: Request, who: Credential | None) -> Reply:
        """Send and return a reply that is no refusal.

        Raises Refused(fault); Unreachable when nothing can have changed; OutcomeUnknown when a request
        with an effect left and no answer came; BadReply for an answer out of bounds.
        Only requests without effect are retried.
        """
        ...

    def page(self, venue: str, url: str) -> str:
        """Where a person opens a page of the venue: at its simulator, where this home has one."""
        ...

    def clock_offset_ms(self, venue: str) -> int | None:
        """The venue's clock minus ours, as last measured; None if never."""
        ...


class NonceSource(Protocol):
    """Counters that only grow, across processes and restarts."""

    def next(self, scope: str, floor: int) -> int:
        """Return a number greater than any returned before for `scope`, and at least `floor`.

        On disk before it returns. `scope` names venue and key by fingerprint, never by secret.
        """
        ...
