"""How much one process may ask for."""

from __future__ import annotations


class Bucket:
    """Tokens that come back at `rate` a second, at most one second's worth of them.

    It may go below zero by one request's cost; then `owed` says how many seconds to wait.
    """

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: int, now: float) -> None:
        self._rate = rate
        self._left = float(rate)
        self._at = now

    def take(self, cost: int, now: float) -> None:
        """Pay for a request that is served."""
        self._left = min(self._rate, self._left + (now - self._at) * self._rate) - cost
        self._at = now

    def owed(self, now: float) -> float:
        """Seconds until the next request may be served, 0.0 for at once."""
        left = self._left + (now - self._at) * self._rate
        return 0.0 if left >= 0 else -left / self._rate
