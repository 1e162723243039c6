"""The folder of copies: private files by id, in the order of their serials."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.stores.attestations import AttestationFolder


def test_put_get_drop(tmp_path: Path) -> None:
    folder = AttestationFolder(tmp_path / "attestations")
    assert (folder.ids(), folder.get("KGA-00ff00ff-upbit-0001")) == ((), None)
    for serial in ("10000", "0002", "9999"):
        folder.put(f"KGA-00ff00ff-upbit-{serial}", serial.encode())
    folder.put("KGA-00ff00ff-upbit-0002", b"anew")
    (tmp_path / "attestations" / "KGA-notes.zip").write_bytes(b"")
    assert [one.rpartition("-")[2] for one in folder.ids()] == ["0002", "9999", "10000"]
    assert folder.get("KGA-00ff00ff-upbit-0002") == b"anew"
    assert (tmp_path / "attestations").stat().st_mode & 0o077 == 0
    folder.drop("KGA-00ff00ff-upbit-0002")
    assert folder.get("KGA-00ff00ff-upbit-0002") is None


def test_nothing_else_is_read(tmp_path: Path) -> None:
    folder = AttestationFolder(tmp_path)
    with pytest.raises(UsageError):
        folder.get("../KGA-00ff00ff-upbit-0001")
    folder.put("KGA-00ff00ff-upbit-0001", b"x")
    (tmp_path / "KGA-00ff00ff-upbit-0001.zip").chmod(0o666)
    with pytest.raises(StoreError) as error:
        folder.get("KGA-00ff00ff-upbit-0001")
    assert error.value.code == "store.exposed"
