"""Every venue's keys are rotated through what lasts longer than one call: the outcome is the same.

In the suite a sample of the venues; all of them with `make venue-faults`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest

from keyguard_simulators import NAMES
from tests.venues.test_rotation import check_buried, patiently
from tests.venues.weather import LAGS_MS, Weather, let
from tests.venues.world import VenueWorld

EVERY = bool(os.environ.get("KEYGUARD_TEST_VENUE_FAULTS"))
SAMPLE = ("bybit", "upbit", "kraken")
"""By API; by hand with a list of keys; by hand without one, and death inferred."""

LEFT_TO_A_PERSON = {
    ("whitebit", Weather.ADDRESS_CHANGED): "a call from a foreign address switches a key off at this venue",
}
WITHOUT_A_TIME_CALL = ("bitso", Weather.CLOCK_OFF)
CASES = [
    (name, weather)
    for name in NAMES
    for weather in Weather
    if (EVERY or name in SAMPLE or (name, weather) == WITHOUT_A_TIME_CALL)
    and (name, weather) not in LEFT_TO_A_PERSON
]


@pytest.mark.parametrize(("name", "weather"), CASES, ids=lambda one: getattr(one, "value", one))
def test_a_key_is_rotated_through(
    name: str, weather: Weather, runner: asyncio.Runner, record_property: Callable[[str, object], None]
) -> None:
    clean = VenueWorld(name, runner)
    clean.venue.state.seen.clear()
    patiently(clean)
    kinds: dict[str, int] = {}
    for number, seen in enumerate(clean.venue.state.seen):
        kinds.setdefault(seen.operation, number)
    starts = [0] if weather is Weather.LIST_LAGS else list(kinds.values())
    for calls_before in starts:
        world = VenueWorld(name, runner)
        world.clock.sleep(2 * LAGS_MS / 1000)
        began = let(weather, world, calls_before)
        patiently(world, most=20)
        assert began() or weather is Weather.LIST_LAGS, "it struck"
        world.clock.sleep(2 * LAGS_MS / 1000)
        check_buried(world)
    record_property("rotations", len(starts) + 1)
