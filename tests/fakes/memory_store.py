"""SecretStore in memory: the object is the disk, it survives a process that dies."""

from __future__ import annotations

from keyguard.core.errors import NotStored, StoreError
from keyguard.core.secret import Secret


class MemoryStore:
    kind = "encrypted_file"

    def __init__(self) -> None:
        self.items: dict[str, Secret] = {}
        self.broken = False

    def put(self, name: str, secret: Secret) -> None:
        self._check()
        if name in self.items and self.items[name] != secret:
            raise StoreError("an item of this name holds another value", code="store.taken")
        self.items[name] = secret

    def get(self, name: str) -> Secret:
        self._check()
        if name not in self.items:
            raise NotStored(f"no item {name}", code="store.missing")
        return self.items[name]

    def delete(self, name: str) -> None:
        self._check()
        self.items.pop(name, None)

    def names(self) -> tuple[str, ...]:
        self._check()
        return tuple(sorted(self.items))

    def _check(self) -> None:
        if self.broken:
            raise StoreError("the store is locked", code="store.locked")
