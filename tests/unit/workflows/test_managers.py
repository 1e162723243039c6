"""What a managing key is good for beside making and ending keys, and when there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Origin, Scope
from keyguard.workflows import credentials, managers
from keyguard.workflows.rotate import Options, rotate
from tests.fakes.world import ACTOR, IPS, World


def run(world, **options):
    return rotate(
        world.ports, "bot", Options(overlap_s=0, **options), actor=ACTOR, process_alive=world.process_alive
    )


@pytest.fixture
def shy():
    """A venue where a key learns little of itself."""
    world = World()
    world.exchange.tells_itself = False
    return world


def test_what_only_the_managers_list_tells_is_copied(shy):
    shy.inventory.update_key(replace(shy.key, needs=Scope.NONE))
    assert run(shy).state == "buried"
    live = shy.exchange.keys[shy.inventory.live_version(shy.key.id).public_id]
    assert (live.grants, live.ips) == (("trade", "view"), IPS)


def test_and_the_new_key_is_proven_by_it(shy):
    run(shy)
    version = shy.inventory.live_version(shy.key.id)
    told = shy.inventory.last_observation(version.id).report
    assert (told.scopes, told.scopes_origin) == (Scope.READ | Scope.TRADE_SPOT, Origin.REPORTED)
    assert (told.ips, told.ips_origin) == (IPS, Origin.REPORTED)


def test_a_new_key_that_the_list_shows_otherwise_is_not_proven(shy):
    make = shy.exchange.make
    shy.exchange.make = lambda label, grants, ips, account: make(label, [*grants, "payout"], ips, account)
    with pytest.raises(Exception, match="may withdraw too"):
        run(shy)
    assert shy.answers(shy.old), "nothing is revoked for a key that may more than was asked"


def test_a_list_without_the_key_adds_nothing(shy):
    report = KeyReport("FAKEelsewhere", scopes_origin=Origin.INFERRED)
    manager = shy.inventory.find_key("manager").id
    assert managers.completed(shy.ports, manager, "A1", report) == report


def test_what_the_venue_told_the_key_is_not_replaced():
    world = World()
    who = credentials.load(world.ports, world.inventory.live_version(world.key.id))
    report = KeyReport(
        who.key, scopes=Scope.READ, scopes_origin=Origin.REPORTED, ips=(), ips_origin=Origin.REPORTED
    )
    sent = len(world.gateway.sent)
    manager = world.inventory.find_key("manager").id
    assert managers.completed(world.ports, manager, "A1", report) == report
    assert len(world.gateway.sent) == sent, "and nobody is asked"


def test_a_key_that_ends_on_the_page_only_has_no_manager():
    world = World()
    world.exchange.page_only = True
    with pytest.raises(UsageError, match="on the page only") as caught:
        run(world, manager="manager")
    assert caught.value.code == "manager.blind"
    version = world.inventory.live_version(world.key.id)
    chosen = managers.choose(world.ports, world.key, version, "A1", named="", itself=False)
    assert chosen == "", "so a person does it"
    assert world.gateway.effects == 0
