"""Fixtures of real services; import those a test module needs."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.services.keyring_session import Session, session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def running_keyring() -> Iterator[Callable[[], Session]]:
    """Give one unlocked GNOME Keyring for all tests, another if it died; homes keep them apart."""
    with ExitStack() as stack:
        started: list[Session] = []

        def running() -> Session:
            if not (started and started[-1].alive()):
                started.append(stack.enter_context(session()))
            return started[-1]

        yield running


@pytest.fixture
def keyring(running_keyring: Callable[[], Session], monkeypatch: pytest.MonkeyPatch) -> Session:
    """The unlocked GNOME Keyring, as this process's own session."""
    running = running_keyring()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", running.address)
    return running
