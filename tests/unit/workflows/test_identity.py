from __future__ import annotations

import pytest

from keyguard.core.errors import IntegrityError, StoreError
from keyguard.core.secret import Secret
from keyguard.workflows.identity import names
from tests.fakes.world import World


def test_salts_are_drawn_once_and_kept_per_venue():
    ports = World().ports
    first, again, other = names(ports, "upbit"), names(ports, "upbit"), names(ports, "bybit")
    assert first == again
    assert first.key("x") != other.key("x") and first.person("x") != other.person("x")
    assert {first.person("x")[:2], first.host("x")[:2], first.party("x")[:2]} == {"p_", "h_", "o_"}
    assert {n for n in ports.secrets.names() if "upbit" in n} == {
        "system/fp-salt/upbit",
        "system/person-salt/upbit",
    }


def test_salts_do_not_show():
    ports = World().ports
    named = names(ports, "upbit")
    assert ports.secrets.get("system/fp-salt/upbit").reveal() not in repr(named)
    assert repr(bytes.fromhex(ports.secrets.get("system/fp-salt/upbit").reveal())) not in repr(named)


def test_another_process_drew_it_first():
    world = World()
    theirs = Secret("ab" * 32)
    put = world.store.put

    def put_late(name, secret):
        world.store.items.setdefault(name, theirs)
        put(name, secret)

    world.store.put = put_late
    named = names(world.ports, "upbit")
    del world.store.put
    assert named == names(world.ports, "upbit")
    assert world.store.items["system/fp-salt/upbit"] == theirs


@pytest.mark.parametrize("text", ["zz", "abcd", ""])
def test_a_damaged_salt_stops_everything(text):
    world = World()
    world.store.items["system/fp-salt/upbit"] = Secret(text)
    with pytest.raises(IntegrityError, match="not a salt"):
        names(world.ports, "upbit")


def test_a_locked_store_says_so():
    world = World()
    world.store.broken = True
    with pytest.raises(StoreError, match="locked"):
        names(world.ports, "upbit")
