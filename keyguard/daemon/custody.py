"""The store while the daemon runs: locked or unlocked, and what of it is in memory in plain.

In memory in plain are: the salts by which records name people and hosts, while the store is unlocked; a
credential, while a lease on its version runs. Locking drops both; leases run on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from keyguard.core.errors import KeyguardError, StoreError
from keyguard.core.exchange import Credential
from keyguard.core.keys import KeyVersion
from keyguard.core.secret import Secret
from keyguard.ports.all import Ports
from keyguard.ports.secrets import SecretStore
from keyguard.workflows import credentials, identity
from keyguard.workflows.identity import Names

Unlocker = Callable[[], Secret]

_LOG = logging.getLogger(__name__)


class Custody:
    """A SecretStore that can be locked. Safe to use from several threads.

    `store_now` says which kind of store the home uses now; where the home was moved to another while this one
    was open, that one is opened by `own`, what the daemon was started with, or stays locked for a person.
    `make` builds the store around what unlocks it. `turn` counts lockings: what was read in an earlier turn
    must not be released in a later one.
    """

    def __init__(
        self, store_now: Callable[[], str], make: Callable[[Unlocker], SecretStore], own: Unlocker
    ) -> None:
        self.kind = store_now()
        self.turn = 0
        self._store_now = store_now
        self._make = make
        self._own = own
        self._store: SecretStore | None = None
        self._changing = threading.Lock()

    @property
    def locked(self) -> bool:
        """Whether nothing can be read."""
        return self._store is None

    def unlock(self, passphrase: Unlocker) -> None:
        """Open the store, or raise StoreError and leave everything as it was. Blocks: stretches, prompts."""
        kind = self._store_now()
        store = self._make(passphrase)
        store.names()  # a store opens when it is first used: a wrong passphrase must show here
        with self._changing:
            self._store, self.kind = store, kind

    def lock(self) -> None:
        """Forget the store with the key it was opened with."""
        with self._changing:
            self._store = None
            self.turn += 1

    def follow(self) -> None:
        """Go on with the store the home uses now. StoreError `home.replaced` where the home is gone."""
        kind = self._store_now()
        with self._changing:
            if kind != self.kind:
                self.kind = kind
                self._reopen()

    def _reopen(self) -> None:
        if self._store is None:
            return
        try:
            store = self._make(self._own)
            store.names()
        except KeyguardError as error:
            self._store = None
            self.turn += 1
            _LOG.warning("the secrets were moved to %s, which cannot be opened: %s", self.kind, error.code)
        else:
            self._store = store
            _LOG.info("the secrets were moved to %s, which is open now", self.kind)

    def put(self, name: str, secret: Secret) -> None:
        """See SecretStore."""
        self._open().put(name, secret)

    def get(self, name: str) -> Secret:
        """See SecretStore."""
        return self._open().get(name)

    def delete(self, name: str) -> None:
        """See SecretStore."""
        self._open().delete(name)

    def names(self) -> tuple[str, ...]:
        """See SecretStore."""
        return self._open().names()

    def _open(self) -> SecretStore:
        self.follow()
        with self._changing:
            if self._store is None:
                raise locked()
            return self._store


class Plaintext:
    """What was read from custody and is kept. The writer thread reads, the event loop drops."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._names: dict[str, Names] = {}
        self._credentials: dict[str, Credential] = {}

    def namer(self, venue: str) -> Names:
        """The names of a venue's records; StoreError where the store is locked."""
        found = self._names.get(venue)
        if found is None:
            found = self._names[venue] = identity.names(self._ports, venue)
        return found

    def credential(self, version: KeyVersion) -> Credential:
        """A version's credential; raises what `credentials.load` raises.

        An app's tokens are never kept: they are refreshed under the same version.
        """
        found = self._credentials.get(version.id)
        if found is None:
            found = credentials.load(self._ports, version)
            if found.tokens is None:
                self._credentials[version.id] = found
        return found

    def drop(self, version_id: str) -> None:
        """The last lease on it ended."""
        self._credentials.pop(version_id, None)

    def clear(self) -> None:
        """The store was locked."""
        self._names.clear()
        self._credentials.clear()


def locked() -> StoreError:
    """Nothing is released now."""
    return StoreError(
        "the daemon's store is locked",
        code="store.locked",
        still="leases that were given run on",
        hint="keyguard store unlock",
    )
