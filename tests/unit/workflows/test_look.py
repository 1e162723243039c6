"""Looking at all keys: drift, refusals and keys nobody registered become findings."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from keyguard.core.errors import StoreError
from keyguard.core.exchange import Life, Since
from keyguard.core.findings import Kind, State
from keyguard.core.keys import Origin
from keyguard.core.policy import Level
from keyguard.ports.journal import Workflow
from keyguard.workflows import findings, look
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.handout import hand_out
from keyguard.workflows.identity import Process
from tests.fakes.exchange import FakeExchange
from tests.fakes.gateway import FakeGateway
from tests.fakes.world import ACTOR, IPS, World


def change(world, **fields):
    world.exchange.keys[world.old.key] = replace(world.exchange.keys[world.old.key], **fields)


def found(world, *kinds):
    return [one for one in findings.attention(world.ports) if one.item.kind in kinds]


def test_all_is_well():
    world = World()
    looked = look.at_all(world.ports)
    assert sorted(seen.key.label for seen in looked.inspections) == ["bot", "manager"]
    assert (looked.unknown, looked.unasked) == ((), {})
    assert found(world, Kind.DRIFT, Kind.REFUSED, Kind.UNKNOWN_KEY) == []
    assert [body["count"] for body in world.audit.bodies("venue.keys_listed")] == [1, 1]


def test_drift_is_a_finding_that_outlives_the_next_look():
    world = World()
    change(world, ips=(), label="renamed")
    look.at_key(world.ports, "bot")
    look.at_key(world.ports, "bot")
    told = {(one.item.text, one.item.level, one.item.origin) for one in found(world, Kind.DRIFT)}
    assert told == {
        ("IP list changed at the venue: was 203.0.113.7, is any", Level.HIGH, Origin.REPORTED),
        ("label changed at the venue: was bot, is renamed", Level.MEDIUM, Origin.REPORTED),
    }


def test_what_differs_from_what_is_declared_is_one_finding_not_two():
    world = World()
    change(world, account="A9")
    look.at_key(world.ports, "bot")
    assert [
        one.item.kind for one in findings.attention(world.ports) if one.item.subject == world.key.name
    ] == [Kind.ACCOUNT]


def test_a_refusal_lasts_until_the_venue_accepts_the_key_again():
    world = World()
    change(world, enabled=False)
    look.at_key(world.ports, "bot")
    (finding,) = found(world, Kind.REFUSED)
    assert (finding.item.level, finding.item.text) == (Level.HIGH, "the venue no longer accepts the key")
    change(world, enabled=True)
    look.at_key(world.ports, "bot")
    assert found(world, Kind.REFUSED) == []
    assert world.findings.get(finding.id).state is State.CLOSED


def test_a_refusal_of_several_meanings_is_less():
    world = World(ambiguous=True)
    world.exchange.remove(world.old.key)
    look.at_key(world.ports, "bot")
    (finding,) = found(world, Kind.REFUSED)
    assert finding.item.level is Level.MEDIUM


def test_a_key_nobody_registered_until_it_is_gone():
    world = World()
    stranger = world.exchange.make("stranger", ["view", "payout"])
    looked = look.at_all(world.ports)
    (finding,) = found(world, Kind.UNKNOWN_KEY)
    assert looked.unknown == (finding.item,)
    assert (finding.item.subject, finding.item.level) == ("examplex/A1/stranger", Level.HIGH)
    assert "may read, withdraw" in finding.item.text
    assert stranger.key not in finding.item.subject + finding.item.text + finding.item.command
    assert len(world.audit.bodies("venue.keys_listed")[-1]["unknown"]) == 0  # the manager's account
    assert len(world.audit.bodies("venue.keys_listed")[0]["unknown"]) == 1
    world.exchange.remove(stranger.key)
    look.at_all(world.ports)
    assert found(world, Kind.UNKNOWN_KEY) == []


def test_the_new_key_of_a_rotation_under_way_is_no_stranger():
    world = World()
    world.exchange.make("bot", ["view", "trade"])
    now = world.clock.now()
    world.journal.open(Workflow("w1", "rotate", world.key.id, "creating", now, now))
    assert look.at_all(world.ports).unknown == ()
    assert found(world, Kind.UNKNOWN_KEY) == []


def test_a_venue_that_cannot_be_asked_is_passed_over():
    world = World()
    world.exchange.refuse = {"GET /keys": "1011"}
    assert sorted(look.at_all(world.ports).unasked) == ["the keys of examplex/A0", "the keys of examplex/A1"]
    world.exchange.refuse = {"GET /whoami": "1011"}
    looked = look.at_all(world.ports)
    assert looked.inspections == ()
    assert sorted(looked.unasked) == ["examplex/desk/bot", "examplex/ops/manager"]
    assert found(world, Kind.REFUSED) == []


def test_a_secret_that_is_missing_is_passed_over_a_locked_store_is_not():
    world = World()
    world.store.delete(world.inventory.live_version(world.key.id).item)
    looked = look.at_all(world.ports)
    assert list(looked.unasked) == ["examplex/desk/bot"]

    def locked(name):
        raise StoreError("locked", code="store.locked")

    world.store.get = locked
    with pytest.raises(StoreError):
        look.at_all(world.ports)


def test_it_ends_between_two_keys():
    world = World()
    answers = iter([True, False, False, False])
    looked = look.at_all(world.ports, lambda: next(answers))
    assert len(looked.inspections) == 1


def test_a_manager_that_may_not_see_the_list_is_followed_by_the_account_s_own_key():
    world = World("guided")
    looked = look.at_all(world.ports)
    assert looked.unasked == {}
    world = World()
    world.exchange.refuse = {"GET /keys": "1003"}
    assert sorted(look.at_all(world.ports).unasked) == ["the keys of examplex/A0", "the keys of examplex/A1"]


def test_keys_that_were_asked_about_lately_are_passed_over():
    world = World()
    world.clock.sleep(3600)
    look.at_key(world.ports, "bot")
    looked = look.at_all(world.ports, since=world.clock.now())
    assert [seen.key.label for seen in looked.inspections] == ["manager"]
    assert len(world.audit.bodies("venue.keys_listed")) == 1


def test_a_parked_key_is_not_kept_alive_by_being_looked_at():
    world = World()
    adapter = world.exchange.adapter
    rule = Life(timedelta(days=90), source="https://examplex.test", since=Since.USE)
    facts = replace(adapter.facts, disturbs="may set back its idle clock", lives=(rule,))
    world.exchange.adapter = replace(adapter, facts=facts)
    looked = look.at_all(world.ports)
    assert looked.unasked[world.key.name] == "it is not in use, and asking may set back its idle clock"
    assert looked.inspections == ()
    assert look.at_key(world.ports, "bot").report is not None


def test_a_key_in_use_is_left_alone_where_asking_disturbs():
    world = World()
    adapter = world.exchange.adapter
    world.exchange.adapter = replace(adapter, facts=replace(adapter.facts, disturbs="moves its nonce on"))
    hand_out(world.ports, "bot", purpose="", mode="env", actor=ACTOR, process=Process(7, "1", "bot"))
    looked = look.at_all(world.ports)
    assert looked.unasked == {world.key.name: "it is in use, and asking moves its nonce on"}
    assert [seen.key.label for seen in looked.inspections] == ["manager"]
    assert look.at_key(world.ports, "bot").report is not None


def two_venues():
    """A world with a key at a second venue."""
    world = World()
    other = FakeExchange(world.clock, "guided", name="bybit")
    world.gateway = FakeGateway(world.exchange, other)
    enrol(world.ports, Declared("bybit", "desk", "late", "kim"), other.make("late", ["view"], IPS))
    return world, other


def test_a_venue_that_hangs_and_then_fails_costs_the_others_nothing():
    world, other = two_venues()
    kept, both_kept = [], threading.Event()
    answering, keeping = other.handle, world.inventory.observe

    def hang(request, who):
        assert both_kept.wait(60), "the other venue waited for this one"
        other.refuse = {"GET /whoami": "1011"}
        return answering(request, who)

    def keep(observation):
        keeping(observation)
        kept.append(observation)
        if len(kept) == 2:
            both_kept.set()

    other.handle, world.inventory.observe = hang, keep
    looked = look.at_all(world.ports)
    assert sorted(one.key.label for one in looked.inspections) == ["bot", "manager"]
    assert list(looked.unasked) == ["bybit/desk/late"]


def test_what_is_under_way_when_it_ends_is_still_noted():
    world, _ = two_venues()
    answers = iter([True, True])  # one key of each venue is begun, then it is over
    looked = look.at_all(world.ports, lambda: next(answers, False))
    assert sorted(one.key.venue for one in looked.inspections) == ["bybit", "examplex"]
