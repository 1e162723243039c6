"""The OS keyring store on a real GNOME Keyring, and on a keyring with Windows' limits."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.stores import secret_service
from keyguard.stores.os_backends import SECRET_SERVICE
from keyguard.stores.os_keyring import OsKeyring, probe
from tests.services.fixtures import keyring, running_keyring
from tests.services.keyring_session import session
from tests.stores.contract_secrets import FAKE_SECRET, SecretStoreContract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
