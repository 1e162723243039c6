"""Rules for every test: loopback only, no keyring or configuration of the person who runs it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import hypothesis
import pytest
import pytest_socket

from keyguard import dumps

if TYPE_CHECKING:
    from pathlib import Path

# The suite tries the same examples on every machine: what it finds is caused by a change. Looking for new
# ones is what `make fuzz` is for, which loads the other profile.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


# What runs in the background or under nohup begins with these ignored, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
for number in (signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


def pytest_runtest_setup() -> None:
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own for each test; nothing of the caller's leaks in."""
    for name in list(os.environ):
        if name.startswith(("KEYGUARD_", "GIT_", "BYBIT_", "UPBIT_", "DERIBIT_", "PYTHON_KEYRING")):
            monkeypatch.delenv(name)
    home = tmp_path / "user"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))


@pytest.fixture(autouse=True)
def _dumps_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command run inside the test's process does not forbid them there: later tests look for that."""
    monkeypatch.setattr(dumps, "forbid", lambda: None)
    monkeypatch.setattr(dumps, "close_memory", lambda: None)
