"""A venue's clock: the machine's, shifted, or frozen."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass
class Clock:
    """Unix milliseconds as the venue sees them: `frozen_ms` if set, else real time plus `offset_ms`."""

    offset_ms: int = 0
    frozen_ms: int | None = None

    def now_ms(self) -> int:
        """Return the venue's time."""
        if self.frozen_ms is not None:
            return self.frozen_ms
        return time.time_ns() // 1_000_000 + self.offset_ms

    def advance(self, ms: int) -> None:
        """Let `ms` pass at once; time goes on from there (or stays, when frozen)."""
        if self.frozen_ms is None:
            self.offset_ms += ms
        else:
            self.frozen_ms += ms
