"""Folders of evidence that only their owner may read: what was preserved of an incident."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from keyguard.stores.private_file import translated


class EvidenceFolder:
    """One package: files of 0600 in a folder of 0700."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, chunks: Iterable[bytes]) -> str:
        """Write a file, wholly or not at all and on disk before this returns; its SHA-256 in hex."""
        digest, target = hashlib.sha256(), self.path / name
        fresh = target.with_name(name + ".new")
        with translated(target):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)
            if hasattr(os, "O_DIRECTORY"):
                folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        return digest.hexdigest()

    def read(self, name: str) -> Iterator[bytes]:
        """The lines of a file, with their ends; StoreError `store.missing`."""
        with translated(self.path / name), (self.path / name).open("rb") as file:
            yield from file
