from __future__ import annotations

import pytest

from keyguard.core.errors import UsageError
from keyguard.daemon.limits import Bucket
from keyguard.daemon.settings import Settings, settings


def test_a_bucket_gives_a_seconds_worth_at_once_and_then_as_it_fills():
    bucket = Bucket(100, 0.0)
    for _ in range(101):
        assert bucket.owed(0.0) == 0.0
        bucket.take(1, 0.0)
    assert bucket.owed(0.0) == pytest.approx(0.01)
    assert bucket.owed(0.011) == 0.0
    bucket.take(50, 0.02)
    assert bucket.owed(0.02) == pytest.approx(0.49)
    assert bucket.owed(10_000.0) == 0.0
    bucket.take(150, 10_000.0)  # what was not used is not saved up
    assert bucket.owed(10_000.0) == pytest.approx(0.5)


def test_settings_are_read_or_refused():
    assert settings({}) == Settings()
    assert not Settings().system
    chosen = settings({"auto_lock_s": 0, "group": "traders", "connections": 3})
    assert (chosen.connections, chosen.system) == (3, True)
    for wrong in ({"nosuch": 1}, {"connections": 0}, {"connections": "3"}, {"group": 3}, {"auto_lock_s": -1}):
        with pytest.raises(UsageError):
            settings(wrong)
