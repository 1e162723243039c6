"""Guides of pages described by words alone."""

from __future__ import annotations

from dataclasses import replace

from keyguard_adapters import bitvavo
from tests.adapters.venues.bitvavo import SPEC


def test_addresses_nobody_tells_are_not_any_address() -> None:
    """A rotation copies what it does not know: a guide that said "any" would widen the list."""
    untold = bitvavo.PAGE.create(replace(SPEC, ips=(), ips_told=False))
    assert any("the same as the old key's" in step for step in untold.steps)
    assert not any("any address" in step for step in untold.steps)
    anywhere = bitvavo.PAGE.create(replace(SPEC, ips=()))
    assert any("any address" in step for step in anywhere.steps)
