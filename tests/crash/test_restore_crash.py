"""Killed anywhere in a restore: no home or a whole one, and the next restore is as good as the first."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from keyguard import backups, wiring
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.home import Config, Home
from keyguard.stores import backup_sections
from keyguard.stores.attestations import AttestationFolder
from keyguard.stores.vault_file import create_vault
from keyguard.workflows.begin import Firm, begin
from tests.fakes.person import FakePerson
from tests.stores.vaults import CHEAP

OLD, NEW, BACKUP = (Secret(f"FAKE {word} passphrase of six words") for word in ("old", "new", "backup"))
STEPS = ("copy_database", "restore_files", "_fill", "_put_in_place", "read_items")
ATTESTATION = "KGA-0011aabb-upbit-0001"
WORKFLOW_STEPS = ("check_head", "tell_restored")


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(backups, "DEFAULT_COST", CHEAP)
    monkeypatch.setattr("keyguard.moves.create_vault", functools.partial(create_vault, cost=CHEAP))
    home = Home(tmp_path / "old")
    home.path.mkdir(mode=0o700)
    create_vault(home.vault_file, OLD, SystemClock(), cost=CHEAP)
    wiring.create(home, Config(id="old-home", store="file"), lambda: OLD)
    file = tmp_path / "home.kgb"
    with wiring.opened(home, lambda: OLD, FakePerson()) as ports:
        begin(ports, Firm(), tool_version="0")
        ports.secrets.put("version/a", Secret("FAKE a"))
        ports.secrets.put("system/journal-key", Secret("0f" * 32))
        AttestationFolder(home.attestations).put(ATTESTATION, b"a bundle")
        made = backups.create(home, ports, file, BACKUP)
    assert (made.files, made.left_out) == (1, ())
    return file


def restore(home: Home, file: Path) -> backups.Restored:
    return backups.restore(
        home, file, BACKUP, store="file", new_passphrase=lambda: NEW, known=None, person=FakePerson()
    )


def check(home: Home) -> None:
    with wiring.opened(home, lambda: NEW, FakePerson()) as ports:
        assert ports.secrets.names() == ("system/journal-key", "version/a")
        assert ports.secrets.get("version/a").reveal() == "FAKE a"
        assert ports.audit.verify().streams == {"firm": 4}  # genesis, backup, restore, gap
    assert AttestationFolder(home.attestations).get(ATTESTATION) == b"a bundle"
    assert sorted(path.name for path in home.path.parent.iterdir() if "restoring" in path.name) == []


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("step", [*STEPS, "tell_restored"])
def test_killed_at_every_step(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, side: str
) -> None:
    home = Home(tmp_path / "new")
    owner = backups.backup if step in WORKFLOW_STEPS else backups
    real = getattr(owner, step)

    def dying(*args: object) -> None:
        if side == "after":
            real(*args)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(owner, step, dying)
        # A process that is gone clears nothing up.
        patched.setattr(backups, "_clear", lambda staged: None)
        with pytest.raises(Killed):
            restore(home, backup)
    if step == "_put_in_place" and side == "after":
        (tmp_path / "new.restoring.lock").unlink()
    else:
        assert not home.path.exists()
        restore(home, backup)
    check(home)


def test_a_restore_that_fails_leaves_nothing_beside(backup: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    backup.write_bytes(backup.read_bytes()[:-1])
    with pytest.raises(Exception, match="the backup is damaged"):
        restore(home, backup)
    assert not home.path.exists()
    assert not (tmp_path / "new.restoring").exists()


def test_a_folder_of_somebody_else_in_the_way_is_left_alone(backup: Path, tmp_path: Path) -> None:
    other = tmp_path / "new.restoring"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(Exception, match="is in the way"):
        restore(Home(tmp_path / "new"), backup)
    assert (other / "thesis.txt").read_text() == "mine"


def test_an_empty_folder_is_an_empty_place(backup: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    home.path.mkdir()
    restore(home, backup)
    check(home)


def test_a_backup_that_cannot_be_finished_is_no_file(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "old")
    monkeypatch.setattr(backups, "_compare", lambda *_: (_ for _ in ()).throw(Killed()))
    with wiring.opened(home, lambda: OLD, FakePerson()) as ports, pytest.raises(Killed):
        backups.create(home, ports, tmp_path / "second.kgb", BACKUP)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("second")]
    assert not (home.path / "backup.db").exists()


def test_one_restore_at_a_time(backup: Path, tmp_path: Path) -> None:
    from keyguard.stores.file_lock import locked

    with (
        locked(tmp_path / "new.restoring.lock"),
        pytest.raises(Exception, match="another process has kept"),
    ):
        restore(Home(tmp_path / "new"), backup)


def test_a_backup_of_before_there_were_files_in_it(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, older = Home(tmp_path / "old"), tmp_path / "older.kgb"
    with wiring.opened(old, lambda: OLD, FakePerson()) as ports:
        body = {"attestation_id": ATTESTATION, "serial": 1, "statement_sha256": "00" * 32}
        ports.audit.append("upbit", "attestation.issued", body | {"period": {}})
        with monkeypatch.context() as patched:
            patched.setattr(backup_sections, "FORMAT", backup_sections.WITHOUT_FILES)
            patched.setattr(backups, "pieces", lambda *_: ())
            backups.create(old, ports, older, BACKUP)
        backups.create(old, ports, tmp_path / "newer.kgb", BACKUP)
    done = restore(Home(tmp_path / "new"), older)
    assert (done.files, done.lacking) == (None, (ATTESTATION,))
    done = restore(Home(tmp_path / "newest"), tmp_path / "newer.kgb")
    assert (done.files, done.lacking) == (1, ())
