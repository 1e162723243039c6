"""Copies of the logs of enrolled agents: the newest of each, and those that contradicted it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from keyguard.core.errors import UsageError
from keyguard.stores.private_file import read_private, replace_private, translated

_ID = re.compile(r"[0-9a-f]{16}")
_LARGEST = 2 * 1024**3


class AgentLogs:
    """A folder of 0700, made with its first file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def path(self, log_id: str) -> Path:
        """Where one stands; UsageError for what is no log's id."""
        if not _ID.fullmatch(log_id):
            raise UsageError(f"{log_id!r} is no log's id", code="agent.unknown")
        return self._path / f"{log_id}.kgl"

    def get(self, log_id: str) -> bytes | None:
        """The copy taken in last; None without. StoreError where others could change it."""
        path = self.path(log_id)
        return read_private(path, _LARGEST) if path.exists() else None

    def put(self, log_id: str, data: bytes) -> None:
        """Keep it in the place of the one before, on disk before this returns; StoreError."""
        self._write(self.path(log_id), data)

    def refuse(self, log_id: str, data: bytes) -> str:
        """Keep one that contradicts it, as evidence; where."""
        path = self.path(log_id)
        aside = path.with_name(f"{path.stem}-refused-{hashlib.sha256(data).hexdigest()[:16]}.kgl")
        self._write(aside, data)
        return str(aside)

    def _write(self, path: Path, data: bytes) -> None:
        with translated(path):
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_private(path, data)
