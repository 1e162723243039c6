"""The OS keyring store on a real GNOME Keyring, and on a keyring with Windows' limits."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import secretstorage

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.stores import secret_service
from keyguard.stores.os_backends import SECRET_SERVICE
from keyguard.stores.os_keyring import OsKeyring, probe
from tests.services.fixtures import keyring, running_keyring
from tests.services.keyring_session import session
from tests.stores.contract_secrets import FAKE_SECRET, OTHER_SECRET, SecretStoreContract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keyguard.stores.os_backends import OsBackend
    from tests.services.keyring_session import Session

__all__ = ["keyring", "running_keyring"]
_homes = itertools.count()


@pytest.fixture
def home_id() -> str:
    """A home nobody used before in this keyring."""
    return f"test-{os.getpid()}-{next(_homes)}"


class TestGnomeKeyring(SecretStoreContract):
    @pytest.fixture
    def store(self, keyring: Session, home_id: str, tmp_path: Path) -> OsKeyring:
        return OsKeyring(home_id, tmp_path / "keyring.lock")

    @pytest.fixture
    def reopened(self, home_id: str, tmp_path: Path) -> Callable[[], OsKeyring]:
        return lambda: OsKeyring(home_id, tmp_path / "keyring.lock")


@pytest.fixture
def store(keyring: Session, home_id: str, tmp_path: Path) -> OsKeyring:
    return OsKeyring(home_id, tmp_path / "keyring.lock")


class TestHomes:
    def test_two_homes_do_not_see_each_other(
        self, keyring: Session, home_id: str, store: OsKeyring, tmp_path: Path
    ) -> None:
        other = OsKeyring(f"{home_id}-b", tmp_path / "other.lock")
        store.put("version/1", FAKE_SECRET)
        other.put("version/1", OTHER_SECRET)
        other.delete("version/1")

        assert store.names() == ("version/1",)
        assert other.names() == ()

    def test_a_home_id_that_could_reach_into_another_home_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="home id"):
            OsKeyring("a/version", tmp_path / "lock")

    def test_the_item_is_where_the_desktops_password_program_shows_it(
        self, store: OsKeyring, home_id: str
    ) -> None:
        store.put("version/1", FAKE_SECRET)

        with closing(secretstorage.dbus_init()) as connection:
            attributes = {"service": "keyguard", "username": f"{home_id}/version/1"}
            (item,) = secretstorage.Collection(connection).search_items(attributes)
            assert item.get_secret().decode() == "kg1:" + FAKE_SECRET.reveal()

    def test_the_environment_cannot_redirect_it(
        self, store: OsKeyring, home_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.put("version/1", FAKE_SECRET)
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        monkeypatch.setenv("KEYRING_PROPERTY_SCHEME", "KeePassXC")
        monkeypatch.setenv("KEYRING_PROPERTY_PREFERRED_COLLECTION", "/org/freedesktop/secrets/nowhere")

        assert OsKeyring(home_id, tmp_path / "keyring.lock").get("version/1") == FAKE_SECRET

    def test_a_value_written_by_something_else_is_never_taken_for_ours(
        self, store: OsKeyring, home_id: str
    ) -> None:
        secret_service.SecretService().set_password("keyguard", f"{home_id}/version/1", "FAKE foreign text")

        for act in (lambda: store.get("version/1"), lambda: store.put("version/1", FAKE_SECRET)):
            with pytest.raises(StoreError) as caught:
                act()
            assert caught.value.code == "store.damaged"
            assert "foreign text" not in str(caught.value)

    def test_several_processes_putting_the_same_name_agree_on_one_value(
        self, store: OsKeyring, home_id: str, tmp_path: Path
    ) -> None:
        script = (
            "import sys; from pathlib import Path\n"
            "from keyguard.core.secret import Secret; from keyguard.core.errors import StoreError\n"
            "from keyguard.stores.os_keyring import OsKeyring\n"
            "try: OsKeyring(sys.argv[1], Path(sys.argv[2])).put('one', Secret('FAKE ' + sys.argv[3]))\n"
            "except StoreError as error: sys.exit(error.code)\n"
            "print(sys.argv[3])\n"
        )
        command = [sys.executable, "-c", script, home_id, str(tmp_path / "keyring.lock")]
        racers = [
            subprocess.Popen([*command, str(n)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for n in range(4)
        ]
        outcomes = [racer.communicate() for racer in racers]

        winners = [out.strip() for out, _ in outcomes if out]
        assert [store.get("one").reveal()] == [f"FAKE {winner}" for winner in winners]
        assert [err.strip() for _, err in outcomes if err] == ["store.exists"] * 3


def limited(prompt_seconds: float) -> OsBackend:
    """The Secret Service with a shorter wait for its prompt."""
    return replace(SECRET_SERVICE, api=lambda: secret_service.SecretService(prompt_seconds))


def every_call(store: OsKeyring) -> list[Callable[[], object]]:
    return [
        lambda: store.put("version/2", FAKE_SECRET),
        lambda: store.get("version/1"),
        lambda: store.delete("version/1"),
        store.names,
    ]


class TestUnusableKeyring:
    """Every operation says so, in time, and nothing is lost."""

    def test_usable(self, keyring: Session) -> None:
        assert probe() == ""

    def test_locked_and_no_display_to_prompt_on(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        with session() as own:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", own.address)
            store = OsKeyring("home", tmp_path / "lock")
            store.put("version/1", FAKE_SECRET)
            own.lock()

            assert probe() == "the OS keyring is locked"
            for act in every_call(store):
                with pytest.raises(StoreError, match="dismissed") as caught:
                    act()
                assert caught.value.code == "store.locked"
                assert caught.value.hint

            own.unlock()
            assert store.names() == ("version/1",)
            assert store.get("version/1") == FAKE_SECRET

    def test_locked_and_nobody_answers_the_prompt(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        with session(silent_prompter=True) as own:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", own.address)
            store = OsKeyring("home", tmp_path / "lock", limited(0.3))
            own.lock()

            for act in every_call(store):
                with pytest.raises(StoreError, match="nobody answered its prompt") as caught:
                    act()
                assert caught.value.code == "store.locked"

    def test_a_service_that_hangs(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(secret_service, "ANSWER_SECONDS", 0.3)
        monkeypatch.setattr(secret_service, "_PROBE_SECONDS", 0.3)
        with session() as own:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", own.address)
            store = OsKeyring("home", tmp_path / "lock")
            store.put("version/1", FAKE_SECRET)
            with own.stopped():
                assert probe() == "the keyring service does not answer"
                for act in every_call(store):
                    with pytest.raises(StoreError) as caught:
                        act()
                    assert caught.value.code == "store.no_answer"

            assert store.get("version/1") == FAKE_SECRET

    def test_a_service_that_crashed_and_came_back(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        pem = Secret("-----FAKE KEY-----\nabc\n\n[1]\nsecret=\\n\n")
        with session() as own:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", own.address)
            store = OsKeyring("home", tmp_path / "lock")
            store.put("version/1", FAKE_SECRET)
            store.put("pem", pem)
            with own.restarted():
                assert store.get("pem") == pem
                assert store.get("version/1") == FAKE_SECRET
                store.put("version/2", FAKE_SECRET)
                assert store.names() == ("pem", "version/1", "version/2")

    def test_a_bus_without_a_keyring_service(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        with session(keyring=False) as own:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", own.address)

            assert probe() == "no keyring service is running in this session"
            self._expect_missing(OsKeyring("home", tmp_path / "lock"), "no keyring service")

    def test_a_service_without_a_default_keyring(
        self, keyring: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        with session(unlock=False) as own:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", own.address)

            assert probe() == "the keyring service has no default keyring"
            self._expect_missing(OsKeyring("home", tmp_path / "lock"), "no default keyring")

    @pytest.mark.parametrize(
        "address", [None, "", "unix:path=/nonexistent/bus", "tcp:host=127.0.0.1,port=1", "nonsense"]
    )
    def test_no_bus(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str | None) -> None:
        if address is None:
            monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
        else:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)

        assert "no D-Bus session bus" in probe()
        self._expect_missing(OsKeyring("home", tmp_path / "lock"), "no D-Bus session bus")

    def _expect_missing(self, store: OsKeyring, why: str) -> None:
        for act in every_call(store):
            with pytest.raises(StoreError, match=why) as caught:
                act()
            assert caught.value.code == "store.missing"
            assert "--store file" in caught.value.hint
