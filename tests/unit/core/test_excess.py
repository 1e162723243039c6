"""What is too much of a key, and to what it can be narrowed without cutting off what is in use."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.excess import Usage, assess, within
from keyguard.core.exchange import Facts, IpForm, KeyReport
from keyguard.core.keys import Key, Origin, Scope

TRADER = Scope.READ | Scope.TRADE_SPOT
HERE, OTHER = "203.0.113.7", "198.51.100.9"
KEY = Key("k1", "examplex", "mm", "bot", needs=TRADER)
FACTS = Facts("examplex", "Examplex", "https://x.test", "d", "2026-11-20", "https://x.test/keys")
USED = Usage(handouts=3, hosts=("tokyo-1",), addresses=(HERE,))


def told(scopes=TRADER | Scope.WITHDRAW, ips=(HERE, OTHER), **more):
    return KeyReport("FAKEkey1", scopes=scopes, scopes_origin=Origin.REPORTED, ips=ips, **more)


def test_what_is_not_needed_and_where_nobody_calls_from_is_too_much():
    found = assess(KEY, told(), USED, FACTS)
    assert (found.scopes, found.keep_scopes) == (Scope.WITHDRAW, TRADER)
    assert (found.ips, found.keep_ips) == ((OTHER,), (HERE,))
    assert found.notes == ()


def test_an_open_key_is_pinned_to_where_it_is_used_from():
    found = assess(KEY, told(ips=()), USED, FACTS)
    assert (found.ips, found.keep_ips) == ((), (HERE,))


def test_a_network_is_narrowed_to_the_addresses_in_it():
    found = assess(KEY, told(ips=("203.0.113.0/24", "2001:db8::/32")), USED, FACTS)
    assert (found.ips, found.keep_ips) == (("2001:db8::/32",), (HERE,))


@pytest.mark.parametrize(
    ("usage", "why"),
    [
        (Usage(), "no use of it was seen"),
        (replace(USED, unplaced=("osaka-2",)), "nobody declared from where osaka-2 calls venues"),
        (Usage(handouts=1, addresses=("192.0.2.1",)), "none of the addresses in use is on the list"),
    ],
)
def test_addresses_stay_where_use_is_not_seen_in_full(usage, why):
    found = assess(KEY, told(), usage, FACTS)
    assert found.keep_ips == (HERE, OTHER)
    assert why in found.notes[0]


def test_use_from_where_the_key_is_not_open_is_told():
    found = assess(KEY, told(), replace(USED, addresses=(HERE, "192.0.2.1")), FACTS)
    assert (found.closed, found.keep_ips) == (("192.0.2.1",), (HERE,))


def test_the_venue_may_not_take_so_many_or_such_addresses():
    full = assess(KEY, told(ips=()), replace(USED, addresses=(HERE, OTHER)), replace(FACTS, max_ips=1))
    assert full.keep_ips == ()
    assert "takes no more than 1" in full.notes[0]
    six = assess(KEY, told(ips=()), replace(USED, addresses=("2001:db8::1",)), FACTS)
    assert "takes no IPv6" in six.notes[0]
    both = replace(FACTS, ip_forms=frozenset({IpForm.IPV4, IpForm.IPV6}))
    assert assess(KEY, told(ips=()), replace(USED, addresses=("2001:db8::1",)), both).keep_ips == (
        "2001:db8::1",
    )
    none = replace(FACTS, max_ips=0)
    assert assess(KEY, told(ips=()), USED, none).keep_ips == ()


def test_addresses_that_are_not_told_or_are_chosen():
    untold = assess(KEY, told(ips=None), USED, FACTS)
    assert untold.keep_ips is None
    assert "does not tell its IP list" in untold.notes[0]
    assert assess(KEY, told(ips=None), USED, FACTS, ips=(OTHER,)).keep_ips == (OTHER,)
    chosen = assess(KEY, told(), Usage(), FACTS, ips=(OTHER,))
    assert (chosen.ips, chosen.keep_ips) == ((HERE,), (OTHER,))


def test_without_declared_needs_nothing_is_taken_away():
    found = assess(replace(KEY, needs=Scope.NONE), told(), USED, FACTS)
    assert (found.scopes, found.keep_scopes) == (Scope.NONE, TRADER | Scope.WITHDRAW)
    assert "nobody declared what it needs" in found.notes[0]


def test_what_is_lacking_or_not_told_is_noted():
    lacking = assess(KEY, told(Scope.READ), USED, FACTS)
    assert lacking.keep_scopes is Scope.READ
    assert "it lacks trade_spot" in lacking.notes[0]
    untold = assess(KEY, told(TRADER, scopes_unknown=Scope.WITHDRAW), USED, FACTS)
    assert untold.untold is Scope.WITHDRAW
    assert "whether it may withdraw too Examplex does not tell" in untold.notes[0]
    foreign = assess(KEY, told(Scope.WITHDRAW), USED, FACTS)
    assert foreign.keep_scopes is Scope.WITHDRAW, "a key is never narrowed to nothing"


def test_within_compares_networks_and_falls_back_to_the_text():
    assert within((HERE,), ())
    assert not within((), (HERE,))
    assert within((HERE, "203.0.113.128/25"), ("203.0.113.0/24",))
    assert not within(("203.0.113.0/24",), ("203.0.113.128/25",))
    assert not within(("2001:db8::1",), ("0.0.0.0/0",))
    assert within(("10.0.*.*",), ("10.0.*.*",))
    assert not within((HERE,), ("10.0.*.*",))


addresses = st.lists(st.ip_addresses(v=4).map(str), max_size=4).map(tuple)


@given(addresses, addresses)
def test_what_is_kept_is_never_wider(allowed, used):
    found = assess(KEY, told(ips=allowed), Usage(handouts=1, addresses=used), FACTS)
    assert within(found.keep_ips, allowed)
    assert found.keep_scopes in told().scopes
