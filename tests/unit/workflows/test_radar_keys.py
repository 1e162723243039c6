"""The radar on keys: ends by every rule, and what the venue last said against what is declared."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keyguard.core.exchange import Life, Since
from keyguard.core.findings import Kind
from keyguard.core.keys import Origin, Scope, VersionStatus
from keyguard.core.policy import Level
from keyguard.ports.inventory import Observation
from keyguard.workflows.radar import attention
from tests.fakes.world import IPS, World

DAY = timedelta(days=1)
SOURCE = "https://docs.examplex.test (read 2026-11-20)"


def of_bot(world, kind=None):
    found = [item for item in attention(world.ports) if item.subject == world.key.name]
    return found if kind is None else [item for item in found if item.kind is kind]


def lives(world, *rules):
    adapter = world.exchange.adapter
    world.exchange.adapter = replace(adapter, facts=replace(adapter.facts, lives=rules))


def told(world, **changes):
    """What the venue said just now."""
    version = world.inventory.live_version(world.key.id)
    last = world.inventory.last_observation(version.id).report
    world.inventory.observe(Observation(version.id, world.clock.now(), replace(last, **changes)))


def test_a_key_as_declared_is_nothing_to_look_at():
    assert of_bot(World()) == []


def test_a_managing_key_without_declared_needs():
    (item,) = attention(World().ports)
    assert (item.kind, item.level, item.subject) == (Kind.SCOPES, Level.HIGH, "examplex/ops/manager")
    assert item.text == (
        "may manage_keys, which no declared purpose needs: "
        "a thief could make keys of their own, which outlive this one"
    )


@pytest.mark.parametrize(
    ("rule", "ips", "words"),
    [
        (Life(20 * DAY, SOURCE), IPS, "fixed life of 20 days"),
        (Life(20 * DAY, SOURCE, open_only=True), (), "life of 20 days without an IP list"),
        (Life(20 * DAY, SOURCE, Since.USE), IPS, "20 days without use"),
        (
            Life(20 * DAY, SOURCE, Since.USE, open_only=True, scopes=Scope.TRADE_SPOT),
            (),
            "20 days without use and without an IP list",
        ),
    ],
)
def test_every_rule_of_a_venue_says_where_it_stands(rule, ips, words):
    world = World()
    now = world.clock.now()
    lives(world, rule)
    told(world, ips=ips, created_at=now)
    (item,) = of_bot(world, Kind.EXPIRY)
    assert (item.level, item.at, item.origin) == (Level.MEDIUM, now + 20 * DAY, Origin.INFERRED)
    assert words in item.text
    assert item.text.endswith("; https://docs.examplex.test (read 2026-11-20)")
    assert item.command == "keyguard key rotate examplex/desk/bot"
    world.clock.sleep(13 * 86400)
    assert [i.level for i in of_bot(world, Kind.EXPIRY)] == [Level.HIGH]
    world.clock.sleep(8 * 86400)
    (item,) = of_bot(world, Kind.EXPIRY)
    assert item.text.startswith("expired ")


def test_a_far_end_is_not_shown():
    world = World()
    lives(world, Life(60 * DAY, SOURCE))
    told(world, created_at=world.clock.now())
    assert of_bot(world) == []


def test_a_rule_for_scopes_that_a_key_has_not():
    world = World()
    lives(world, Life(20 * DAY, SOURCE, scopes=Scope.WITHDRAW))
    told(world, created_at=world.clock.now())
    assert of_bot(world) == []


def test_an_address_list_ends_no_key():
    world = World()
    lives(world, Life(20 * DAY, SOURCE, open_only=True))
    told(world, created_at=world.clock.now())
    assert of_bot(world) == []


@pytest.mark.parametrize("origin", [Origin.REPORTED, Origin.DECLARED])
def test_the_word_on_the_key_itself_wins_and_keeps_its_origin(origin):
    world = World()
    at = world.clock.now() + 10 * DAY
    lives(world, Life(DAY, SOURCE))
    told(world, created_at=world.clock.now(), expires_at=at, expiry_origin=origin)
    (item,) = of_bot(world)
    assert (item.at, item.origin) == (at, origin)


def test_a_key_whose_birth_nobody_tells_dies_at_the_latest():
    world = World()
    lives(world, Life(20 * DAY, SOURCE))
    (item,) = of_bot(world)
    assert item.at == world.inventory.live_version(world.key.id).created_at + 20 * DAY
    assert "at the latest" in item.text


def test_what_the_venue_said_against_what_is_declared():
    world = World()
    scopes = Scope.READ | Scope.WITHDRAW
    told(world, scopes=scopes, ips=(), account="A9", enabled=False)
    assert {(item.kind, item.level) for item in of_bot(world)} == {
        (Kind.SCOPES, Level.HIGH),
        (Kind.SCOPES, Level.MEDIUM),
        (Kind.ADDRESSES, Level.MEDIUM),
        (Kind.DISABLED, Level.HIGH),
        (Kind.ACCOUNT, Level.HIGH),
    }
    assert {item.text for item in of_bot(world, Kind.SCOPES)} == {
        "may withdraw, which its purpose does not need: a thief could withdraw all funds to any address",
        "may not trade_spot, which its purpose needs",
    }
    assert len({item.id for item in of_bot(world)}) == 5


def test_what_is_inferred_stays_inferred():
    world = World()
    told(world, scopes=Scope.READ | Scope.TRADE_SPOT | Scope.OTHER, scopes_origin=Origin.INFERRED)
    (item,) = of_bot(world)
    assert item.origin is Origin.INFERRED


def test_a_key_not_asked_about():
    world = World()
    world.clock.sleep(8 * 86400)
    (item,) = of_bot(world)
    assert (item.kind, item.level, item.origin) == (Kind.UNOBSERVED, Level.LOW, Origin.UNKNOWN)
    world.inventory._observations = []
    (item,) = of_bot(world)
    assert item.text == "the venue was never asked about it"


def test_a_key_without_a_live_version_is_passed_over():
    world = World()
    told(world, ips=())
    world.inventory.set_status(world.inventory.live_version(world.key.id).id, VersionStatus.DEAD)
    assert of_bot(world) == []
