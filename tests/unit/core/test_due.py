"""Which keys are due, in which order, and what may begin by itself now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core import due, due_config
from keyguard.core.due import Busy, Cause, Chosen, Due, OnLeak, Reason, RotationPolicy, Rule
from keyguard.core.expiry import Deadline
from keyguard.core.keys import Environment, Key, Origin, Scope
from keyguard.core.windows import Window

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
AUTO = Rule(auto=True)
TRADE = Scope.READ | Scope.TRADE_SPOT


def key(label: str, venue: str = "bybit", desk: str = "mm", **more: Any) -> Key:
    return Key(f"id-{venue}-{label}", venue, desk, label, **more)


def one(
    label: str,
    cause: Cause = Cause.AGE,
    scopes: Scope | None = TRADE,
    *,
    venue: str = "bybit",
    rule: Rule = AUTO,
    at: datetime = NOW,
    **more: Any,
) -> Due:
    since = NOW - timedelta(days=100)
    return Due(key(label, venue, **more), f"v-{label}", (Reason(cause, at, "why"),), rule, scopes, since)


def labels(found: tuple[Due, ...]) -> list[str]:
    return [each.key.label for each in found]


def window(begin: int, end: int, days: str = "0123456", zone: Any = UTC) -> Window:
    return Window(time(begin), time(end), frozenset(map(int, days)), zone)


def test_age_and_ends_make_a_key_due_each_by_its_own_span() -> None:
    rule = Rule(max_age=timedelta(days=90), before_expiry=timedelta(days=14), before_idle=timedelta(days=3))
    born = NOW - timedelta(days=90)
    soon, idle = NOW + timedelta(days=14), NOW + timedelta(days=3)
    ends = [
        Deadline("the venue's date", soon, Origin.REPORTED),
        Deadline("14 days without use", idle, Origin.INFERRED, idle=True),
        Deadline("another", soon + timedelta(seconds=1), Origin.REPORTED),
        Deadline("unused", idle + timedelta(seconds=1), Origin.INFERRED, idle=True),
    ]
    found = due.scheduled(rule, born, ends, NOW)
    assert [(r.cause, r.at) for r in found] == [(Cause.AGE, NOW), (Cause.EXPIRY, soon), (Cause.IDLE, idle)]
    assert found[2].origin is Origin.INFERRED
    none = replace(rule, max_age=None, before_expiry=None, before_idle=None)
    assert due.scheduled(none, born, ends, NOW) == ()
    assert due.scheduled(rule, born + timedelta(seconds=1), (), NOW) == ()


def test_what_presses_comes_first_then_what_a_thief_could_do_then_play_money() -> None:
    found = due.in_order(
        [
            one("test", Cause.LEAK, environment=Environment.TEST),
            one("old"),
            one("reads", Cause.EXPIRY, Scope.READ),
            one("pays", Cause.EXPIRY, Scope.WITHDRAW),
            one("left", Cause.LEAVER),
            one("leaked", Cause.LEAK),
        ]
    )
    assert labels(found) == ["leaked", "left", "pays", "reads", "old", "test"]


def test_a_managing_key_comes_after_the_others_of_its_venue_unless_it_is_urgent() -> None:
    managing = Scope.READ | Scope.MANAGE_KEYS
    others = [one("a"), one("b", venue="okx")]
    found = due.in_order([one("boss", Cause.EXPIRY, managing), *others])
    assert labels(found) == ["a", "boss", "b"]
    found = due.in_order([one("boss", Cause.LEAK, managing), *others])
    assert labels(found) == ["boss", "a", "b"]
    assert labels(due.in_order([one("unknown", Cause.EXPIRY, None), one("a")])) == ["a", "unknown"]
    alone = due.in_order([one("boss", Cause.EXPIRY, managing, venue="okx"), one("a")])
    assert labels(alone) == ["boss", "a"]


def test_no_more_at_once_than_the_policy_says_in_all_and_at_a_venue() -> None:
    policy = RotationPolicy(at_once=3, at_once_venue=2)
    wanted = [one("a"), one("b"), one("c"), one("d", venue="okx"), one("e", venue="okx")]
    assert labels(due.may_begin(wanted, (), policy, NOW)) == ["a", "b", "d"]
    busy = [Busy(key("x"), False), Busy(key("y", "okx"), False)]
    assert labels(due.may_begin(wanted, busy, policy, NOW)) == ["a"]


def test_a_managing_key_is_rotated_alone_at_its_venue() -> None:
    policy = RotationPolicy(at_once=9, at_once_venue=9)
    boss = one("boss", scopes=Scope.MANAGE_KEYS)
    assert labels(due.may_begin([one("a"), boss], (), policy, NOW)) == ["a"]
    assert labels(due.may_begin([boss], (), policy, NOW)) == ["boss"]
    assert due.may_begin([boss], [Busy(key("a"), False)], policy, NOW) == ()
    assert due.may_begin([one("a")], [Busy(key("boss"), True)], policy, NOW) == ()
    full = replace(policy, at_once_venue=1)
    assert due.may_begin([one("a"), boss], [Busy(key("x"), False)], full, NOW) == (), "a waits, so does boss"
    urgent = one("boss", Cause.LEAK, Scope.MANAGE_KEYS)
    assert labels(due.may_begin([urgent, one("a")], (), policy, NOW)) == ["boss"]


def test_nothing_begins_that_is_not_allowed_to_by_itself_or_is_under_way() -> None:
    wanted = [one("a", rule=Rule()), replace(one("b"), workflow="7f3a")]
    assert due.may_begin(wanted, (), RotationPolicy(), NOW) == ()


def test_a_version_of_today_is_not_replaced_by_schedule() -> None:
    young = [replace(one(c.value, c), since=NOW - timedelta(hours=23)) for c in Cause]
    policy = RotationPolicy(at_once=9, at_once_venue=9)
    assert labels(due.may_begin(young, (), policy, NOW)) == ["leak", "leaver"]
    assert len(due.may_begin(young, (), policy, NOW + timedelta(hours=1))) == len(Cause)


def test_scheduled_work_waits_for_its_window_what_presses_and_what_would_end_before_does_not() -> None:
    night = RotationPolicy(windows=((Chosen(), window(2, 4)),), at_once=9, at_once_venue=9)
    before, after = NOW + timedelta(hours=13), NOW + timedelta(hours=15)
    wanted = [
        one("leaked", Cause.LEAK),
        one("left", Cause.LEAVER),
        one("ends", Cause.EXPIRY, at=before),
        one("lasts", Cause.EXPIRY, at=after),
        one("old"),
    ]
    assert labels(due.may_begin(wanted, (), night, NOW)) == ["leaked", "left", "ends"]
    assert len(due.may_begin(wanted, (), night, NOW + timedelta(hours=14))) == 5


def test_windows_are_of_the_keys_they_name_and_others_need_none() -> None:
    policy = RotationPolicy(windows=((Chosen(venues=("okx",)), window(2, 4)),))
    assert policy.opens(key("a", "okx"), NOW) == datetime(2026, 11, 21, 2, tzinfo=UTC)
    assert policy.opens(key("a"), NOW) == NOW


def test_a_window_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    friday_night = window(22, 4, "4")
    friday = datetime(2026, 11, 20, tzinfo=UTC)
    hours = [h for h in range(72) if friday_night.holds(friday + timedelta(hours=h))]
    assert hours == [22, 23, 24, 25, 26, 27]


@given(
    begin=st.integers(0, 23),
    end=st.integers(0, 23),
    days=st.sets(st.integers(0, 6), min_size=1),
    zone=st.sampled_from(["UTC", "Asia/Seoul", "Europe/Berlin", "America/New_York"]),
    hours=st.integers(0, 365 * 24),
)
def test_a_window_opens_when_it_says_and_not_before(
    begin: int, end: int, days: set[int], zone: str, hours: int
) -> None:
    at = NOW + timedelta(hours=hours)
    some = window(begin, end, "".join(map(str, days)), ZoneInfo(zone))
    opens = some.opens(at)
    assert at <= opens <= at + timedelta(days=8, hours=1)
    assert some.holds(opens) or zone in ("Europe/Berlin", "America/New_York"), "an hour that a day lacks"
    if opens > at:
        assert not some.holds(at)
        steps = int((opens - at) / timedelta(hours=1))
        assert not any(some.holds(at + timedelta(hours=n)) for n in range(steps))


def test_later_exceptions_win_and_say_only_what_they_say() -> None:
    policy = due_config.policy(
        {
            "auto": True,
            "max_age": "60d",
            "on_leak": "rotate",
            "for": [
                {"venues": "okx", "max_age": "7d"},
                {"desks": ["arb", "mm"], "keys": "*/cold*", "auto": False, "max_age": "never"},
            ],
        },
        ZoneInfo,
    )
    assert policy.of(key("a")).max_age == timedelta(days=60)
    assert policy.of(key("a", "okx")).max_age == timedelta(days=7)
    cold = policy.of(key("cold-1", "okx"))
    assert (cold.auto, cold.max_age, cold.on_leak) == (False, None, OnLeak.ROTATE)


def test_without_a_word_nothing_runs_by_itself() -> None:
    assert not due_config.policy({}, ZoneInfo).automatic
    assert not due_config.policy({"max_age": "1d"}, ZoneInfo).automatic
    assert due_config.policy({"for": [{"desks": "mm", "auto": True}]}, ZoneInfo).automatic
    assert due_config.policy({"on_leak": "revoke"}, ZoneInfo).automatic


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"max_agee": "1d"}, "nothing is known of 'max_agee'"),
        ({"max_age": "soon"}, "max_age is a time"),
        ({"auto": "yes"}, "auto is true or false"),
        ({"on_leak": "burn"}, "on_leak is one of alert, rotate, revoke"),
        ({"findings": ["expiry"]}, "not 'expiry'"),
        ({"at_once": 0}, "at_once is a whole number from 1"),
        ({"for": {"auto": True}}, r"these are tables: \[\[rotation.for\]\]"),
        ({"for": [{"auto": True}, {"keys": []}]}, "for 2: venues, desks and keys name at least one"),
        ({"window": [{"from": "22:00"}]}, "window 1: until is missing"),
        ({"window": [{"from": "22:00", "until": "04:00", "zone": "Mars/Base"}]}, "knows no 'Mars/Base'"),
        ({"window": [{"from": "22:00", "until": "04:00", "days": ["someday"]}]}, "days are of mon"),
    ],
)
def test_a_table_that_says_something_else_is_refused(table: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        due_config.policy(table, ZoneInfo)


def test_the_whole_table_is_read() -> None:
    policy = due_config.policy(
        {
            "auto": True,
            "max_age": "30d",
            "before_expiry": "never",
            "before_idle": "1d",
            "leaver": False,
            "findings": ["leak", "use"],
            "overlap": "5m",
            "leak_overlap": "30s",
            "on_leak": "revoke",
            "at_once": 4,
            "at_once_venue": 3,
            "window": [{"from": "22:00", "until": "04:00", "days": ["mon"], "zone": "Asia/Seoul"}],
        },
        ZoneInfo,
    )
    assert policy.rule == Rule(
        auto=True,
        max_age=timedelta(days=30),
        before_expiry=None,
        before_idle=timedelta(days=1),
        leaver=False,
        findings=("leak", "use"),
        overlap=timedelta(minutes=5),
        on_leak=OnLeak.REVOKE,
        leak_overlap=timedelta(seconds=30),
    )
    assert (policy.at_once, policy.at_once_venue) == (4, 3)
    assert policy.windows == ((Chosen(), window(22, 4, "0", ZoneInfo("Asia/Seoul"))),)
    leaked = one("a", Cause.LEAK, rule=policy.rule)
    assert (leaked.why, leaked.overlap_s, one("a", rule=policy.rule).overlap_s) == ("leak", 30, 300)
