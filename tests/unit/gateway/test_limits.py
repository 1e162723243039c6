"""When a request is sent again, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import BadReply, OutcomeUnknown, Refused, Unreachable
from keyguard.core.exchange import Effect, Fault, Limit, Reply
from keyguard.gateway.limits import MAX_WAIT_S, Pace, Spacing, advised_wait, retry_wait
from keyguard.gateway.outcomes import Answer, Loss

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
NOW = 1_795_165_200_000  # AT in unix ms
LOST = Unreachable("lost", code="x")
BUDGET = ("fakex", "key", "/x")


def answer(status: int = 200, **headers: str) -> Answer:
    return Answer(Reply(status, {k.replace("_", "-"): v for k, v in headers.items()}, b""), AT, AT)


def refused(fault: Fault, status: int = 200) -> Refused:
    return Refused("no", fault=fault, http_status=status)


def wait(error, attempt, *, effect=Effect.NONE, tries=1, waited=0.0, chance=0.0):
    return retry_wait(effect, error, attempt, tries=tries, waited=waited, now_ms=NOW, chance=chance)


def test_waits_double_and_are_spread_by_chance():
    assert [wait(LOST, Loss.SILENT, tries=n) for n in (1, 2)] == [0.5, 1.0]
    assert wait(LOST, Loss.SILENT, tries=2, chance=0.5) == 1.5


def test_the_third_try_is_the_last():
    assert wait(LOST, Loss.SILENT, tries=3) is None


@pytest.mark.parametrize("effect", sorted(set(Effect) - {Effect.NONE}, key=str))
@pytest.mark.parametrize(
    ("error", "attempt"),
    [
        (LOST, Loss.UNCONNECTED),
        (OutcomeUnknown("?", code="x"), Loss.SILENT),
        (refused(Fault.RATE), answer(429, retry_after="1")),
        (refused(Fault.BUSY), answer(503)),
    ],
)
def test_a_request_with_an_effect_is_never_sent_again(effect, error, attempt):
    assert wait(error, attempt, effect=effect) is None


@pytest.mark.parametrize("loss", Loss)
def test_what_may_pass_is_tried_again_and_what_is_wrong_is_not(loss):
    passes = loss in {Loss.UNCONNECTED, Loss.PROXY, Loss.SILENT, Loss.CUT_OFF}
    assert (wait(LOST, loss) is not None) == passes


@pytest.mark.parametrize("fault", Fault)
def test_of_refusals_only_busy_and_rate_are_tried_again(fault):
    assert (wait(refused(fault), answer()) is not None) == (fault in {Fault.BUSY, Fault.RATE})


def test_a_server_error_is_tried_again_whatever_its_body_says():
    assert wait(refused(Fault.OTHER, 500), answer(500)) == 0.5


def test_an_unreadable_answer_is_not_asked_for_again():
    assert wait(BadReply("?", code="x"), answer()) is None


@pytest.mark.parametrize("status", [403, 418])
def test_an_address_that_is_blocked_does_not_ask_again_unless_told_when(status):
    assert wait(refused(Fault.RATE, status), answer(status)) is None
    assert wait(refused(Fault.RATE, status), answer(status, retry_after="2")) == 2.0


def test_the_venue_is_waited_for_as_long_as_it_asks():
    assert wait(refused(Fault.RATE), answer(429, retry_after="3")) == 3.0
    assert wait(refused(Fault.RATE), answer(429, retry_after="0")) == 0.5


def test_all_waits_together_are_bounded():
    assert wait(refused(Fault.RATE), answer(429, retry_after="10")) == MAX_WAIT_S
    assert wait(refused(Fault.RATE), answer(429, retry_after="11")) is None
    assert wait(refused(Fault.RATE), answer(429, retry_after="6"), tries=2, waited=4.1) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Fri, 20 Nov 2026 09:00:04 GMT"}, 4.0),
        ({"retry-after": "Fri, 20 Nov 2026 09:00:04 -0000"}, 4.0),  # parsed without a zone
        ({"retry-after": "Fri, 20 Nov 2026 08:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "٣"}, None),
        ({"x-bapi-limit-status": "0", "x-bapi-limit-reset-timestamp": str(NOW + 1500)}, 1.5),
        ({"x-bapi-limit-status": "4", "x-bapi-limit-reset-timestamp": str(NOW + 1500)}, None),
        ({"x-bapi-limit-status": "0", "x-bapi-limit-reset-timestamp": "x"}, None),
        ({"remaining-req": "group=default; min=1800; sec=0"}, 1.0),
        ({"remaining-req": "group=default; min=1800; sec=09"}, None),
        ({"remaining-req": "group=default; min=0; sec=29"}, None),
        ({"remaining-req": "group=default; min=1800; sec=0", "retry-after": "2"}, 2.0),
    ],
)
def test_advice_is_read_from_the_headers(headers, seconds):
    assert advised_wait(headers, NOW) == seconds


@given(st.dictionaries(st.sampled_from(["retry-after", "remaining-req"]), st.text()))
def test_any_header_is_advice_or_none(headers):
    advice = advised_wait(headers, NOW)
    assert advice is None or advice >= 0


def test_a_spent_budget_is_waited_for_and_then_forgotten():
    pace = Pace()
    assert pace.wait(BUDGET, NOW) == 0
    pace.note(BUDGET, {"retry-after": "3"}, NOW)
    assert pace.wait(BUDGET, NOW + 1000) == 2.0
    assert pace.wait(BUDGET, NOW + 3000) == 0
    assert pace.wait(("fakex", "other key", "/x"), NOW) == 0
    pace.note(BUDGET, {}, NOW)
    assert pace.wait(BUDGET, NOW) == 0


def test_a_budget_that_is_spent_for_long_is_waited_for_in_bounds():
    pace = Pace()
    pace.note(BUDGET, {"retry-after": "86400"}, NOW)
    assert pace.wait(BUDGET, NOW) == MAX_WAIT_S


def test_calls_are_spaced_as_the_venue_documents():
    spacing, limit = Spacing(), Limit(2, timedelta(seconds=1))
    assert [spacing.wait("v", "a", limit, NOW) for _ in range(5)] == [0, 0, 1, 1, 2]
    assert spacing.wait("v", "b", limit, NOW) == 0
    assert spacing.wait("v", "a", limit, NOW + 10_000) == 0
    assert spacing.wait("v", "a", None, NOW) == 0


def test_a_long_wait_of_one_thread_lets_no_other_go_first():
    spacing, limit = Spacing(), Limit(1, timedelta(minutes=1))
    assert [spacing.wait("v", "a", limit, NOW + n) for n in range(4)] == [0, 59.999, 119.998, 179.997]


def test_a_limit_by_address_is_shared_by_all_keys():
    spacing, limit = Spacing(), Limit(1, timedelta(seconds=1), shared=True)
    assert [spacing.wait("v", key, limit, NOW) for key in "abc"] == [0, 1, 2]
    assert spacing.wait("w", "a", limit, NOW) == 0


def test_a_clock_set_back_holds_nobody_up():
    spacing, limit = Spacing(), Limit(1, timedelta(seconds=1))
    spacing.wait("v", "a", limit, NOW)
    assert spacing.wait("v", "a", limit, NOW - 3_600_000) == 0


def test_a_call_that_was_late_counts_from_its_answer():
    spacing, limit = Spacing(), Limit(1, timedelta(seconds=1))
    assert spacing.wait("v", "a", limit, NOW) == 0
    spacing.answered("v", "a", limit, NOW, NOW + 400)
    assert spacing.wait("v", "a", limit, NOW + 400) == 1
    spacing.answered("v", "a", limit, NOW + 1400, NOW + 1300)  # the clock was corrected meanwhile
    assert spacing.wait("v", "a", limit, NOW + 1400) == 1
    spacing.answered("v", "a", None, NOW, NOW)


def test_of_several_calls_the_earliest_makes_room():
    spacing, limit = Spacing(), Limit(2, timedelta(seconds=1))
    for ms in (0, 10):
        spacing.wait("v", "a", limit, NOW + ms)
    spacing.answered("v", "a", limit, NOW, NOW + 500)
    assert [spacing.wait("v", "a", limit, NOW + 600) for _ in range(2)] == [0.41, 0.9]
