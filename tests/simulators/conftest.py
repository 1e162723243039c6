from __future__ import annotations

from collections.abc import Iterator

import pytest

from keyguard_simulators.clock import Clock
from keyguard_simulators.serve import Running, running
from keyguard_simulators.state import State, Switches


@pytest.fixture(scope="session")
def served() -> Iterator[Running]:
    with running() as served:
        yield served


@pytest.fixture(autouse=True)
def _as_new(served: Running) -> Iterator[None]:
    """Tests share the servers, not accounts: each opens its own. What a test switched is put back."""
    yield
    for venue in served.venues.values():
        _reset(venue.state)


def _reset(state: State) -> None:
    state.clock = Clock()
    state.switches = Switches()
    state.faults.clear()
    state.seen.clear()
