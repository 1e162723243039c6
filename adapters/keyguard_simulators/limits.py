"""Rate limits as token buckets; counted always, enforced only when the venue is told to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Limits:
    """Buckets by any name a venue likes, each filling up at `per_second` to `burst`."""

    _buckets: dict[str, tuple[float, int]] = field(default_factory=dict)

    def take(self, name: str, per_second: int, burst: int, now_ms: int) -> int:
        """Take one token; return how many whole ones are left, -1 when there was none to take."""
        tokens, last_ms = self._buckets.get(name, (float(burst), now_ms))
        tokens = min(float(burst), tokens + max(0, now_ms - last_ms) * per_second / 1000)
        left = tokens - 1
        self._buckets[name] = (left if left >= 0 else tokens, now_ms)
        return int(left) if left >= 0 else -1
