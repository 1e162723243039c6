"""What each thing that can go wrong means, with and without an effect."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import BadReply, ExchangeError, KeyguardError, OutcomeUnknown, Refused, Unreachable
from keyguard.core.exchange import Effect, Fault, Reply, Request
from keyguard.gateway.outcomes import Answer, Loss, judge, safe_code
from tests.unit.gateway import venue

AT = datetime(2026, 11, 20, tzinfo=UTC)
FAKEX = venue.adapter()


def answer(body: object, status: int = 200) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(Reply(status, {}, data), AT, AT)


def outcome(attempt: Answer | Loss, effect: Effect = Effect.NONE) -> Reply | KeyguardError:
    return judge(FAKEX, Request("POST", "/x", effect=effect), attempt)


# Every way to fail -> (what a request without effect comes to, what one with an effect comes to)
TABLE = {
    Loss.UNCONNECTED: (Unreachable, Unreachable),
    Loss.UNTRUSTED: (Unreachable, Unreachable),
    Loss.PROXY: (Unreachable, Unreachable),
    Loss.SILENT: (Unreachable, OutcomeUnknown),
    Loss.CUT_OFF: (Unreachable, OutcomeUnknown),
    Loss.REDIRECTED: (BadReply, OutcomeUnknown),
    Loss.OVERSIZED: (BadReply, OutcomeUnknown),
    Loss.ENCODED: (BadReply, OutcomeUnknown),
    Loss.UNREADABLE: (BadReply, OutcomeUnknown),
}


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("loss", Loss)
def test_a_lost_request_with_an_effect_is_unknown_unless_it_never_left(loss, effect):
    without, with_effect = TABLE[loss]
    error = outcome(loss, effect)
    assert type(error) is (without if effect is Effect.NONE else with_effect)
    assert isinstance(error, KeyguardError)
    assert error.message.startswith("Fakex ")
    assert error.still
    assert error.hint


@pytest.mark.parametrize("fault", Fault)
def test_a_refusal_carries_fault_and_code(fault):
    error = outcome(answer(venue.refusal(fault, "10003"), 401))
    assert isinstance(error, Refused)
    assert (error.fault, error.venue_code, error.http_status) == (fault, "10003", 401)
    assert error.code == f"exchange.{fault.value}"
    assert "the venue's own words" not in f"{error!r} {vars(error)}"


def test_a_refusal_reads_well():
    error = outcome(answer(venue.refusal(Fault.KEY_UNKNOWN, "10003")))
    assert isinstance(error, Refused)
    assert error.message == "Fakex refused: key unknown (10003)"


@pytest.mark.parametrize("fault", sorted(set(Fault) - {Fault.BUSY}, key=str))
@pytest.mark.parametrize("effect", sorted(set(Effect) - {Effect.NONE}, key=str))
def test_a_refused_effect_has_not_happened(fault, effect):
    assert isinstance(outcome(answer(venue.refusal(fault), 400), effect), Refused)


@pytest.mark.parametrize(
    "attempt",
    [
        answer({}, 500),
        answer({}, 503),
        answer(b"<html>bad gateway</html>", 502),
        answer({}, 408),
        answer(venue.refusal(Fault.BUSY), 200),
        answer(venue.refusal(Fault.OTHER), 500),
    ],
)
def test_a_server_error_says_nothing_about_an_effect(attempt):
    assert isinstance(outcome(attempt), Refused)
    unknown = outcome(attempt, Effect.KEY_CREATED)
    assert isinstance(unknown, OutcomeUnknown)
    assert unknown.still == "the change may or may not have been made at Fakex"


@pytest.mark.parametrize(
    ("status", "fault"), [(400, Fault.OTHER), (404, Fault.OTHER), (429, Fault.RATE), (500, Fault.BUSY)]
)
@pytest.mark.parametrize("body", [b"<html>", b"{}", b""])
def test_the_status_refuses_where_the_adapter_does_not(body, status, fault):
    error = outcome(answer(body, status))
    assert isinstance(error, Refused)
    assert (error.fault, error.venue_code) == (fault, f"http-{status}")


def test_a_reply_that_is_no_refusal_comes_back_as_it_is():
    whole = answer({"key": "value"})
    assert outcome(whole, Effect.KEY_CREATED) is whole.reply


def test_an_answer_the_adapter_cannot_read_is_a_bad_reply():
    assert isinstance(outcome(answer(b"<html>")), BadReply)
    assert isinstance(outcome(answer(b"<html>"), Effect.KEY_DELETED), OutcomeUnknown)


@pytest.mark.parametrize("effect", [Effect.KEY_CREATED, Effect.SECRET_RESET])
def test_an_answer_that_may_hold_a_new_secret_is_handed_on_to_be_sealed(effect):
    cut_in_half = answer(b'{"key": "FAKE", "sec')
    assert outcome(cut_in_half, effect) is cut_in_half.reply
    assert isinstance(outcome(answer(b"<html>", 500), effect), OutcomeUnknown)


@given(st.binary(max_size=200), st.integers(200, 599), st.sampled_from(Effect))
def test_any_answer_comes_to_a_reply_or_one_of_our_errors(body, status, effect):
    result = outcome(answer(body, status), effect)
    assert isinstance(result, Reply | ExchangeError | OutcomeUnknown)
    if isinstance(result, Reply):
        assert result.status < 400


@given(st.text())
def test_a_code_from_outside_is_harmless_when_shown(code):
    shown = safe_code(code)
    assert len(shown) <= 40
    assert shown.isascii()
    assert shown.isprintable()
