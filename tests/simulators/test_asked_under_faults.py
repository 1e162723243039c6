"""Asking about a key while something goes wrong on the way: answered after all, or a clear error; no harm."""

from __future__ import annotations

import pytest

from keyguard.core.errors import BadReply, ExchangeError, Refused, Unreachable
from keyguard.core.exchange import Fault
from keyguard_simulators.accounts import Key
from keyguard_simulators.faults import FaultKind, FaultRule
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.adapters.scripts import adapter, told
from tests.simulators.signed import drive_ours, stopped

VENUES = ("bitflyer", "bithumb", "coinone", "gopax", "hashkey", "korbit")
PASSING = (
    FaultKind.TIMEOUT_BEFORE,
    FaultKind.TIMEOUT_AFTER,
    FaultKind.ERROR_BEFORE,
    FaultKind.ERROR_AFTER,
    FaultKind.RATE_LIMITED,
    FaultKind.BLOCKED,
)
AN_HOUR_MS = 3_600_000
# What a clock that is wrong for one call comes to: measured anew, not noticed, or refused.
WRONG_CLOCK = {"bithumb": Fault.CLOCK, "gopax": Fault.CLOCK, "bitflyer": Fault.AMBIGUOUS}


def issued(served: Running, name: str) -> Key:
    venue = served.venues[name]
    stopped(venue.state)
    return venue.issue(KeyForm(venue.open_account("firm", "").id, told(name).TRADER, ("127.0.0.1",)))


def asked(served: Running, name: str, key: Key) -> str:
    return drive_ours(served, name, adapter(name).whoami(key.public_id), key).public_id


@pytest.mark.parametrize("name", VENUES)
@pytest.mark.parametrize("kind", PASSING, ids=lambda kind: kind.value)
def test_what_passes_is_asked_again(served: Running, name: str, kind: FaultKind) -> None:
    key = issued(served, name)
    served.venues[name].state.faults.add(FaultRule(kind))
    assert asked(served, name, key) == key.public_id


@pytest.mark.parametrize("name", VENUES)
@pytest.mark.parametrize("kind", [FaultKind.MALFORMED, FaultKind.REDIRECT], ids=lambda kind: kind.value)
def test_what_cannot_be_read_is_a_clear_error(served: Running, name: str, kind: FaultKind) -> None:
    key = issued(served, name)
    served.venues[name].state.faults.add(FaultRule(kind, times=0))
    with pytest.raises((BadReply, Unreachable)):
        asked(served, name, key)
    served.venues[name].state.faults.clear()
    assert asked(served, name, key) == key.public_id


@pytest.mark.parametrize("name", VENUES)
def test_a_venue_that_stays_away_is_no_dead_key(served: Running, name: str) -> None:
    key = issued(served, name)
    served.venues[name].state.faults.add(FaultRule(FaultKind.ERROR_BEFORE, times=0))
    with pytest.raises(ExchangeError) as caught:
        asked(served, name, key)
    assert not (isinstance(caught.value, Refused) and caught.value.fault in adapter(name).facts.dead)


@pytest.mark.parametrize("name", VENUES)
def test_a_wrong_clock_is_measured_where_the_venue_tells_the_time(served: Running, name: str) -> None:
    key = issued(served, name)
    served.venues[name].state.faults.add(FaultRule(FaultKind.WRONG_CLOCK, offset_ms=AN_HOUR_MS))
    if name in WRONG_CLOCK:
        with pytest.raises(Refused) as caught:
            asked(served, name, key)
        assert caught.value.fault is WRONG_CLOCK[name]
    assert asked(served, name, key) == key.public_id
