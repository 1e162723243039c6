"""`store migrate` between the vault file and a real OS keyring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyguard.core.secret import Secret
from keyguard.ports.journal import Workflow
from keyguard.stores.os_keyring import OsKeyring
from keyguard.workflows.migrate import HOLDER, MIGRATE
from tests.cli.desk import Desk, bybit_keys, desk, write_private
from tests.services.fixtures import keyring, running_keyring

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.keyring_session import Session

__all__ = ["keyring", "running_keyring"]


@pytest.fixture
def at(tmp_path: Path, keyring: Session) -> Iterator[Desk]:
    with desk(tmp_path, impatient=True, session={"DBUS_SESSION_BUS_ADDRESS": keyring.address}) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add("bybit/mm/bot", bot)
        opened.add("bybit/ops/manager", manager)
        yield opened


def items_of(at: Desk) -> dict[str, str]:
    with at.opened() as ports:
        return {name: ports.secrets.get(name).reveal() for name in ports.secrets.names()}


def in_keyring(at: Desk) -> OsKeyring:
    from keyguard.home import Home

    return OsKeyring(Home(at.home).read().id, at.home / "keyring.lock")


def test_there_and_back(at: Desk) -> None:
    before = items_of(at)
    assert "would move" in at.keyguard("store", "migrate", "--to", "os-keyring", "--dry-run").out
    assert in_keyring(at).names() == ()

    told = at.keyguard("store", "migrate", "--to", "os-keyring", "--json").json
    assert told == {
        "to": "os-keyring", "state": "moved", "items": len(before), "resumed": False, "source": "kept",
    }  # fmt: skip
    assert items_of(at) == before
    assert at.keyguard("store", "status").out.startswith("os-keyring: 2 key versions")
    at.keyguard("key", "inspect", "bybit/mm/bot")
    assert (at.home / "vault.kgv").exists()

    at.keyguard("key", "rotate", "bybit/mm/bot", "--overlap", "0s")
    stale = at.keyguard("store", "migrate", "--to", "file", expect=3)
    assert "holds 1 items that this home's store does not" in stale.err
    at.keyguard("store", "migrate", "--to", "os-keyring", "--delete-source")
    assert not (at.home / "vault.kgv").exists()
    at.keyguard("store", "migrate", "--to", "os-keyring", "--delete-source", expect=2)

    now = items_of(at)
    at.keyguard("store", "migrate", "--to", "file", "--delete-source")
    assert items_of(at) == now
    assert in_keyring(at).names() == ()
    at.keyguard("key", "inspect", "bybit/mm/bot")
    assert at.keyguard("log", "verify").status == 0
    shown = at.keyguard("log", "show", "--stream", "firm").out
    assert shown.count("source_cleared") == 2
    workflows = at.keyguard("workflow", "list", "--json").json
    assert [w["state"] for w in workflows if w["kind"] == "migrate"] == ["done"] * 3


def test_a_share_opens_the_vault_that_the_secrets_moved_to(at: Desk) -> None:
    at.keyguard("store", "migrate", "--to", "os-keyring", "--delete-source")
    sheet = at.folder / "sheet"
    at.keyguard("store", "recovery", "make", "-o", str(sheet))
    assert "backups are locked for recovery share" in at.keyguard("store", "status").out
    check = ("store", "recovery", "restore", "--check", "--share-file", str(sheet))
    assert "backup restore" in at.keyguard(*check, expect=2).err
    at.keyguard("store", "passphrase", expect=2)
    assert "nothing keeps the store open" in at.keyguard("store", "lock").err
    at.keyguard("store", "migrate", "--to", "file", "--delete-source")
    at.keyguard(*check)


def test_a_backup_moves_between_kinds_of_stores(at: Desk) -> None:
    before = items_of(at)
    phrase = str(write_private(at.folder / "phrase", "FAKE backup passphrase, six words"))
    file = str(at.folder / "b.kgb")
    at.keyguard("backup", "create", file, "--backup-passphrase-file", phrase)
    new = Desk(at.folder / "new", at.venues, at.session, impatient=True)
    words = ("backup", "restore", file, "--backup-passphrase-file", phrase)
    new.keyguard(*words, "--store", "os-keyring")
    assert new.keyguard("store", "status").out.startswith("os-keyring: 2 key versions")
    assert items_of(new) == before
    assert not (new.home / "vault.kgv").exists()


def test_what_a_killed_restore_left_in_the_keyring_goes(at: Desk) -> None:
    from keyguard.home import Config, Home

    phrase = str(write_private(at.folder / "phrase", "FAKE backup passphrase, six words"))
    file = str(at.folder / "b.kgb")
    at.keyguard("backup", "create", file, "--backup-passphrase-file", phrase)
    left = Home(at.folder / "second.restoring")
    left.write(Config(id="killed-restore", store="os-keyring"))
    keyring = OsKeyring("killed-restore", left.keyring_lock)
    keyring.put("version/left", Secret("FAKE left"))
    words = ("--home", str(at.folder / "second"), "backup", "restore", file)
    at.keyguard(*words, "--backup-passphrase-file", phrase, "--store", "file")
    assert OsKeyring("killed-restore", at.home / "keyring.lock").names() == ()
    assert not left.path.exists()


def test_a_new_vault_wants_a_passphrase_worth_the_name(at: Desk) -> None:
    at.keyguard("store", "migrate", "--to", "os-keyring", "--delete-source")
    weak = str(write_private(at.folder / "weak", "hunter2"))
    done = at.keyguard("store", "migrate", "--to", "file", "--passphrase-file", weak, expect=2)
    assert "fewer than 12 characters" in done.err
    assert "hunter2" not in done.err
    assert not at.keyguard("workflow", "list", "--unfinished", "--json").json
    assert not (at.home / "vault.kgv").exists()


def test_a_move_that_was_interrupted_is_gone_on_with_or_given_up(at: Desk) -> None:
    before = items_of(at)
    begun = begin(at, "encrypted_file", "os_keyring")
    name = next(iter(before))
    in_keyring(at).put(name, Secret(before[name]))
    for words in (("resume", begun), ("cancel", begun)):
        assert "moves the store" in at.keyguard("workflow", *words, expect=2).err
    assert "would be given up" in at.keyguard("store", "migrate", "--to", "file", "--dry-run").out
    assert "given up" in at.keyguard("store", "migrate", "--to", "file").out
    assert in_keyring(at).names() == ()
    assert items_of(at) == before

    begin(at, "encrypted_file", "os_keyring")
    told = at.keyguard("store", "migrate", "--to", "os-keyring", "--json").json
    assert told["resumed"] is True
    assert items_of(at) == before

    begin(at, "encrypted_file", "os_keyring")  # as if killed between the switch and the end
    assert "not come to its end" in at.keyguard("store", "migrate", "--to", "file", expect=2).err


def begin(at: Desk, source: str, target: str) -> str:
    """What a move that was killed leaves in the journal."""
    with at.opened() as ports:
        now = ports.clock.now()
        data = {"from": source, "to": target, "delete_source": False}
        identity = ports.clock.token(8).hex()
        ports.journal.open(Workflow(identity, MIGRATE, HOLDER, "copying", now, now, data))
    return identity


def test_a_command_that_runs_on_does_not_write_to_the_old_store(at: Desk) -> None:
    with at.opened() as ports:
        at.keyguard("store", "migrate", "--to", "os-keyring")
        with pytest.raises(Exception, match="moved to another store") as caught:
            ports.secrets.put("version/late", Secret("FAKE late"))
        assert caught.value.code == "store.moved"
        with pytest.raises(Exception, match="moved to another store"):
            ports.secrets.delete("system/journal-key")
        assert ports.secrets.get(ports.secrets.names()[0])
