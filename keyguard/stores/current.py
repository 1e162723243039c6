"""The store a home uses now: writing to it stops when the home has moved to another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.ports.secrets import SecretStore, get_many
from keyguard.stores.file_lock import locked


class CurrentStore:
    """SecretStore for a process that may run on while another moves the home's secrets elsewhere.

    What such a process put into the old store after the last look at it would be left behind. So whoever
    changes the store holds `lock`, as the move does when it switches, and asks `is_current` first.
    Reading is left alone: a running bot's key does not change by being moved.
    """

    def __init__(self, inner: SecretStore, is_current: Callable[[], bool], lock: Path) -> None:
        self.kind = inner.kind
        self._inner = inner
        self._is_current = is_current
        self._lock = lock

    def put(self, name: str, secret: Secret) -> None:
        """Store; StoreError `store.moved` if the home uses another store by now."""
        self._inner.names()  # unlocks, prompting if need be, before the lock is held
        with locked(self._lock):
            self._check()
            self._inner.put(name, secret)

    def get(self, name: str) -> Secret:
        """Return the item; see SecretStore."""
        return self._inner.get(name)

    def delete(self, name: str) -> None:
        """Remove the item; StoreError `store.moved` as in `put`."""
        self._inner.names()
        with locked(self._lock):
            self._check()
            self._inner.delete(name)

    def get_many(self, names: Iterable[str]) -> dict[str, Secret]:
        """Those of the items that are there."""
        return get_many(self._inner, names)

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted."""
        return self._inner.names()

    def _check(self) -> None:
        if not self._is_current():
            raise StoreError(
                "this home's secrets were moved to another store while this command ran",
                code="store.moved",
                still="nothing was written; what the venue answered is sealed in the journal",
                hint="run the command again, or `keyguard workflow resume` what it left",
            )
