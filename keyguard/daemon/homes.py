"""The home while the daemon runs: others may move its secrets to another store, or the whole of it away."""

from __future__ import annotations

import logging
from pathlib import Path

from keyguard.core.errors import KeyguardError, StoreError
from keyguard.home import Home

_LOG = logging.getLogger(__name__)
_WORDS = {"os-keyring": "os_keyring", "file": "encrypted_file"}


class HomeNow:
    """What the home's configuration says now, read again when its file was replaced. Cheap to ask."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._folder = _place(home.path)
        self._file = _stamp(home.config_file)
        self._kind = kind_word(home.read().store)

    def demand_there(self) -> None:
        """Raise StoreError `home.replaced` where another folder, or none, stands at the home's place: a
        backup was restored there, or the home was moved."""
        try:
            same = _place(self._home.path) == self._folder
        except OSError:
            same = False
        if not same:
            raise StoreError(
                "the home of this daemon was moved away or replaced",
                code="home.replaced",
                still="nothing was handed out",
                hint="keyguard daemon start, for the home that is there now",
            )

    def store(self) -> str:
        """KGA's word for the store the home uses now; raises what `demand_there` raises."""
        self.demand_there()
        try:
            stamp = _stamp(self._home.config_file)
            if stamp != self._file:
                self._kind, self._file = kind_word(self._home.read().store), stamp
        except (OSError, KeyguardError):
            _LOG.debug("the configuration cannot be read now: what it said last holds")
        return self._kind


def kind_word(store: str) -> str:
    """KGA's word for a store by its name in the configuration; records need it before the store is open."""
    return _WORDS.get(store, "external_vault")


def _place(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


def _stamp(file: Path) -> tuple[int, int, int]:
    """A file that is replaced by a rename is another one."""
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
