"""Backups and recovery shares: restored on a machine that has nothing but them."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import stat
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keyguard.core import share
from keyguard.core.rights import FourEyes
from keyguard.core.secret import Secret
from keyguard.home import Home
from tests.cli.desk import Desk, bybit_keys, desk, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BACKUP_PASSPHRASE = "FAKE backup passphrase, six words"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Desk]:
    """A desk with two keys in a file store."""
    with desk(tmp_path / "old", impatient=True) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add("bybit/mm/bot", bot)
        opened.add("bybit/ops/manager", manager)
        yield opened


SETTINGS = """
[daemon]
auto_lock_s = 3600
watch = ["/srv/bots"]
[alerts]
zone = "Asia/Seoul"
[rotation]
overlap = "30m"
[[rotation.window]]
from = "02:00"
until = "05:00"
[reviews]
auto = true
[[use_rule]]
kind = "new_address"
action = "alert"
[[egress]]
host = "tokyo-1"
addresses = ["203.0.113.7"]
"""


def empty_machine(old: Desk, name: str = "new") -> Desk:
    """Another user's folders, another passphrase, the same venues."""
    return Desk(old.folder.parent / name, old.venues, impatient=True)


def backup_passphrase(at: Desk) -> str:
    return str(write_private(at.folder / "backup-passphrase", BACKUP_PASSPHRASE))


def backed_up(old: Desk, name: str = "home.kgb") -> Path:
    file = old.folder / name
    old.keyguard("backup", "create", str(file), "--backup-passphrase-file", backup_passphrase(old))
    return file


def restored(new: Desk, file: Path, *words: str, opened_by: str = "", expect: int = 0):
    opener = opened_by or backup_passphrase(new)
    return new.keyguard(
        "backup", "restore", str(file), "--backup-passphrase-file", opener, *words, expect=expect
    )


def head(at: Desk) -> str:
    told = at.keyguard("log", "verify", "--json").json
    return f"{told['records']}:{told['chain']}"


def secrets_of(at: Desk) -> list[str]:
    with at.opened() as ports:
        return [ports.secrets.get(name).reveal() for name in ports.secrets.names()]


class TestBackup:
    def test_an_empty_machine_has_everything_again(self, old: Desk) -> None:
        with (old.home / "config.toml").open("r+") as config:
            chosen = config.read()
            config.seek(0)
            config.write('four_eyes = "always"\nrights = "open"\n' + chosen + SETTINGS)
        file = backed_up(old)
        new = empty_machine(old)
        done = restored(new, file)
        assert "all verified" in done.out
        kept, came = Home(old.home).read(), Home(new.home).read()
        assert replace(came, id=kept.id) == kept
        assert came.rights.four_eyes is FourEyes.ALWAYS
        assert new.stored("bybit/mm/bot") == old.stored("bybit/mm/bot")
        assert new.keyguard("key", "list").out == old.keyguard("key", "list").out
        assert secrets_of(new) == secrets_of(old)
        assert new.passphrase != old.passphrase
        new.keyguard("key", "inspect", "bybit/mm/bot")
        new.keyguard("key", "rotate", "bybit/mm/bot", "--overlap", "0s")
        assert new.statuses("bybit/mm/bot") == ["dead", "live"]
        assert sorted(p.name for p in new.folder.iterdir() if "restoring" in p.name) == []

    def test_the_file_shows_nothing_and_is_its_owners_alone(self, old: Desk) -> None:
        file = backed_up(old)
        content = file.read_bytes()
        for secret in [*secrets_of(old), "bybit", "key.register", BACKUP_PASSPHRASE, old.passphrase]:
            assert secret.encode() not in content
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [p.name for p in old.home.iterdir() if "backup" in p.name] == ["backup.lock"]

    def test_the_log_says_that_a_backup_was_made(self, old: Desk) -> None:
        backed_up(old)
        assert "backup.create" in old.keyguard("log", "show", "--stream", "firm").out

    @pytest.mark.parametrize("at", [0.3, 0.6, 0.99])
    def test_a_changed_backup_is_refused_and_leaves_nothing(self, old: Desk, at: float) -> None:
        file = backed_up(old)
        content = bytearray(file.read_bytes())
        content[int(len(content) * at)] ^= 1
        file.write_bytes(content)
        new = empty_machine(old)
        assert "backup" in restored(new, file, expect=3).err
        assert not new.home.exists()

    def test_a_backup_cut_off_is_refused(self, old: Desk) -> None:
        file = backed_up(old)
        file.write_bytes(file.read_bytes()[:-100_000])
        new = empty_machine(old)
        restored(new, file, expect=3)
        assert [p.name for p in new.folder.iterdir() if p.name.startswith("home")] == ["home.restoring.lock"]

    def test_a_wrong_passphrase_opens_nothing(self, old: Desk) -> None:
        file = backed_up(old)
        new = empty_machine(old)
        wrong = str(write_private(new.folder / "wrong", "FAKE some other passphrase"))
        assert "does not open" in restored(new, file, opened_by=wrong, expect=3).err

    def test_what_is_there_is_never_replaced(self, old: Desk) -> None:
        file = backed_up(old)
        assert "is not empty" in restored(old, file, expect=2).err
        words = ("backup", "create", str(file), "--backup-passphrase-file", backup_passphrase(old))
        assert "exists already" in old.keyguard(*words, expect=2).err
        assert (
            "is not a keyguard backup" in restored(empty_machine(old), old.home / "vault.kgv", expect=3).err
        )

    def test_without_a_lock_there_is_no_backup(self, old: Desk) -> None:
        done = old.keyguard("backup", "create", str(old.folder / "b"), expect=3)
        assert "no terminal" in done.err
        assert not (old.folder / "b").exists()

    def test_a_weak_passphrase_is_refused(self, old: Desk) -> None:
        weak = str(write_private(old.folder / "weak", "hunter2"))
        done = old.keyguard(
            "backup", "create", str(old.folder / "b"), "--backup-passphrase-file", weak, expect=2
        )
        assert "hunter2" not in done.err


