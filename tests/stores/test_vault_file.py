"""The encrypted file: the store's contract, and everything that can happen to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.stores.vault_file import VaultFile, create_vault
from keyguard.stores.vault_keys import Cost
from tests.stores.contract_secrets import SecretStoreContract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHEAP = Cost(memory_kib=8, passes=1, lanes=1)
FAKE_PASSPHRASE = Secret("FAKE passphrase of six random words")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "vault"
    create_vault(file, FAKE_PASSPHRASE, SystemClock(), cost=CHEAP)
    return file


def opened(path: Path, passphrase: Secret = FAKE_PASSPHRASE) -> VaultFile:
    return VaultFile(path, lambda: passphrase, SystemClock())


class TestVaultFile(SecretStoreContract):
    @pytest.fixture
    def store(self, path: Path) -> VaultFile:
        return opened(path)

    @pytest.fixture
    def reopened(self, path: Path) -> Callable[[], VaultFile]:
        return lambda: opened(path)
