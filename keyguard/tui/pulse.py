"""How many hand-outs ran, a moment at a time, for each desk: what the sparklines of Home are drawn from."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyguard.tui.picture import KeyView, Picture

BEATS = 30
STEP = timedelta(seconds=20)
_BARS = " ▁▂▃▄▅▆▇█"


class Pulse:
    """Keeps the last `BEATS` moments, however long it runs. What was before the first look is not known."""

    def __init__(self) -> None:
        self._beats: dict[int, Mapping[str, int]] = {}
        self._last = 0

    def beat(self, picture: Picture, at: datetime) -> None:
        """Note what runs at an instant; a moment keeps the most that was seen in it."""
        number = int(at.timestamp() // STEP.total_seconds())
        running = Counter(
            view.key.desk
            for lease in picture.leases
            if (view := _view(picture, lease.version_id)) is not None
        )
        self._beats[number] = Counter(self._beats.get(number, {})) | running
        self._last = max(self._last, number)
        self._beats = {n: beat for n, beat in self._beats.items() if n > self._last - BEATS}

    def line(self, desk: str) -> str:
        """The moments of a desk as bars, oldest first; a moment nobody looked at is like the one before."""
        counts: list[int | None] = []
        held: int | None = None
        for number in range(self._last - BEATS + 1, self._last + 1):
            if number in self._beats:
                held = self._beats[number].get(desk, 0)
            counts.append(held)
        most = max((count for count in counts if count), default=1)
        return "".join("·" if count is None else _BARS[-(-count * 8 // most)] for count in counts)

    def now(self, desk: str) -> int:
        """How many run at the last moment."""
        return self._beats.get(self._last, {}).get(desk, 0)


def _view(picture: Picture, version_id: str) -> KeyView | None:
    return picture.by_id.get(picture.key_of_version.get(version_id, ""))
