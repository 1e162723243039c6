"""The members of a table in the configuration, taken one by one; what is left over nobody knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import time, timedelta, tzinfo
from ipaddress import ip_address
from typing import Any

ZoneOf = Callable[[str], tzinfo]
"""A time zone by its IANA name; raises LookupError or ValueError for one that is not known."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"([0-9]{1,9})([smhd])")
_LONGEST = timedelta(days=36_500)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class Members:
    """A table from which each member is taken once. Every method raises ValueError for what it cannot be."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._left = dict(table)

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def take(self, name: str, default: Any = None) -> Any:
        """Any value."""
        value = self._left.pop(name, default)
        if value is None:
            raise ValueError(f"{name} is missing")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """A text that says something."""
        value = self.take(name, default)
        if not isinstance(value, str) or not value:
            raise ValueError(f"{name} is a text")
        return value

    def texts(self, name: str, default: Sequence[str] | None) -> tuple[str, ...]:
        """One text or a list of them."""
        value = self.take(name, default)
        values = (value,) if isinstance(value, str) else value
        if not isinstance(values, list | tuple) or not all(isinstance(v, str) and v for v in values):
            raise ValueError(f"{name} is a text or a list of texts")
        return tuple(values)

    def span(self, name: str, default: str | None = None) -> timedelta:
        """A time, such as "90s", "15m", "12h" or "30d"."""
        found = _SPAN.fullmatch(self.text(name, default))
        span = timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else None
        if span is None or span > _LONGEST:
            raise ValueError(f'{name} is a time such as "90s", "15m", "12h" or "30d"')
        return span

    def within(self) -> timedelta:
        """The span `within`, longer than nothing."""
        span = self.span("within")
        if not span:
            raise ValueError("within is longer than nothing")
        return span

    def at(self, name: str) -> time:
        """A time of day, such as "08:30"."""
        found = _CLOCK.fullmatch(self.text(name))
        if found is None:
            raise ValueError(f'{name} is a time of day such as "08:30"')
        return time(int(found[1]), int(found[2]))

    def optional(self, name: str) -> str | None:
        """A text, None where it is left out."""
        return self.text(name) if name in self._left else None

    def addresses(self, name: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """One IP address or a list of them, each in its usual form; none only where `default` says so."""
        texts = self.texts(name, default)
        try:
            found = tuple(str(ip_address(text)) for text in texts)
        except ValueError:
            raise ValueError(f'{name} is an address such as "203.0.113.7", or a list of them') from None
        if not found and default is None:
            raise ValueError(f"{name} names none")
        return found

    def yes(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self.take(name, default)
        if not isinstance(value, bool):
            raise ValueError(f"{name} is true or false")
        return value

    def count(self, name: str, default: int) -> int:
        """A whole number from 1."""
        value = self.take(name, default)
        if type(value) is not int or value < 1:
            raise ValueError(f"{name} is a whole number from 1")
        return value

    def word(self, name: str, words: Sequence[str], default: str) -> str:
        """One of these words."""
        value = self.text(name, default)
        if value not in words:
            raise ValueError(f"{name} is one of {', '.join(words)}")
        return value

    def zone(self, zone_of: ZoneOf) -> tzinfo:
        """The time zone `zone`, UTC where none is named."""
        name = self.text("zone", "UTC")
        try:
            return zone_of(name)
        except (LookupError, ValueError):
            raise ValueError(
                f'zone is a name such as "Asia/Seoul", and this system knows no {name!r}'
            ) from None

    def days(self) -> frozenset[int]:
        """The days of the week `days`, Monday as 0; all where none are named."""
        days = self.texts("days", DAYS)
        if not days or not set(days) <= set(DAYS):
            raise ValueError(f"days are of {', '.join(DAYS)}")
        return frozenset(map(DAYS.index, days))

    def end(self) -> None:
        """See that nothing is left over."""
        if self._left:
            raise ValueError(f"nothing is known of {sorted(self._left)[0]!r}")
