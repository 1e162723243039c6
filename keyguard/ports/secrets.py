"""Where secrets live."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from keyguard.core.errors import NotStored
from keyguard.core.secret import Secret


class SecretStore(Protocol):
    """Four operations; one contract test class for every store. An item is never overwritten in place.

    Names are ASCII `[a-z0-9/_.-]{1,120}`. Every method raises StoreError (exit 3) when the store is
    locked, missing, damaged or full; then nothing is lost: what could be read before still can after.
    """

    kind: str
    """KGA/1 §5.3 storage word: os_keyring, encrypted_file …"""

    def put(self, name: str, secret: Secret) -> None:
        """Store durably under a new name. The same value again is fine; another value raises StoreError."""
        ...

    def get(self, name: str) -> Secret:
        """Return the item; raises NotStored if there is none."""
        ...

    def delete(self, name: str) -> None:
        """Remove the item; a name that is not there is fine."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted."""
        ...


@runtime_checkable
class ManyAtOnce(Protocol):
    """What a store may offer besides: reading many items for little more than the price of one."""

    def get_many(self, names: Iterable[str]) -> dict[str, Secret]:
        """Return those of the items that are there; StoreError as `SecretStore`."""
        ...


def get_many(store: SecretStore, names: Iterable[str]) -> dict[str, Secret]:
    """Those of the items that are there, by the store's own way if it has one."""
    if isinstance(store, ManyAtOnce):
        return store.get_many(names)
    found = {}
    for name in names:
        try:
            found[name] = store.get(name)
        except NotStored:
            continue
    return found
