"""Time and chance: everything a workflow may not take from the system itself."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall clock, waiting and fresh ids."""

    def now(self) -> datetime:
        """The instant, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def token(self, size: int) -> bytes:
        """Return `size` bytes from the system's cryptographic random source."""
        ...
