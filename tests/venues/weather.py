"""What goes on for a while between us and a venue, beyond the faults of single calls.

Each begins with the call of a given number. Together with the simulators' own faults these are the eight of
the bar: time-out after the effect, 5xx, rate limit, a clock off by ten minutes, maintenance, a change of our
address, a request delivered twice, a list that lags by five minutes.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime, timedelta

from keyguard.core.exchange import Reply
from keyguard.gateway.outcomes import Answer, Attempt
from keyguard_simulators.accounts import Key
from tests.venues.world import IP, VenueWorld

ELSEWHERE = "203.0.113.99"
OFF_MS = 600_000
LASTS = timedelta(minutes=4)
LAGS_MS = 300_000
_CLOSED = b"<html><body>scheduled maintenance</body></html>"


class Weather(enum.Enum):
    """What goes on."""

    CLOCK_OFF = "clock_off"  # the venue's clock jumps by ten minutes, for good
    MAINTENANCE = "maintenance"  # four minutes of 503
    ADDRESS_CHANGED = "address_changed"  # for four minutes we come from an address that no key allows
    DELIVERED_TWICE = "delivered_twice"  # one request arrives twice; the second answer comes back
    LIST_LAGS = "list_lags"  # lists of keys show what was five minutes ago


def let(weather: Weather, world: VenueWorld, skip: int) -> Callable[[], bool]:
    """Have it begin after `skip` calls from now; returns what tells whether it did."""
    if weather is Weather.LIST_LAGS:
        return _lag(world)
    calls = 0
    began: datetime | None = None

    def between(deliver: Callable[[], Attempt]) -> Attempt:
        nonlocal calls, began
        calls += 1
        if calls <= skip:
            return deliver()
        first, now = began is None, world.clock.now()
        began = began or now
        goes_on = now - began < LASTS
        if weather is Weather.MAINTENANCE and goes_on:
            return Answer(Reply(503, {"content-type": "text/html"}, _CLOSED), now, now)
        if weather is Weather.DELIVERED_TWICE and first:
            deliver()
        if weather is Weather.CLOCK_OFF:
            world.venue.state.clock.offset_ms = OFF_MS
        if weather is Weather.ADDRESS_CHANGED:
            world.venue.state.switches.egress = ELSEWHERE if goes_on else IP
        return deliver()

    world.inside.between = between
    return lambda: began is not None


def _lag(world: VenueWorld) -> Callable[[], bool]:
    state, asked = world.venue.state, False
    delete = state.delete
    ended: dict[str, int] = {}  # public id -> when

    def deleting(key: Key, now_ms: int) -> None:
        ended.setdefault(key.public_id, now_ms)
        delete(key, now_ms)

    def listed(account: str) -> list[Key]:
        nonlocal asked
        asked = True
        then = state.clock.now_ms() - LAGS_MS
        return [
            key
            for key in list(state.book.keys.values())
            if key.account == account
            and key.created_ms <= then
            and (not key.deleted or ended.get(key.public_id, 0) > then)
        ]

    state.delete = deleting  # type: ignore[method-assign]
    state.book.listed = listed  # type: ignore[method-assign]
    return lambda: asked
