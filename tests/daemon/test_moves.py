"""What is done to a home while its daemon runs: secrets moved, a new passphrase, the home itself replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from keyguard.core.errors import DaemonError, KeyguardError
from keyguard.rpc import place
from tests.daemon.homes import PASSPHRASE, TIME_LIMIT_S, DaemonHome
from tests.services.fixtures import keyring, running_keyring

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.services.keyring_session import Session

__all__ = ["keyring", "running_keyring"]

OTHER = "another FAKE passphrase, long enough"


@pytest.fixture
def at(make: Callable[..., DaemonHome], keyring: Session) -> DaemonHome:
    """A home with a keyring at hand, whose daemon serves."""
    home = make()
    home.start(DBUS_SESSION_BUS_ADDRESS=keyring.address)
    return home


def migrate(home: DaemonHome, keyring: Session, to: str, passphrase: Path) -> None:
    words = ("store", "migrate", "--to", to, "--delete-source", "--passphrase-file", str(passphrase))
    done = home.keyguard(*words, DBUS_SESSION_BUS_ADDRESS=keyring.address)
    assert done.returncode == 0, done


def status(home: DaemonHome) -> dict[str, Any]:
    with home.connection() as admin:
        return admin.call("store.status")


def private(folder: Path, text: str) -> Path:
    made = folder / "other"
    made.touch(mode=0o600)
    made.write_text(text)
    return made


def test_secrets_that_were_moved_are_handed_out_from_where_they_are(at: DaemonHome, keyring: Session) -> None:
    with at.client() as keys:
        before = keys.get("bot0")
        migrate(at, keyring, "os-keyring", at.passphrase_file)
        assert not at.home.vault_file.exists()
        assert keys.get("bot1").new  # read by nobody before
        assert (status(at)["kind"], status(at)["locked"]) == ("os_keyring", False)
        again = keys.get("bot0", fresh=True)
        assert again.secret == before.secret
        migrate(at, keyring, "file", at.passphrase_file)
        with at.connection() as admin:  # so that nothing is in memory
            admin.call("store.lock")
            admin.call("store.unlock", passphrase=PASSPHRASE)
        assert keys.get("bot1", fresh=True).new
        assert (status(at)["kind"], status(at)["locked"]) == ("encrypted_file", False)
    assert "the secrets were moved to os_keyring, which is open now" in at.home.daemon_log.read_text()


def test_a_store_that_it_cannot_open_by_itself_waits_for_a_person(at: DaemonHome, keyring: Session) -> None:
    migrate(at, keyring, "os-keyring", at.passphrase_file)
    with at.client() as keys:
        assert keys.get("bot0").new
        other = private(at.folder, OTHER)
        migrate(at, keyring, "file", other)
        with pytest.raises(KeyguardError) as refused:
            keys.get("bot1")
        assert (refused.value.code, refused.value.hint) == ("store.locked", "keyguard store unlock")
        assert status(at)["locked"]
        assert at.keyguard("store", "unlock", "--passphrase-file", str(other)).returncode == 0
        assert keys.get("bot1").new
    assert OTHER not in at.home.daemon_log.read_text()


def test_a_new_passphrase_disturbs_nobody_and_holds_from_the_next_unlocking(home: DaemonHome) -> None:
    other = private(home.folder, OTHER)
    words = ("--passphrase-file", str(home.passphrase_file), "--new-passphrase-file", str(other))
    assert home.keyguard("store", "passphrase", *words).returncode == 0
    with home.client() as keys:
        assert keys.get("bot0").new
        with home.connection() as admin:
            admin.call("store.lock")
            with pytest.raises(KeyguardError) as refused:
                admin.call("store.unlock", passphrase=PASSPHRASE)
            assert refused.value.exit_status == 3
            admin.call("store.unlock", passphrase=OTHER)
        assert keys.get("bot1").new


def test_a_daemon_whose_home_was_replaced_gives_nothing_and_ends(make: Callable[..., DaemonHome]) -> None:
    """As when a backup is restored where the home was: the old daemon must not serve beside the new one."""
    home = make()
    old = home.start()
    with home.client() as keys:
        assert keys.get("bot0").new
        home.home.path.rename(home.folder / "old")
        with pytest.raises(DaemonError):
            home.client()  # what stands there now has no daemon
        with pytest.raises(KeyguardError) as refused:
            keys.get("bot1")
        assert refused.value.code in ("home.replaced", "daemon.gone")  # it looks every few seconds
        (home.folder / "new").mkdir()
        made = DaemonHome(home.folder / "new", id="1e" * 16)
        made.home.path.rename(home.home.path)
    new = home.start()
    assert ended(old) == 0
    assert new.poll() is None
    assert place.read_note(home.home.path)
    with home.client() as keys:  # the old one has taken nothing away with it
        assert keys.get("bot1").new


def ended(process: subprocess.Popen[bytes]) -> int:
    return process.wait(TIME_LIMIT_S)
