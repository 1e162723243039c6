"""A clock that only moves when told to."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Clock port: `sleep` advances it; tokens are a reproducible stream."""

    def __init__(self, start: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._drawn = 0

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def token(self, size: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(b"fake clock %d" % self._drawn).digest(size)
