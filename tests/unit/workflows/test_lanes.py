"""Calls run beside each other, everything else in the caller's thread, and no answer is lost."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from keyguard.core.errors import Unreachable
from keyguard.core.exchange import Limit, NonceKind
from keyguard.workflows.lanes import OF_ONE_VENUE, InTurn, in_order, together
from tests.adapters.scripts import adapter

PATIENCE_S = 60
FACTS = adapter("bybit").facts
A_KEY = Limit(1, timedelta(seconds=1))


def test_calls_of_two_lanes_are_under_way_at_the_same_time():
    both = threading.Barrier(2)
    heard = []

    def lane(name):
        yield lambda: both.wait(PATIENCE_S)
        heard.append(name)

    together([lane("a"), lane("b")])
    assert sorted(heard) == ["a", "b"]


def test_lanes_run_in_the_caller_s_thread_and_their_calls_beside_it():
    ours, seen = threading.get_ident(), []

    def lane():
        for _ in range(3):
            seen.append((threading.get_ident(), (yield threading.get_ident)))

    together([lane(), lane()])
    assert len(seen) == 6
    assert all(here == ours and there != ours for here, there in seen)


def test_the_calls_of_a_lane_follow_each_other():
    made = []

    def lane():
        for number in range(5):
            assert (yield lambda number=number: made.append(number) or number) == number

    together([lane()])
    assert made == [0, 1, 2, 3, 4]


def test_what_a_call_raises_is_raised_in_its_lane_and_in_no_other():
    heard = []

    def failing():
        raise Unreachable("gone", code="x")

    def lane(call):
        try:
            heard.append((yield call))
        except Unreachable as error:
            heard.append(error.message)

    together([lane(failing), lane(lambda: "well")])
    assert sorted(heard) == ["gone", "well"]


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_after_an_error_what_is_under_way_is_still_heard_and_nothing_more_begins(error):
    failed, heard = threading.Event(), []

    def breaking():
        yield lambda: None
        failed.set()
        raise error

    def hanging():
        heard.append((yield lambda: failed.wait(PATIENCE_S) and "late"))
        heard.append((yield lambda: "too late"))

    with pytest.raises(type(error)):
        together([hanging(), breaking()])
    assert heard == ["late"]


def test_a_lane_that_fails_at_once_lets_no_later_one_call():
    called = []

    def broken():
        raise ZeroDivisionError
        yield

    def lane():
        yield lambda: called.append(1)

    with pytest.raises(ZeroDivisionError):
        together([broken(), lane()])
    assert called == []


def test_a_person_is_asked_one_thing_at_a_time():
    asking, most = [], []

    class Person:
        def answer(self, question):
            asking.append(question)
            most.append(len(asking))
            asking.remove(question)
            return question

    person, all_there = InTurn(Person()), threading.Barrier(4)

    def lane(number):
        yield lambda: all_there.wait(PATIENCE_S)
        assert (yield lambda: person.answer(number)) == number

    together([lane(n) for n in range(4)])
    assert most == [1, 1, 1, 1]


def test_all_else_reaches_the_person_as_it_is():
    heard = []

    class Person:
        def __getattr__(self, name):
            return lambda *words: heard.append((name, *words))

    person, quiet = InTurn(Person()), InTurn(Person(), tells=False)
    person.confirm("venue", "guide")
    person.new_credential("venue", "guide")
    person.tell("step", "detail")
    quiet.tell("step")
    assert heard == [
        ("confirm", "venue", "guide"),
        ("new_credential", "venue", "guide"),
        ("tell", "step", "detail"),
    ]


def keys(*accounts):
    return [SimpleNamespace(account=account, id=f"k{n}") for n, account in enumerate(accounts)]


@pytest.mark.parametrize("limit", [None, replace(A_KEY, shared=True)], ids=["not documented", "by address"])
def test_a_venue_is_asked_one_call_at_a_time_unless_it_counts_by_key(limit):
    every = keys("a", "b", "a")
    assert in_order(replace(FACTS, limit=limit), every) == [every]
    assert in_order(replace(FACTS, limit=limit), []) == []


def test_keys_are_asked_beside_each_other_where_each_is_counted_by_itself():
    facts = replace(FACTS, limit=A_KEY)
    assert [[key.id for key in lane] for lane in in_order(facts, keys("a", "", "a"))] == [
        ["k0"],
        ["k1"],
        ["k2"],
    ]
    many = in_order(facts, keys(*["a"] * 3 * OF_ONE_VENUE))
    assert [len(lane) for lane in many] == [3] * OF_ONE_VENUE


def test_where_nonces_grow_the_keys_of_an_account_follow_each_other():
    facts = replace(FACTS, limit=A_KEY, nonce=NonceKind.COUNTER)
    lanes = in_order(facts, keys("a", "b", "a", "", ""))
    assert [[key.id for key in lane] for lane in lanes] == [["k0", "k2"], ["k3", "k4"], ["k1"]]
