"""Stamps are on the venue's clock and never twice the same."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from keyguard.core.exchange import Credential, NonceKind, Reply, Request
from keyguard.core.secret import Secret
from keyguard.gateway.outcomes import Answer
from keyguard.gateway.stamps import Stamper, nonce_scope
from keyguard.gateway.venue_clock import VenueClock, unix_ms
from tests.adapters.scripts import adapter as adapter_of
from tests.fakes.clock import FakeClock
from tests.unit.gateway import venue
from tests.unit.gateway.venue import WHO, Counters

NOW = 1_795_165_200_000


def stamper(clock: FakeClock, counters: Counters) -> Stamper:
    return Stamper(clock, counters, VenueClock(clock))


def test_a_venue_without_nonces_gets_none(clock, counters):
    stamp = stamper(clock, counters).stamp(venue.adapter().facts, WHO, "api.fakex.test")
    assert (stamp.ms, stamp.nonce, stamp.host) == (NOW, "", "api.fakex.test")


def test_a_uuid_is_a_version_4_and_fresh_each_time(clock, counters):
    facts = venue.adapter(nonce=NonceKind.UUID).facts
    made = [uuid.UUID(stamper(clock, counters).stamp(facts, WHO, "").nonce) for _ in range(5)]
    assert len(set(made)) == 5
    assert {u.version for u in made} == {4}


def test_a_counter_starts_at_the_time_and_only_grows(clock, counters):
    facts = venue.adapter(nonce=NonceKind.COUNTER).facts
    stamps = stamper(clock, counters)
    first = [int(stamps.stamp(facts, WHO, "").nonce) for _ in range(3)]
    clock.sleep(-3600)  # a clock set back must not take the counter with it
    later = [int(stamps.stamp(facts, WHO, "").nonce) for _ in range(3)]
    assert first == [NOW, NOW + 1, NOW + 2]
    assert later == [NOW + 3, NOW + 4, NOW + 5]


def test_each_key_has_its_own_counter_named_without_the_key(clock, counters):
    facts = venue.adapter(nonce=NonceKind.COUNTER).facts
    stamps = stamper(clock, counters)
    stamps.stamp(facts, WHO, "")
    stamps.stamp(facts, Credential("OTHERkey", Secret(venue.MARK)), "")
    scopes = [scope for scope, _ in counters.asked]
    assert len(set(scopes)) == 2
    assert all("key" not in s and venue.MARK not in s and s.startswith("fakex/") for s in scopes)
    assert scopes[0] == nonce_scope("fakex", WHO.key)


def test_milliseconds_are_exact():
    assert unix_ms(datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)) == NOW + 123


def test_of_threads_that_come_at_once_one_measures_the_venue_s_clock(clock):
    adapter = replace(adapter_of("bybit"), clock=venue_time)
    measured, all_there, asked = VenueClock(clock), threading.Barrier(8), []

    def ask(request):
        asked.append(request)
        return Answer(Reply(200, {}, b""), clock.now(), clock.now())

    def come(_):
        all_there.wait(60)
        measured.keep_measured(adapter, ask)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(come, range(8)))
    assert len(asked) == 1
    assert measured.now_ms("bybit") == NOW + 5


def venue_time():
    yield Request("GET", "/time", signed=False)
    return NOW + 5
