"""What stands in for keys in a rehearsal is what the tests of each venue's adapter use."""

from __future__ import annotations

import pytest

from keyguard_simulators import NAMES
from keyguard_simulators.plain import PLAIN
from tests.adapters.scripts import told


def test_every_simulated_venue_has_plain_keys() -> None:
    assert set(PLAIN) == set(NAMES)


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_they_are_those_of_the_adapters_tests(name: str) -> None:
    facts, plain = told(name), PLAIN[name]
    assert (plain.trader, plain.manager) == (facts.TRADER, facts.MANAGER)
    assert plain.first == getattr(facts, "FIRST", None)
