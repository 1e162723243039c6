"""The system's clock and randomness; the only reader of both."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime


class SystemClock:
    """Clock port on the operating system."""

    def now(self) -> datetime:
        """The instant, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def token(self, size: int) -> bytes:
        """Return `size` random bytes."""
        return secrets.token_bytes(size)
