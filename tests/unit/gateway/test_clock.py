"""The system's clock."""

from __future__ import annotations

from datetime import timedelta

from keyguard.gateway.clock import SystemClock


def test_instants_are_utc_and_advance_with_sleep():
    clock = SystemClock()
    before = clock.now()
    clock.sleep(0.002)
    assert before.utcoffset() == timedelta(0)
    assert clock.now() > before


def test_tokens_have_their_size_and_differ():
    clock = SystemClock()
    assert [len(clock.token(n)) for n in (0, 1, 16)] == [0, 1, 16]
    assert clock.token(16) != clock.token(16)
