"""The home while the daemon runs: others may move its secrets to another store, or the whole of it away."""

from __future__ import annotations

import logging
from pathlib import Path

from keyguard.core.errors import KeyguardError, StoreError
from keyguard.home import Home

_LOG = logging.getLogger(__name__)
_WORDS = {"os-keyring": "os_keyring", "file": "encrypted_file"}


class HomeNow:
    """What the home's configuration says now, read again when its file was changed. Cheap to ask.

    A home is known by its id: inode numbers of folders change by themselves on some file systems.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stamp = _stamp(home.config_file)
        config = home.read()
        self._id, self._store = config.id, config.store

    def store(self) -> str:
        """KGA's word for the store the home uses now. StoreError `home.replaced` where another home, or
        none, stands at its place: it was moved, or a backup was restored there."""
        try:
            stamp = _stamp(self._home.config_file)
        except OSError:
            raise _replaced() from None
        if stamp != self._stamp:
            self._read()
            self._stamp = stamp
        return kind_word(self._store)

    def _read(self) -> None:
        try:
            config = self._home.read()
        except KeyguardError as error:
            _LOG.warning("the configuration cannot be read: what it said before holds: %s", error.code)
            return
        if config.id != self._id:
            raise _replaced()
        self._store = config.store


def kind_word(store: str) -> str:
    """KGA's word for a store by its name in the configuration; records need it before the store is open."""
    return _WORDS.get(store, "external_vault")


def _replaced() -> StoreError:
    return StoreError(
        "the home of this daemon was moved away or replaced",
        code="home.replaced",
        still="nothing was handed out",
        hint="keyguard daemon start, for the home that is there now",
    )


def _stamp(file: Path) -> tuple[int, int, int]:
    """A file that is replaced by a rename is another one."""
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
