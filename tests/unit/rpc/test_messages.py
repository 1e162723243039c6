"""What travels: requests, answers and errors, whole or refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import DaemonError, IntegrityError, KeyguardError, StoreError, UsageError
from keyguard.rpc import messages
from keyguard.rpc.messages import Malformed
from keyguard.rpc.params import Params

WORDS = st.text(max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)


@given(st.integers(), WORDS, st.dictionaries(WORDS, VALUES, max_size=4))
def test_a_request_arrives_as_it_was_sent(id_, method, params):
    line = messages.request(id_, method, params)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert messages.read_request(line[:-1]) == messages.Request(id_, method, params)


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_whatever_comes_is_a_request_or_malformed(line):
    try:
        messages.read_request(line)
    except Malformed as error:
        assert error.number in (messages.PARSE_ERROR, messages.INVALID_REQUEST, messages.INVALID_PARAMS)


@pytest.mark.parametrize("kind", [UsageError, StoreError, IntegrityError, DaemonError])
def test_an_error_is_raised_as_the_daemon_met_it(kind):
    sent = kind("what happened", code="a.b", still="what is still true", hint="what to do")
    got = messages.read_error(json.loads(messages.error(7, sent))["error"])
    assert type(got) is kind
    assert (got.message, got.code, got.still, got.hint) == (sent.message, sent.code, sent.still, sent.hint)


@given(VALUES)
def test_an_error_that_is_none_of_ours_is_an_error_all_the_same(body):
    assert isinstance(messages.read_error(body), KeyguardError)


def test_parameters_are_taken_once_and_bounded():
    params = Params({"key": "bot", "lease_s": 60, "fresh": True, "mode": "env"})
    assert params.text("key") == "bot"
    assert params.number("lease_s", 0) == 60
    assert params.flag("fresh") and not params.flag("absent")
    assert params.word("mode", frozenset({"env"}), "socket") == "env"
    params.done()
    assert Params({}).text("purpose", "") == ""
    for wrong in ({"key": ""}, {"key": "x" * 501}, {"key": None}, {}):
        with pytest.raises(Malformed):
            Params(wrong).text("key")
    for wrong in (-1, 1.0, True, "1", 2**40):
        with pytest.raises(Malformed):
            Params({"n": wrong}).number("n")
    with pytest.raises(Malformed):
        Params({"f": 1}).flag("f")
    with pytest.raises(Malformed):
        Params({"misspelt": 1}).done()
