"""The desk's rules on use: what each finds, what it says, and that stricter never allows more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core import members, use_config
from keyguard.core.use_history import KEPT, RECENT, Egress, History, Use
from keyguard.core.use_rules import Action, action_of, judge

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday; 21:00 in Seoul
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
USE = Use(
    "bybit/mm/bot", NOON, "p_hana", "h_1", "hana", "host-1", "/usr/bin/bot", "aa", party="", contract_end=None
)


def rule(**table):
    (made,) = use_config.rules([{"action": "block", **table}], ZoneInfo)
    return made


def past(*uses):
    history = History()
    for use in uses:
        history = history.after(use)
    return history


def words(use, history, **table):
    return " | ".join(hit.words for hit in judge(use, history, [rule(**table)]))


def ago(span, **changes):
    return replace(USE, at=NOON - span, **changes)


@pytest.mark.parametrize(
    ("at", "table", "found"),
    [
        ("2026-11-20T12:00", {"from": "08:00", "until": "20:00"}, ""),
        ("2026-11-20T20:00", {"from": "08:00", "until": "20:00"}, "outside the desk's hours, Fri 20:00 UTC"),
        ("2026-11-20T08:00", {"from": "08:00", "until": "20:00"}, ""),
        ("2026-11-20T12:00", {"from": "09:00", "until": "18:00", "zone": "Asia/Seoul"}, "Fri 21:00 KST"),
        ("2026-11-21T12:00", {"from": "08:00", "until": "20:00", "days": ["mon", "fri"]}, "Sat 12:00"),
        ("2026-11-20T23:00", {"from": "22:00", "until": "06:00", "days": "fri"}, ""),
        ("2026-11-21T05:59", {"from": "22:00", "until": "06:00", "days": "fri"}, ""),
        ("2026-11-20T05:59", {"from": "22:00", "until": "06:00", "days": "fri"}, "Fri 05:59"),
        ("2026-11-21T06:00", {"from": "22:00", "until": "06:00", "days": "fri"}, "Sat 06:00"),
        ("2026-11-20T12:00", {"from": "00:00", "until": "00:00"}, ""),
        # The clock goes back: 01:30 comes twice, both inside.
        ("2026-10-25T00:30", {"from": "01:00", "until": "02:00", "zone": "Europe/London"}, ""),
        ("2026-10-25T01:30", {"from": "01:00", "until": "02:00", "zone": "Europe/London"}, ""),
    ],
)
def test_off_hours(at, table, found):
    use = replace(USE, at=datetime.fromisoformat(at).replace(tzinfo=UTC))
    said = words(use, past(), kind="off_hours", **table)
    assert found in said and bool(found) == bool(said)


def test_a_new_program_is_one_the_key_was_not_used_by():
    known = past(ago(DAY))
    assert words(USE, known, kind="new_executable") == ""
    other = replace(USE, executable="/tmp/x", sha256="bb")
    assert words(other, known, kind="new_executable") == "by /tmp/x, for the first time"
    assert words(other, past(), kind="new_executable") == ""  # nothing to compare with
    assert words(other, known, kind="new_executable", known=["/tmp/x"]) == ""
    assert words(other, known, kind="new_executable", learn="2d") == ""
    assert words(other, known.after(other), kind="new_executable") == ""
    nameless = replace(USE, executable="")
    assert (
        words(nameless, known, kind="new_executable") == "by a program nobody could name, for the first time"
    )


def test_the_same_program_with_other_bytes():
    changed = replace(USE, sha256="bb")
    assert words(changed, past(ago(DAY)), kind="new_executable") == ""
    said = words(changed, past(ago(DAY)), kind="new_executable", content=True)
    assert said == "by /usr/bin/bot, whose content has changed"
    assert words(USE, past(ago(DAY)), kind="new_executable", content=True) == ""


def test_a_new_host():
    other = replace(USE, host="h_2", where="laptop")
    assert words(other, past(ago(DAY)), kind="new_host") == "from the host laptop, for the first time"
    assert words(other, past(ago(DAY)), kind="new_host", known="laptop") == ""
    seen = past(ago(40 * DAY, host="h_2"), ago(DAY))
    assert words(other, seen, kind="new_host") == ""
    said = words(other, seen, kind="new_host", remember="30d")
    assert said == "from the host laptop, for the first time in 30 d"


def test_dormant_then_active():
    assert words(USE, past(ago(31 * DAY)), kind="dormant", after="30d") == "after 31 d in which nobody did"
    assert words(USE, past(ago(30 * DAY)), kind="dormant", after="30d") == ""
    assert words(USE, past(), kind="dormant", after="30d") == ""


def test_the_rate_counts_this_one_too():
    two = past(ago(59 * MINUTE), ago(MINUTE))
    assert words(USE, two, kind="rate", most=3, within="1h") == ""
    assert words(USE, two, kind="rate", most=2, within="1h") == "more than 2 times within 1 h"
    assert words(USE, two, kind="rate", most=2, within="59m") == ""


def test_the_greatest_rate_that_can_be_counted_is_counted():
    many = past(*(ago(timedelta(seconds=RECENT + 5 - n)) for n in range(RECENT + 5)))
    assert words(USE, many, kind="rate", most=RECENT, within="1h")
    assert (
        words(USE, past(*(ago(MINUTE) for _ in range(RECENT - 1))), kind="rate", most=RECENT, within="1h")
        == ""
    )


def test_one_key_by_two_persons():
    other = past(ago(3 * HOUR, person="p_jo", who="jo"))
    assert words(USE, other, kind="two_persons", within="24h") == "though jo used it 3 h ago"
    assert words(USE, other, kind="two_persons", within="3h") == ""
    assert words(USE, past(ago(HOUR)), kind="two_persons", within="24h") == ""


def test_one_key_by_two_companies():
    acme = past(ago(3 * HOUR, person="p_jo", party="acme"))
    assert words(USE, acme, kind="two_parties", within="24h") == "though acme used it 3 h ago"
    own = past(ago(3 * HOUR))
    jo = replace(USE, person="p_jo", party="acme")
    assert words(jo, own, kind="two_parties", within="24h") == "though the firm itself used it 3 h ago"
    assert words(replace(USE, party=None), acme, kind="two_parties", within="24h") == ""
    assert words(jo, past(ago(HOUR, party=None)), kind="two_parties", within="24h") == ""


def test_a_new_address_is_one_the_key_was_not_used_from():
    office = past(ago(DAY, addresses=("203.0.113.7",)))
    moved = replace(USE, addresses=("203.0.113.7", "198.51.100.2"))
    said = words(moved, office, kind="new_address")
    assert said == "from the address 198.51.100.2 of host-1, for the first time"
    assert words(moved, office, kind="new_address", known="198.51.100.2") == ""
    assert words(moved, office, kind="new_address", learn="2d") == ""
    assert words(moved, office.after(moved), kind="new_address") == ""
    assert words(moved, past(ago(DAY)), kind="new_address") == ""  # nothing to compare with
    assert words(USE, office, kind="new_address") == "from the host host-1, whose address nobody has declared"
    assert words(USE, past(), kind="new_address") == ""
    said = words(moved, past(ago(40 * DAY, addresses=moved.addresses)), kind="new_address", remember="30d")
    assert said.endswith("for the first time in 30 d")


def test_two_organisations_addresses():
    acme = past(ago(3 * HOUR, organisation="acme"))
    own = replace(USE, organisation="kgtrading")
    said = words(own, acme, kind="two_organisations", within="24h")
    assert said == "from kgtrading's addresses, though it was used from acme's 3 h ago"
    assert words(own, acme, kind="two_organisations", within="3h") == ""
    assert words(USE, acme, kind="two_organisations", within="24h") == ""  # nobody declared whose these are
    assert words(own, past(ago(HOUR)), kind="two_organisations", within="24h") == ""


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        ([{}], "egress 1: host is missing"),
        ([{"host": "h"}], "egress 1: addresses is missing"),
        ([{"host": "h", "addresses": []}], "egress 1: addresses names none"),
        ([{"host": "h", "addresses": "203.0.113.0/24"}], "egress 1: addresses is an address such as"),
        ([{"host": "h", "addresses": "::1", "organisation": ""}], "egress 1: organisation is a text"),
        ([{"host": "h", "addresses": "::1", "color": 1}], "egress 1: nothing is known of 'color'"),
        ([{"host": "h", "addresses": "::1"}] * 2, "egress 2: there are two of the host 'h'"),
    ],
)
def test_an_egress_that_says_nothing_is_told(tables, why):
    with pytest.raises(ValueError, match=why):
        use_config.egress(tables)


def test_an_address_has_one_spelling():
    (one,) = use_config.egress([{"host": "h", "addresses": "2001:DB8::0:7"}]).values()
    assert one == Egress(("2001:db8::7",))
    use = replace(USE, addresses=one.addresses)
    assert words(use, past(ago(DAY, addresses=("::1",))), kind="new_address", known="2001:db8:0::7") == ""


def test_after_the_contracts_end_and_before():
    jo = replace(USE, party="acme", contract_end=NOON + 10 * DAY)
    assert words(jo, past(), kind="contract_end") == ""
    assert words(jo, past(), kind="contract_end", ahead="9d") == ""
    said = words(jo, past(), kind="contract_end", ahead="10d")
    assert said == "though the contract with acme ends 2026-11-30"
    over = replace(jo, contract_end=NOON)
    assert words(over, past(), kind="contract_end") == "though the contract with acme ended 2026-11-20"
    assert words(USE, past(), kind="contract_end", ahead="30d") == ""


def test_a_rule_is_about_the_keys_it_names():
    table = {"kind": "rate", "most": 1, "within": "1h"}
    once = past(ago(MINUTE))
    assert words(USE, once, **table)
    assert words(USE, once, keys="bybit/mm/*", **table)
    assert words(USE, once, keys=["upbit/*", "*/bot"], **table)
    assert not words(USE, once, keys=["upbit/*", "bybit/MM/bot"], **table)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({}, "kind is missing"),
        ({"kind": "weather", "action": "block"}, "kind is one of off_hours"),
        ({"kind": "new_host"}, "action is missing"),
        ({"kind": "new_host", "action": "shout"}, "action is one of alert, approve, block"),
        ({"kind": "new_host", "action": "block", "hots": []}, "nothing is known of 'hots'"),
        ({"kind": "new_host", "action": "block", "keys": []}, "keys names none"),
        ({"kind": "new_host", "action": "block", "keys": [3]}, "keys is a text or a list of texts"),
        ({"kind": "new_host", "action": "block", "learn": 3}, "learn is a text"),
        ({"kind": "dormant", "action": "block", "after": "30"}, "after is a time such as"),
        ({"kind": "dormant", "action": "block", "after": "99999d"}, "after is a time such as"),
        ({"kind": "rate", "action": "block", "most": 0, "within": "1h"}, "most is a whole number from 1"),
        ({"kind": "rate", "action": "block", "most": True, "within": "1h"}, "most is a whole number from 1"),
        ({"kind": "rate", "action": "block", "most": RECENT + 1, "within": "1h"}, "most is a whole number"),
        ({"kind": "rate", "action": "block", "most": 3, "within": "0h"}, "within is longer than nothing"),
        ({"kind": "off_hours", "action": "block", "from": "8:00", "until": "20:00"}, "from is a time of day"),
        (
            {"kind": "off_hours", "action": "block", "from": "08:00", "until": "24:00"},
            "until is a time of day",
        ),
        (
            {"kind": "off_hours", "action": "block", "from": "08:00", "until": "20:00", "days": ["Monday"]},
            "days are of mon",
        ),
        (
            {"kind": "off_hours", "action": "block", "from": "08:00", "until": "20:00", "zone": "Mars/Base"},
            "knows no 'Mars/Base'",
        ),
        ({"kind": "new_address", "action": "block", "known": ["host-1"]}, "known is an address such as"),
        ({"kind": "new_executable", "action": "block", "content": 1}, "content is true or false"),
    ],
)
def test_a_table_that_says_no_rule_is_told(table, why):
    with pytest.raises(ValueError, match="use_rule 1: ") as caught:
        use_config.rules([table], ZoneInfo)
    assert why in str(caught.value)


def test_two_rules_have_two_names():
    table = {"kind": "dormant", "action": "alert", "after": "30d"}
    with pytest.raises(ValueError, match="use_rule 2: there are two of the name 'dormant'"):
        use_config.rules([table, table], ZoneInfo)
    assert len(use_config.rules([table, {**table, "name": "long", "after": "90d"}], ZoneInfo)) == 2


def test_a_history_is_bounded_and_forgets_what_was_seen_first():
    history = past(
        *(ago(timedelta(seconds=900 - n), person=f"p{n}", executable=f"/bin/{n}") for n in range(300))
    )
    assert len(history.recent) == RECENT
    assert set(history.persons) == {f"p{n}" for n in range(300 - KEPT, 300)}
    assert history.first == NOON - timedelta(seconds=900)


def test_where_the_clock_goes_back_nothing_is_forgotten():
    history = past(ago(timedelta()), ago(3 * HOUR))
    assert history.recent == (NOON, NOON)
    assert words(USE, history, kind="rate", most=2, within="1h")


# --- whatever happens ---------------------------------------------------------------------------------

_SPANS = st.integers(1, 10_000).map(lambda minutes: timedelta(minutes=minutes))
_CHANGES = st.fixed_dictionaries(
    {
        "person": st.sampled_from(["p1", "p2"]),
        "host": st.sampled_from(["h1", "h2"]),
        "executable": st.sampled_from(["", "/a", "/b"]),
        "sha256": st.sampled_from(["", "aa", "bb"]),
        "party": st.sampled_from([None, "", "acme"]),
        "addresses": st.sampled_from([(), ("192.0.2.1",), ("192.0.2.1", "192.0.2.2")]),
        "organisation": st.sampled_from([None, "own", "acme"]),
        "contract_end": st.none() | st.integers(-9, 9).map(lambda days: NOON + days * DAY),
    }
)
_PAST = st.lists(st.tuples(_SPANS, _CHANGES), max_size=12).map(
    lambda found: past(*(ago(span, **c) for span, c in sorted(found, key=lambda one: one[0], reverse=True)))
)
_USES = _CHANGES.map(lambda changes: replace(USE, **changes))
_MINUTES = st.integers(1, 10_000)


def _stricter(kind, draw):
    """Two tables of a kind, the second stricter in one way."""
    low, high = sorted((draw(_MINUTES), draw(_MINUTES)))
    short, long = f"{low}m", f"{high}m"
    if kind == "off_hours":
        hours = sorted(draw(st.integers(0, 23)) for _ in range(4))
        wide, narrow = (hours[0], hours[3]), (hours[1], hours[2])
        days = draw(st.lists(st.sampled_from(members.DAYS), min_size=1, unique=True))
        if narrow[0] == narrow[1]:  # the two alike mean the whole day
            narrow = wide
        return (
            {"from": f"{wide[0]:02}:00", "until": f"{wide[1]:02}:00"},
            {"from": f"{narrow[0]:02}:00", "until": f"{narrow[1]:02}:00", "days": days},
        )
    new = ({"known": ["/a", "host-1"], "learn": long, "remember": long}, {"learn": short, "remember": short})
    return {
        "new_executable": (new[0], {**new[1], "content": True}),
        "new_host": new,
        "new_address": ({**new[0], "known": ["192.0.2.1"]}, new[1]),
        "dormant": ({"after": long}, {"after": short}),
        "rate": ({"most": 5, "within": short}, {"most": draw(st.integers(1, 5)), "within": long}),
        "two_persons": ({"within": short}, {"within": long}),
        "two_parties": ({"within": short}, {"within": long}),
        "two_organisations": ({"within": short}, {"within": long}),
        "contract_end": ({"ahead": short}, {"ahead": long}),
    }[kind]


_KINDS = (
    "off_hours",
    "new_executable",
    "new_host",
    "dormant",
    "rate",
    "two_persons",
    "two_parties",
    "new_address",
    "two_organisations",
    "contract_end",
)


@given(st.sampled_from(_KINDS), _USES, _PAST, st.data())
def test_a_stricter_rule_never_allows_more(kind, use, history, data):
    loose, strict = _stricter(kind, data.draw)
    if judge(use, history, [rule(kind=kind, **loose)]):
        assert judge(use, history, [rule(kind=kind, **strict)])


@given(st.lists(st.sampled_from(["alert", "approve", "block"]), max_size=5), _USES, _PAST, st.data())
def test_block_wins_over_approve_and_approve_over_alert(actions, use, history, data):
    rules = use_config.rules(
        [
            {
                "name": str(number),
                "kind": "rate",
                "action": action,
                "within": "9d",
                "most": data.draw(st.integers(1, 4)),
            }
            for number, action in enumerate(actions)
        ],
        ZoneInfo,
    )
    hits = judge(use, history, rules)
    assert action_of(hits) == max((hit.rule.action for hit in hits), default=None)
    assert {hit.rule.name for hit in hits} == {
        one.name for one in rules if judge(use, history, [one])
    }  # each for itself, and one more never takes a hit away
    if any(hit.rule.action is Action.BLOCK for hit in hits):
        assert action_of(hits) is Action.BLOCK