class TestTheLogStaysHonest:
    def test_what_was_written_after_the_backup_is_told_as_a_gap(self, old: Desk) -> None:
        file = backed_up(old)
        before = old.keyguard("log", "verify", "--json").json["records"]
        old.keyguard("key", "inspect", "bybit/mm/bot")
        later = head(old)
        new = empty_machine(old)
        told = restored(new, file, "--json").json
        assert (told["whole"], told["lost"], told["records"]) == (False, None, before)
        new.keyguard("key", "inspect", "bybit/mm/bot")
        told = new.keyguard("log", "verify", "--json").json
        assert [(one["record"], one["whole"]) for one in told["restored"]] == [(before, False)]
        types = [line["type"] for line in map(json.loads, _shown(new))]
        assert types[before : before + 2] == ["log.restore", "log.gap"]
        forked = new.keyguard("log", "verify", "--head", later, expect=6)
        assert "is not the one that the head names" in forked.err
        assert "this log was restored on" in forked.err

    def test_a_named_head_that_the_backup_lacks_is_counted(self, old: Desk) -> None:
        file = backed_up(old)
        had = old.keyguard("log", "verify", "--json").json["records"]
        old.keyguard("key", "inspect", "bybit/mm/bot")
        later = head(old)
        lost = int(later.split(":")[0]) - had
        new = empty_machine(old)
        told = restored(new, file, "--head", later, "--json").json
        assert (told["whole"], told["lost"]) == (False, lost)
        assert f"{lost} later records are missing" in new.keyguard("log", "verify").out

    def test_a_head_that_the_backup_reaches_proves_it_whole(self, old: Desk) -> None:
        file = backed_up(old)
        known = head(old)
        new = empty_machine(old)
        told = restored(new, file, "--head", known, "--json").json
        assert (told["whole"], told["lost"]) == (True, None)
        assert "nothing known is missing" in new.keyguard("log", "verify", "--head", known).out

    def test_a_backup_of_another_history_is_refused(self, old: Desk) -> None:
        file = backed_up(old)
        records, chain = head(old).split(":")
        forged = f"{records}:{chain[::-1]}"
        new = empty_machine(old)
        restored(new, file, "--head", forged, expect=6)
        assert not new.home.exists()
        restored(new, file, "--head", "12", expect=2)


def _shown(at: Desk) -> list[str]:
    with at.opened() as ports:
        return [entry.record.decode() for entry in ports.audit.entries()]


