"""A panic while the database takes nothing: one private file, and all of it in the log afterwards."""

from __future__ import annotations

import json
import stat

import pytest

from keyguard import wiring
from keyguard.core import record_types
from keyguard.core.errors import IntegrityError, StoreError, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.core.secret import Secret
from keyguard.home import Config, Home
from keyguard.stores import database, emergency
from keyguard.stores.vault_file import create_vault
from keyguard.workflows import panic
from keyguard.workflows.begin import Firm, begin
from tests.fakes.audit import FAKE_VENUE, SOME_VENUE
from tests.fakes.world import ACTOR, World
from tests.stores.vaults import CHEAP

STREAMS = {FAKE_VENUE: SOME_VENUE}


@pytest.fixture(autouse=True)
def _the_fake_venue_has_a_stream(monkeypatch):
    check = record_types.check_body
    monkeypatch.setattr(
        record_types, "check_body", lambda stream, *rest: check(STREAMS.get(stream, stream), *rest)
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "emergency.jsonl"


def panicked(world, path):
    """End the desk's keys while the log takes nothing."""
    world.audit.broken = True
    beside = emergency.ports_on(world.ports, emergency.EmergencyFile(path, world.clock))
    outcome = panic.panic(
        world.ports,
        panic.targets(world.ports, desk="desk"),
        scope="desk desk",
        reason="suspicion",
        actor=ACTOR,
        process_alive=world.process_alive,
        emergency=beside,
    )
    world.audit.broken = False
    return outcome


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_keys_die_and_the_file_is_the_journal(path):
    world = World()
    outcome = panicked(world, path)
    assert [one.key.label for one in outcome.dead] == ["bot"]
    assert not world.answers(world.old)
    assert world.inventory.live_version(world.key.id).status is VersionStatus.LIVE, "nothing was written"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = lines(path)
    kinds = [next(name for name in line if name != "at") for line in written]
    call = next(line["call"] for line in written if "call" in line and line["call"]["effect"] != "none")
    assert call["status"] is None, "noted before it left"
    assert kinds.index("record") < kinds.index("status") < kinds.index("call")
    assert [w["workflow"]["state"] for w in written if "workflow" in w][-1] == "buried"
    assert world.old.secret.reveal() not in path.read_text()


def test_all_of_it_is_in_the_log_afterwards_and_says_that_it_is_late(path):
    world = World()
    panicked(world, path)
    at = {line["record"]["type"]: line["at"] for line in lines(path) if "record" in line}
    world.clock.sleep(3600)
    count = emergency.merge(world.ports, path)
    (late,) = world.audit.bodies("log.late")
    assert late["records"] == count == len(at) == 3
    for type_ in ("panic.begin", "key.revoke", "key.revoke_confirmed"):
        assert world.audit.bodies(type_)[-1]["late"] == at[type_]
    assert [one.state for one in world.journal.workflows()] == ["buried"]
    (version,) = world.inventory.versions(world.key.id)
    assert version.status is VersionStatus.DEAD
    assert version.item not in world.store.names()
    assert not path.exists()
    assert len(list(path.parent.glob("emergency.jsonl.merged-*"))) == 1


def test_a_file_is_merged_once_whatever_happened_before_it_was_put_aside(path):
    world = World()
    panicked(world, path)
    content = path.read_bytes()
    emergency.merge(world.ports, path)
    path.write_bytes(content)
    path.chmod(0o600)
    emergency.merge(world.ports, path)
    assert len(world.audit.bodies("panic.begin")) == 1
    assert not path.exists()


def test_a_line_cut_off_is_left_out_and_a_foreign_file_is_refused(path):
    world = World()
    panicked(world, path)
    with path.open("a") as file:
        file.write('{"at": "2026')
    assert emergency.merge(world.ports, path) == 3
    path.write_text("hello\n")
    path.chmod(0o600)
    with pytest.raises(IntegrityError):
        emergency.merge(world.ports, path)
    assert path.exists()


def test_where_neither_can_be_written_nothing_is_done(path):
    world = World()
    path.mkdir()
    with pytest.raises(StoreError):
        panicked(world, path)
    assert world.gateway.effects == 0


def test_what_stands_in_for_the_stores(path):
    world = World()
    beside = emergency.ports_on(world.ports, emergency.EmergencyFile(path, world.clock))
    version = world.inventory.live_version(world.key.id)
    beside.inventory.set_status(version.id, VersionStatus.RETIRED)
    with pytest.raises(UsageError):
        beside.inventory.live_version(world.key.id)
    with pytest.raises(UsageError):
        beside.audit.append("firm", "no.such", {})
    with pytest.raises(StoreError):
        beside.secrets.put("x", Secret("FAKE"))
    assert beside.secrets.names() == world.store.names()
    assert beside.secrets.kind == world.store.kind
    assert beside.audit.verify() == world.audit.verify()


def test_nonces_grow_where_none_can_be_kept():
    class Broken:
        def next(self, scope, floor):
            raise StoreError("read-only", code="database.read_only")

    nonces = emergency.EmergencyNonces(Broken())
    assert [nonces.next("a", 5), nonces.next("a", 5), nonces.next("b", 5), nonces.next("a", 9)] == [
        5,
        6,
        5,
        9,
    ]


def test_a_home_whose_database_cannot_be_written(tmp_path, path, monkeypatch):
    home = Home(tmp_path / "home")
    home.path.mkdir(mode=0o700)
    world = World()
    secret = Secret("FAKE passphrase")
    create_vault(home.vault_file, secret, world.clock, cost=CHEAP)
    wiring.create(home, Config("1a" * 16, "file"), lambda: secret)
    with wiring.opened(home, lambda: secret, world.person) as ports:
        begin(ports, Firm(), tool_version="test")
    opening = database.open_database
    monkeypatch.setattr(database, "open_database", lambda url, **_: opening(url, read_only=True))
    with wiring.opened_for_panic(home, lambda: secret, world.person, path) as (ports, beside):
        body = {"scope": "all", "keys": 1, "reason": "leak"}
        with pytest.raises(StoreError):
            ports.audit.append("firm", "panic.begin", body)
        beside.audit.append("firm", "panic.begin", body)
    monkeypatch.undo()
    with wiring.opened(home, lambda: secret, world.person) as ports:
        assert emergency.merge(ports, path) == 1
        assert ports.audit.verify().records > 1
