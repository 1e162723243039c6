"""What a thief could do with a key, and which key is worse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.danger import Gravity, abilities, danger, gravity, worst_first
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Environment, Key, Origin, Scope

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TRADER = Scope.READ | Scope.TRADE_SPOT


def key(label="bot", **declared):
    return Key(label, "examplex", "mm", label, **declared)


def told(scopes, ips=("203.0.113.7",), **more):
    return KeyReport(
        "FAKEkey1",
        scopes=scopes,
        scopes_origin=Origin.REPORTED,
        ips=ips,
        ips_origin=Origin.REPORTED,
        **more,
    )


def of(report, label="bot", *, now=NOW, **more):
    return danger(key(label), report, now=now, **more)


def test_words_say_what_from_where_and_until_when():
    found = of(told(TRADER | Scope.WITHDRAW, ()), holders=("quoter (pid 7 on tokyo-2)",))
    assert found.words == (
        "a thief could withdraw all funds to any address; lose the balance in trades with themselves; "
        "from any address; until somebody ends it; held now by quoter (pid 7 on tokyo-2)"
    )


def test_words_of_a_pinned_key_that_expires():
    found = of(told(Scope.READ, expires_at=NOW + timedelta(days=3)))
    assert found.words == (
        "a thief could see balances, orders and positions; from 203.0.113.7 only; until 2026-11-24 12:00 UTC"
    )


def test_the_rules_of_the_venue_may_know_the_end_better():
    assert of(told(Scope.READ), ends_at=NOW + timedelta(hours=1)).until == "until 2026-11-21 13:00 UTC"


def test_what_is_not_told_is_taken_for_the_worst_and_said_to_be():
    untold = of(None)
    assert untold.gravity is Gravity.WITHDRAW
    assert untold.anywhere
    assert "perhaps also withdraw all funds" in untold.words
    assert "from any address, as far as the venue tells" in untold.words
    in_part = of(told(TRADER, None, scopes_unknown=Scope.WITHDRAW))
    assert in_part.gravity is Gravity.WITHDRAW


def test_what_is_declared_is_not_shown_as_reported():
    found = danger(key(needs=TRADER), None, now=NOW)
    assert "by its declared purpose" in found.words
    inferred = KeyReport("FAKEkey1", scopes=Scope.READ, scopes_origin=Origin.INFERRED)
    assert "inferred from the venue's answers" in of(inferred).words


def test_no_real_money_is_said():
    found = danger(key(environment=Environment.SIMULATED), told(TRADER), now=NOW)
    assert found.words.endswith("no real money (simulated)")


@pytest.mark.parametrize("report", [told(TRADER, enabled=False), told(TRADER, expires_at=NOW)])
def test_a_key_that_is_over_is_the_least(report):
    assert of(report).words == "nothing now: it is expired or disabled, as the venue says"
    assert of(report) < of(told(Scope.READ))


def test_the_order():
    live = [
        of(told(Scope.WITHDRAW, ()), "withdraws from anywhere"),
        of(told(Scope.WITHDRAW), "withdraws, held", holders=("bot",)),
        of(told(Scope.WITHDRAW), "withdraws"),
        of(told(TRADER, scopes_unknown=Scope.WITHDRAW), "perhaps withdraws"),
        of(told(Scope.MANAGE_KEYS), "manages"),
        of(told(Scope.TRANSFER_INTERNAL), "transfers"),
        of(told(TRADER), "trades and reads"),
        of(told(Scope.TRADE_DERIVATIVES), "trades"),
        of(told(Scope.OTHER), "other"),
        of(told(Scope.READ), "reads"),
    ]
    play = danger(key("play", environment=Environment.TEST), told(Scope.WITHDRAW, ()), now=NOW)
    ordered = worst_first([play, *reversed(live)])
    assert [one.key.label for one in ordered] == [one.key.label for one in (*live, play)]


def test_those_alike_come_by_name():
    found = worst_first([of(told(TRADER), "b"), of(told(TRADER), "a")])
    assert [one.key.label for one in found] == ["a", "b"]
    assert found[0] == found[1]
    assert hash(found[0]) == hash(found[1])
    assert found[0] != "a"


def test_abilities_say_the_worst_way_to_trade_only():
    assert abilities(Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES) == (
        "lose the balance in leveraged trades with themselves"
    )
    assert abilities(Scope.TRADE_SPOT | Scope.TRADE_MARGIN) == (
        "borrow, and lose the loan in trades with themselves"
    )
    assert abilities(Scope.NONE) == "do nothing that is known"


def _or(parts):
    whole = Scope.NONE
    for part in parts:
        whole |= part
    return whole


scopes = st.lists(st.sampled_from(list(Scope))).map(_or)


@given(scopes, scopes, st.sampled_from([None, (), ("203.0.113.7",)]))
def test_more_is_never_less_dangerous(fewer, more, ips):
    assert gravity(fewer) <= gravity(fewer | more)
    assert of(told(fewer, ips)) <= of(told(fewer | more, ips))
    assert of(told(fewer, ips)) <= of(told(fewer, ()))
