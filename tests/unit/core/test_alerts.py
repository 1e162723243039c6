"""When an alert is said, said again, said louder, held back."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.alerts import Alert, Manners, Next, QuietHours, Told, Urgency, what_next

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SEOUL = timezone(timedelta(hours=9))
NIGHT = QuietHours(time(22), time(7), SEOUL)
MANNERS = Manners()
MINUTE = timedelta(minutes=1)


def alert(urgency: Urgency = Urgency.MEDIUM) -> Alert:
    return Alert("expiry", "bybit/mm/bot", urgency, "bybit/mm/bot ends in 3 days", "")


def test_what_is_new_is_said_at_once_and_then_not_again_until_it_is_time() -> None:
    assert what_next(alert(), None, MANNERS, NOON) is Next.SAY
    told = Told(NOON, NOON, 1)
    assert what_next(alert(), told, MANNERS, NOON + 239 * MINUTE) is Next.WAIT
    assert what_next(alert(), told, MANNERS, NOON + 240 * MINUTE) is Next.SAY


@pytest.mark.parametrize(("urgency", "what"), [(Urgency.MEDIUM, Next.WAIT), (Urgency.HIGH, Next.ESCALATE)])
def test_what_nobody_acknowledged_is_escalated_once(urgency: Urgency, what: Next) -> None:
    later = NOON + 31 * MINUTE
    assert what_next(alert(urgency), Told(NOON, NOON, 1), MANNERS, later) is what
    assert what_next(alert(urgency), Told(NOON, NOON, 2, escalated=NOON), MANNERS, later) is Next.WAIT


def test_what_was_acknowledged_is_left_alone() -> None:
    told = Told(NOON, NOON, 1, acknowledged=NOON)
    assert what_next(alert(Urgency.CRITICAL), told, MANNERS, NOON + timedelta(days=9)) is Next.WAIT


@pytest.mark.parametrize(
    ("hour", "quiet"), [(12, False), (13, True), (21, True), (22, False)]
)  # 22:00 and 7:00 in Seoul are 13:00 and 22:00 UTC
def test_quiet_hours_over_midnight(hour: int, quiet: bool) -> None:
    now = NOON.replace(hour=hour)
    manners = Manners(quiet=NIGHT)
    assert what_next(alert(Urgency.HIGH), None, manners, now) is (Next.WAIT if quiet else Next.SAY)
    assert what_next(alert(Urgency.CRITICAL), None, manners, now) is Next.SAY


@given(st.times(), st.times(), st.datetimes(timezones=st.just(UTC)))
def test_quiet_hours_and_their_opposite_are_the_whole_day(begin: time, end: time, now: datetime) -> None:
    one, other = QuietHours(begin, end, UTC), QuietHours(end, begin, UTC)
    if begin != end:
        assert one.holds(now) != other.holds(now)


@given(st.lists(st.integers(1, 600), max_size=40), st.sampled_from(Urgency))
def test_nothing_is_said_more_often_than_the_manners_allow(minutes: list[int], urgency: Urgency) -> None:
    now, told, said = NOON, None, []
    for wait in minutes:
        now += wait * MINUTE
        step = what_next(alert(urgency), told, MANNERS, now)
        if step is Next.SAY:
            said.append(now)
            since = told.since if told else now
            told = Told(since, now, len(said), told.escalated if told else None)
        elif step is Next.ESCALATE:
            assert told is not None and told.escalated is None
            told = Told(told.since, told.last, told.times, now)
    assert all(b - a >= MANNERS.repeat for a, b in pairwise(said))
