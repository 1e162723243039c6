"""The real keyring's tests cannot vanish from CI unnoticed, and its processes end with them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.services.keyring_session import require_binaries, session


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("nothing_installed")
def test_in_ci_a_missing_keyring_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="apt-get install dbus-daemon gnome-keyring"):
        require_binaries()


@pytest.mark.usefixtures("nothing_installed")
def test_elsewhere_it_is_a_skip_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="apt-get install dbus-daemon gnome-keyring"):
        require_binaries()


def test_nothing_is_left_of_a_session() -> None:
    with session() as running:
        folder, pid = Path(running.environment["HOME"]), running.keyring_pid
        assert pid
        assert running.alive()

    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_keyring_that_died_is_seen_to_be_dead() -> None:
    with session() as running:
        assert running.keyring_pid
        os.kill(running.keyring_pid, signal.SIGKILL)
        os.waitid(os.P_PID, running.keyring_pid, os.WEXITED | os.WNOWAIT)

        assert not running.alive()
