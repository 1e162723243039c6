"""Copies of the attestations that were issued, one file each, which only their owner may read; and the one
that is handed over."""

from __future__ import annotations

import re
from pathlib import Path

from keyguard.core.errors import UsageError
from keyguard.stores.private_file import read_private, remove_private, replace_private, translated

_ID = re.compile(r"KGA-[0-9a-f]{8}-[a-z0-9-]{1,40}-[0-9]{4,9}")
_LARGEST = 2 * 1024**3


class AttestationFolder:
    """A folder of 0700, made with its first file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def path(self, id_: str) -> Path:
        """Where one stands; UsageError for what is no attestation's id."""
        if not _ID.fullmatch(id_):
            raise UsageError(f"{id_!r} is no attestation's id", code="attest.unknown")
        return self._path / f"{id_}.zip"

    def ids(self) -> tuple[str, ...]:
        """All that are kept, by recipient and serial."""
        found = [path.stem for path in self._path.glob("KGA-*.zip") if _ID.fullmatch(path.stem)]
        return tuple(sorted(found, key=lambda id_: (id_.rpartition("-")[0], int(id_.rpartition("-")[2]))))

    def get(self, id_: str) -> bytes | None:
        """The file of one; None without. StoreError where others could change it."""
        path = self.path(id_)
        return read_private(path, _LARGEST) if path.exists() else None

    def put(self, id_: str, data: bytes) -> None:
        """Keep it, on disk before this returns; StoreError."""
        path = self.path(id_)
        with translated(path):
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_private(path, data)

    def drop(self, id_: str) -> None:
        """Forget one that was not issued."""
        remove_private(self.path(id_))


def demand_folder(folder: Path) -> None:
    """UsageError `attest.offer` where no file could be put there: better said before one is issued."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise UsageError(
            f"{folder} is no folder for the file: {reason}", code="attest.offer", still="nothing was issued"
        ) from None


def demand_outside(home: Path, folder: Path) -> None:
    """UsageError `attest.folder` for a folder of the home: what stands there is keyguard's own."""
    if folder.resolve().is_relative_to(home.resolve()):
        raise UsageError(
            "the home itself is no folder for exports", code="attest.folder", still="nothing was issued"
        )


def demand_key(path: Path) -> None:
    """UsageError `attest.key` where there is no such file: better said before a passphrase is asked for."""
    if not path.is_file():
        raise UsageError(f"there is no key file {path}", code="attest.key", still="nothing was issued")


def offer(id_: str, data: bytes, folder: Path) -> Path:
    """Put the file where it was asked for; UsageError `attest.offer`, and then the home has it still."""
    path = folder / f"{id_}.zip"
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {(error.strerror or 'error').lower()}",
            code="attest.offer",
            still=f"{id_} was issued; the folder attestations of the home has the file",
        ) from None
    return path
