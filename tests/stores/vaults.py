"""Vault files for tests: cheap to open, and what is expected of their errors."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.stores.vault_file import VaultFile, create_vault
from keyguard.stores.vault_keys import Cost

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


def refused(act: Callable[[], object]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        act()
    assert "FAKE" not in f"{caught.value} {caught.value.still} {caught.value.hint}"
    assert caught.value.hint
    return caught.value


def code_of(act: Callable[[], object]) -> str:
    return refused(act).code


def reseal(body: bytes, seal: str = "00" * 32) -> bytes:
    """A file with a right checksum, as anybody can compute it, and a seal nobody without the key can."""
    last = json.dumps({"sha256": hashlib.sha256(body).hexdigest(), "seal": seal})
    return body + last.encode() + b"\n"


def rewrite_header(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    magic, header, *rest = path.read_bytes().splitlines(keepends=True)[:-1]
    parsed = json.loads(header)
    change(parsed)
    path.write_bytes(reseal(magic + json.dumps(parsed).encode() + b"\n" + b"".join(rest)))
