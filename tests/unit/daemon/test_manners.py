"""`[alerts]` in the configuration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from keyguard.core.alerts import Manners
from keyguard.core.errors import UsageError
from keyguard.daemon.manners import manners


def test_silence_means_the_usual() -> None:
    assert manners({}) == Manners()


def test_all_of_it() -> None:
    read = manners({"repeat_s": 60, "escalate_after_s": 30, "quiet": "22:00-07:00", "zone": "Asia/Seoul"})
    assert (read.repeat, read.escalate_after) == (timedelta(minutes=1), timedelta(seconds=30))
    assert read.quiet is not None
    assert read.quiet.holds(datetime(2026, 11, 21, 14, 0, tzinfo=UTC))  # 23:00 in Seoul
    assert not read.quiet.holds(datetime(2026, 11, 21, 23, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    "table",
    [
        {"repeats": 1},
        {"repeat_s": 0},
        {"repeat_s": "60"},
        {"quiet": 22},
        {"quiet": "22-7"},
        {"quiet": "25:00-07:00"},
        {"quiet": "22:00-07:00", "zone": "Moon/Sea"},
        {"quiet": "22:00-07:00", "zone": "../etc/passwd"},
    ],
)
def test_what_is_wrong_is_named(table: dict[str, int | str]) -> None:
    with pytest.raises(UsageError) as caught:
        manners(table)
    assert caught.value.code == "alerts.settings"
