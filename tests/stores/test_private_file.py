"""New files that only their owner may read, and their removal."""

from __future__ import annotations

import errno
import stat
from typing import TYPE_CHECKING

from keyguard.stores import private_file
from keyguard.stores.private_file import create_private, remove_private
from tests.stores.vaults import code_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new"
    create_private(path, b"FAKE")
    assert path.read_bytes() == b"FAKE"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_there_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("old")
    assert code_of(lambda: create_private(path, b"FAKE")) == "store.exists"
    assert path.read_text() == "old"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert code_of(lambda: create_private(tmp_path / "link", b"FAKE")) == "store.exists"
    assert not (tmp_path / "nowhere").exists()


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(private_file, "_sync", full)
    assert code_of(lambda: create_private(tmp_path / "new", b"FAKE")) == "store.full"
    assert not (tmp_path / "new").exists()


def test_a_file_is_removed_and_one_that_is_gone_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("old")
    remove_private(path)
    remove_private(path)
    assert not path.exists()
    assert code_of(lambda: remove_private(tmp_path / "missing" / "file")) == "store.missing"
