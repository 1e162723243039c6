from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import Refused, StoreError, Unreachable, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Environment, Scope
from keyguard.core.secret import Secret
from keyguard.workflows import credentials
from keyguard.workflows.enrol import Declared, discard_orphan, enrol, orphans
from tests.fakes.world import World

WHO = Declared("examplex", "desk", "second", owner="u-1", needs=Scope.READ)


def test_a_key_is_stored_registered_observed_and_warned_of():
    world = World()
    made = world.exchange.make("x", ["view", "payout"])
    enrolled = enrol(world.ports, WHO, made)
    assert credentials.load(world.ports, enrolled.version) == made
    assert enrolled.key.name == "examplex/desk/second"
    assert enrolled.key.account == "A1"
    assert [w.code for w in enrolled.warnings] == ["F02", "F01", "F03"]
    assert world.inventory.last_observation(enrolled.version.id).report == enrolled.report
    body = world.audit.bodies("key.register")[-1]
    assert body["key"] == enrolled.version.fingerprint
    assert body["scopes_granted"] == ["read", "withdraw"]
    assert body["source"] == "imported" and body["storage"] == "encrypted_file"
    assert body["owner"].startswith("p_") and body["hint"] == made.key[-4:]
    assert made.key not in str(world.audit.bodies("key.register"))


def test_a_refused_key_is_not_stored_unless_unchecked():
    world = World()
    foreign = Credential("FAKEforeignkey", Secret("FAKEforeignsecret"))
    with pytest.raises(Refused) as caught:
        enrol(world.ports, WHO, foreign)
    assert caught.value.still == "the key was not stored" and "unchecked" in caught.value.hint
    assert orphans(world.ports) == ()
    enrolled = enrol(world.ports, WHO, foreign, unchecked=True)
    assert enrolled.report is None and enrolled.warnings == ()
    assert credentials.load(world.ports, enrolled.version) == foreign
    assert world.audit.bodies("key.register")[-1]["scopes_venue"]["scopes_origin"] == "unknown"
    assert any("unchecked" in line for line in world.person.told)


def test_an_unreachable_venue():
    world = World()
    made = world.exchange.make("x", ["view"])
    world.gateway.down = True
    with pytest.raises(Unreachable):
        enrol(world.ports, WHO, made)
    assert enrol(world.ports, WHO, made, unchecked=True).report is None


def test_a_known_key_and_a_taken_name():
    world = World()
    with pytest.raises(UsageError, match="known already, as examplex/desk/bot"):
        enrol(world.ports, WHO, world.old)
    with pytest.raises(UsageError, match="examplex/desk/bot already"):
        enrol(world.ports, Declared("examplex", "desk", "bot", "kim"), world.exchange.make("x", ["view"]))


@pytest.mark.parametrize(("desk", "label"), [("", "x"), ("d", ""), ("a/b", "x"), ("d", "x\ny")])
def test_names_that_cannot_be(desk, label):
    world = World()
    with pytest.raises(UsageError, match="without a slash"):
        enrol(world.ports, Declared("examplex", desk, label, "kim"), world.exchange.make("x", ["view"]))


@pytest.mark.parametrize(
    ("desk", "label", "code"),
    [
        ("desk", "b\u03bft", "key.name"),  # one Greek letter
        ("desk", "bot\u200b", "key.name"),
        ("desk", "bot\u00ad", "key.name"),
        ("desk", "Bot", "key.alike"),
        ("desk", "\u0432\u043e\u0442", "key.alike"),  # all Cyrillic
        ("Desk", "other", "key.alike"),
        ("0ps", "other", "key.alike"),
        ("desks", "bot", ""),
        ("desk", "b0t2", ""),
    ],
)
def test_names_that_look_like_another(desk, label, code):
    """Who means one key must not rotate or revoke another."""
    world = World()
    made, before = world.exchange.make("x", ["view"]), world.store.names()
    if not code:
        assert enrol(world.ports, Declared("examplex", desk, label, "kim"), made)
        return
    with pytest.raises(UsageError) as caught:
        enrol(world.ports, Declared("examplex", desk, label, "kim"), made)
    assert caught.value.code == code
    assert world.store.names() == before


def test_an_unknown_venue():
    with pytest.raises(UsageError, match="no venue"):
        enrol(World().ports, Declared("nowhere", "d", "l", "kim"), Credential("FAKEk", Secret("FAKEs")))


def test_another_account_than_declared():
    world = World()
    with pytest.raises(UsageError, match="account A1, not A9"):
        enrol(
            world.ports,
            Declared("examplex", "d", "l", "kim", account="A9"),
            world.exchange.make("x", ["view"]),
        )


def test_simulated_venues_say_so():
    world = World()
    world.gateway._simulated = True
    enrolled = enrol(world.ports, WHO, world.exchange.make("x", ["view"]))
    assert enrolled.key.environment is Environment.SIMULATED


def test_a_locked_store_leaves_nothing():
    world = World()
    made = world.exchange.make("x", ["view"])
    world.store.broken = True
    with pytest.raises(StoreError):
        enrol(world.ports, WHO, made)
    world.store.broken = False
    assert orphans(world.ports) == ()
    with pytest.raises(UsageError, match="no key"):
        world.inventory.find_key("second")


def test_orphans_are_told_and_only_discarded_on_demand():
    world = World()
    item = credentials.pack(Credential("FAKEk", Secret("FAKEs")))
    world.store.put("version/00ff", item)
    enrol(world.ports, WHO, world.exchange.make("x", ["view"]))
    assert orphans(world.ports) == ("00ff",)
    discard_orphan(world.ports, "00ff")
    assert orphans(world.ports) == ()
    owned = world.inventory.live_version(world.key.id)
    with pytest.raises(UsageError, match="no orphaned"):
        discard_orphan(world.ports, owned.id)
    assert owned.item in world.store.items


def test_an_enrolment_completed_with_another_secret_is_refused():
    world = World()
    made = world.exchange.make("x", ["view"])
    world.audit.broken = True
    with pytest.raises(StoreError):
        enrol(world.ports, WHO, made)
    world.audit.broken = False
    with pytest.raises(UsageError, match="another secret"):
        enrol(world.ports, WHO, Credential(made.key, Secret("FAKEother")))
    assert enrol(world.ports, WHO, made).key.label == "second"


@pytest.mark.parametrize(
    "wrong", [{"purpose": "a\nb"}, {"purpose": "x" * 501}, {"account": "A1\u202e"}, {"label": "x" * 501}]
)
def test_what_the_log_cannot_hold_is_refused_before_anything_is_stored(wrong):
    world = World()
    made = world.exchange.make("x", ["view"])
    with pytest.raises(UsageError) as caught:
        enrol(world.ports, replace(WHO, **wrong), made)
    assert caught.value.code == "key.declared"
    assert orphans(world.ports) == ()
    assert world.inventory.version_by_public_id("examplex", made.key) is None
    assert enrol(world.ports, WHO, made).key.label == "second"
