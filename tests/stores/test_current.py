"""A store the home has left takes nothing any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyguard.core.secret import Secret
from keyguard.stores.current import CurrentStore
from tests.stores.contract_secrets import SecretStoreContract
from tests.stores.memory_secrets import MemorySecrets
from tests.stores.vaults import code_of, opened, path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["path"]


class TestCurrentStore(SecretStoreContract):
    @pytest.fixture
    def store(self, path: Path) -> CurrentStore:
        return CurrentStore(opened(path), lambda: True, path.with_name("store.lock"))

    @pytest.fixture
    def reopened(self, path: Path) -> Callable[[], CurrentStore]:
        return lambda: CurrentStore(opened(path), lambda: True, path.with_name("store.lock"))


def test_what_was_left_is_read_only(tmp_path: Path) -> None:
    inner = MemorySecrets()
    inner.put("a", Secret("FAKE a"))
    left = CurrentStore(inner, lambda: False, tmp_path / "store.lock")
    assert code_of(lambda: left.put("b", Secret("FAKE b"))) == "store.moved"
    assert code_of(lambda: left.delete("a")) == "store.moved"
    assert left.names() == ("a",)
    assert left.get("a").reveal() == "FAKE a"
    assert left.kind == inner.kind
