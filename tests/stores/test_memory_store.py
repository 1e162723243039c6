"""The fake store keeps the contract of the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.secret_store import MemoryStore
from tests.stores.contract_secrets import SecretStoreContract

if TYPE_CHECKING:
    from collections.abc import Callable


class TestMemoryStore(SecretStoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()

    @pytest.fixture
    def reopened(self, store: MemoryStore) -> Callable[[], MemoryStore]:
        return lambda: store
