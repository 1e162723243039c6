"""When scheduled work may run: hours of days of the week, by the clock of a zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Window:
    """From `begin` to `end` on these days (Monday is 0). An end not after the begin lies on the day after;
    the two alike mean the whole day."""

    begin: time
    end: time
    days: frozenset[int]
    zone: tzinfo

    def holds(self, at: datetime) -> bool:
        """Whether this instant lies inside."""
        local = at.astimezone(self.zone)
        moment, day = local.time(), local.weekday()
        if self.begin < self.end:
            return day in self.days and self.begin <= moment < self.end
        return (day in self.days and moment >= self.begin) or (
            (day - 1) % 7 in self.days and moment < self.end
        )

    def opens(self, after: datetime) -> datetime:
        """When it opens next, UTC; `after` itself while it is open."""
        if self.holds(after):
            return after
        today = after.astimezone(self.zone).date()
        for ahead in range(9):  # a week, and a day for either end of it
            day = today + timedelta(days=ahead)
            begin = datetime.combine(day, self.begin, self.zone).astimezone(UTC)
            if day.weekday() in self.days and begin > after:
                return begin
        raise ValueError("a window on no day never opens")
