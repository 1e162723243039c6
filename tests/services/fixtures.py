"""Fixtures of real services; import those a test module needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services.keyring_session import Session, session

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def running_keyring() -> Iterator[Session]:
    """One unlocked GNOME Keyring for all tests; homes keep them apart."""
    with session() as running:
        yield running


@pytest.fixture
def keyring(running_keyring: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    """The unlocked GNOME Keyring, as this process's own session."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", running_keyring.address)
    return running_keyring