class TestRecoveryShare:
    @pytest.fixture
    def sheet(self, old: Desk) -> Path:
        file = old.folder / "sheet"
        done = old.keyguard("store", "recovery", "make", "-o", str(file))
        assert "KGR1" not in done.out + done.err
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        return file

    def test_it_is_kept_nowhere(self, old: Desk, sheet: Path) -> None:
        text = next(line.strip() for line in sheet.read_text().splitlines() if "KGR1" in line)
        groups = [group.encode() for group in text.split(" ")[1].split("-")]
        key = share.key_of(share.read(Secret(text))).reveal().encode()
        for file in (path for path in old.home.rglob("*") if path.is_file()):
            content = file.read_bytes()
            assert key not in content
            assert sum(group in content for group in groups) < 2, file

    def test_a_terminal_shows_it_once(self, old: Desk) -> None:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "keyguard", "store", "recovery", "make"]
        process = subprocess.Popen(
            command, cwd=old.work, env=old.environment(), stdin=theirs, stdout=theirs, stderr=subprocess.PIPE
        )
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux reports the end of a terminal as an error
            while piece := os.read(ours, 4096):
                shown += piece
        os.close(ours)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
        lines = shown.decode().splitlines()
        (text,) = [line.strip() for line in lines if line.strip().startswith("KGR1")]
        assert b"KGR1" not in told
        typed = write_private(old.folder / "typed", text.lower())
        old.keyguard("store", "recovery", "restore", "--check", "--share-file", str(typed))

    def test_it_opens_the_store_whose_passphrase_is_lost(self, old: Desk, sheet: Path) -> None:
        new = empty_machine(old)
        new.home.parent.mkdir(exist_ok=True)
        os.rename(old.home, new.home)  # carried over as it is
        told = new.keyguard("store", "recovery", "restore", "--check", "--share-file", str(sheet))
        assert "nothing was changed" in told.out
        new.keyguard("key", "list", expect=0)
        new.keyguard("store", "status", expect=3)
        passphrase = str(new.passphrase_file)
        words = ("store", "recovery", "restore", "--share-file", str(sheet))
        new.keyguard(*words, "--new-passphrase-file", passphrase)
        kinds = [one["kind"] for one in new.keyguard("store", "status", "--json").json["opened_by"]]
        assert sorted(kinds) == ["passphrase", "recovery_share"]
        new.keyguard("key", "inspect", "bybit/mm/bot")
        assert "store.rewrap" in new.keyguard("log", "show", "--stream", "firm").out

    def test_it_opens_every_backup_made_after_it(self, old: Desk, sheet: Path) -> None:
        file = old.folder / "cron.kgb"
        told = old.keyguard("backup", "create", str(file), "--json").json
        assert len(told["recovery_shares"]) == 1
        new = empty_machine(old)
        restored(new, file, opened_by=str(sheet))
        assert new.stored("bybit/mm/bot") == old.stored("bybit/mm/bot")
        # The new machine's vault knows the share too, and so do its backups.
        assert "a recovery share" in new.keyguard("store", "status").out
        new.keyguard("store", "recovery", "restore", "--check", "--share-file", str(sheet))
        again = new.folder / "again.kgb"
        new.keyguard("backup", "create", str(again))
        restored(empty_machine(old, "third"), again, opened_by=str(sheet))

    def test_a_mistyped_share_is_told_by_its_group(self, old: Desk, sheet: Path) -> None:
        text = next(line.strip() for line in sheet.read_text().splitlines() if "KGR1" in line)
        groups = text.split(" ")[1].split("-")
        groups[3] = groups[3][:2] + ("A" if groups[3][2] != "A" else "B") + groups[3][3:]
        wrong = write_private(old.folder / "wrong", f"KGR1 {'-'.join(groups)}")
        words = ("store", "recovery", "restore", "--check", "--share-file", str(wrong))
        done = old.keyguard(*words, expect=2)
        assert "group 4 of the recovery share is not as it was printed" in done.err
        assert groups[3] not in done.err

    def test_a_share_that_is_taken_back_opens_nothing_more(self, old: Desk, sheet: Path) -> None:
        (share,) = old.keyguard("store", "status", "--json").json["recovery_shares"]
        assert share in sheet.read_text()
        old.keyguard("store", "recovery", "revoke", share)
        old.keyguard("store", "recovery", "restore", "--check", "--share-file", str(sheet), expect=3)
        told = old.keyguard("store", "status", "--json").json
        assert told["recovery_shares"] == []
        assert [one["kind"] for one in told["opened_by"]] == ["passphrase"]
        old.keyguard("store", "recovery", "revoke", share, expect=2)
        shown = old.keyguard("log", "show", "--stream", "firm").out
        assert ("recovery_add" in shown, "recovery_remove" in shown) == (True, True)

    def test_it_goes_to_a_terminal_or_a_file_alone(self, old: Desk, sheet: Path) -> None:
        before = old.keyguard("store", "status", "--json").out
        assert "on a terminal only" in old.keyguard("store", "recovery", "make", expect=2).err
        assert "exists already" in old.keyguard("store", "recovery", "make", "-o", str(sheet), expect=2).err
        assert old.keyguard("store", "status", "--json").out == before


class TestPassphrase:
    def test_it_changes_and_the_old_one_opens_nothing(self, old: Desk) -> None:
        fresh = str(write_private(old.folder / "fresh", "FAKE fresh passphrase of six words"))
        old.keyguard("store", "passphrase", "--new-passphrase-file", fresh)
        old.keyguard("store", "status", expect=3)
        told = old.keyguard("store", "status", "--passphrase-file", fresh, "--json").json
        assert [one["kind"] for one in told["opened_by"]] == ["passphrase"]
        assert told["key_versions"] == 2

    @pytest.mark.parametrize(
        "weak", ["short", "aaaaaaaaaaaaaa", "abcdefghijklmnop", "qwertyuiopasdf", "    "]
    )
    def test_a_weak_one_is_refused(self, old: Desk, weak: str) -> None:
        file = str(write_private(old.folder / "weak", weak))
        done = old.keyguard("store", "passphrase", "--new-passphrase-file", file, expect=2)
        assert "the new passphrase" in done.err
        assert weak.strip() == "" or weak not in done.err
        old.keyguard("store", "status")

    def test_the_same_again_is_refused(self, old: Desk) -> None:
        words = ("store", "passphrase", "--new-passphrase-file", str(old.passphrase_file))
        assert "is the old one" in old.keyguard(*words, expect=2).err
