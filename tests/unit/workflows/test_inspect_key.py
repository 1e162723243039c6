from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault, KeyReport
from keyguard.core.keys import Origin, Scope
from keyguard.ports.inventory import Observation
from keyguard.workflows.inspect_key import inspect_key
from tests.fakes.world import IPS, World


def change(world, **fields):
    held = world.exchange.keys[world.old.key]
    world.exchange.keys[world.old.key] = replace(held, **fields)


def test_nothing_changed():
    world = World()
    seen = inspect_key(world.ports, "bot")
    assert (seen.drift, seen.warnings, seen.refusal, seen.dead) == ((), (), None, False)
    assert world.audit.bodies("key.observe")[-1]["status"] == "enabled"


def test_drift_against_the_last_observation():
    world = World()
    change(world, grants=("trade", "payout"), ips=(), label="renamed")
    seen = inspect_key(world.ports, "bot")
    assert {(d.what, d.before, d.now) for d in seen.drift} == {
        ("scopes lacking", "read, trade_spot", "read"),
        ("scopes", "read, trade_spot", "trade_spot, withdraw"),
        ("permissions", "trade, view", "trade, payout"),
        ("IP list", "203.0.113.7", "any"),
        ("label", "bot", "renamed"),
    }
    assert {d.against for d in seen.drift} == {Origin.DECLARED, Origin.REPORTED}
    assert [w.code for w in seen.warnings] == ["F02", "F01", "F03"]
    assert inspect_key(world.ports, "bot").drift == (seen.drift[0],), "the next look compares with this one"


def test_another_account_and_no_earlier_observation():
    world = World()
    change(world, account="A9")
    world.inventory._observations = []
    (drift,) = inspect_key(world.ports, "bot").drift
    assert (drift.what, drift.before, drift.now) == ("account", "A1", "A9")


def test_expiry_drift():
    world = World()
    version = world.inventory.live_version(world.key.id)
    last = world.inventory.last_observation(version.id).report
    expiring = replace(last, expires_at=datetime(2027, 1, 1, tzinfo=UTC))
    world.inventory.observe(Observation(version.id, world.clock.now(), expiring))
    (drift,) = inspect_key(world.ports, "bot").drift
    assert (drift.what, drift.before, drift.now) == ("expiry", "2027-01-01 00:00 UTC", "")


def test_a_refusal_that_means_death_is_told_and_not_repeated():
    world = World()
    world.exchange.remove(world.old.key)
    before = len(world.gateway.sent)
    seen = inspect_key(world.ports, "bot")
    assert seen.dead and seen.report is None
    assert seen.refusal.fault is Fault.KEY_UNKNOWN
    assert len(world.gateway.sent) == before + 1
    assert world.audit.bodies("key.observe")[-1]["status"] == "key_unknown"


def test_a_refusal_of_several_meanings_is_not_death():
    world = World(ambiguous=True)
    world.exchange.remove(world.old.key)
    seen = inspect_key(world.ports, "bot")
    assert not seen.dead and seen.refusal.fault is Fault.AMBIGUOUS


def test_a_refusal_that_says_nothing_of_the_key():
    world = World()
    world.exchange.refuse = {"GET /whoami": "1010"}
    with pytest.raises(Refused):
        inspect_key(world.ports, "bot")


def test_a_missing_registration_is_made_up_for():
    world = World()
    world.audit._entries = []
    inspect_key(world.ports, "bot")
    (body,) = world.audit.bodies("key.register")
    assert body["scopes_granted"] == ["read", "trade_spot"]


def test_declared_addresses_stay_declared():
    world = World()
    version = world.inventory.live_version(world.key.id)
    declared = KeyReport(world.old.key, scopes=Scope.READ, ips=IPS, ips_origin=Origin.DECLARED)
    world.inventory.observe(Observation(version.id, world.clock.now(), declared))
    world.exchange.tells_ips = False
    seen = inspect_key(world.ports, "bot")
    assert (seen.report.ips, seen.report.ips_origin) == (IPS, Origin.DECLARED)
    assert "F19" in [w.code for w in seen.warnings]
