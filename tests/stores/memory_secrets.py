"""The smallest SecretStore."""

from __future__ import annotations

from keyguard.core.errors import NotStored, StoreError
from keyguard.core.secret import Secret


class MemorySecrets:
    """A dictionary that keeps the rules of the port."""

    kind = "unknown"

    def __init__(self) -> None:
        self.items: dict[str, Secret] = {}

    def put(self, name: str, secret: Secret) -> None:
        if self.items.setdefault(name, secret) != secret:
            raise StoreError(f"another value is stored as {name}", code="store.exists")

    def get(self, name: str) -> Secret:
        if name not in self.items:
            raise NotStored(f"nothing is stored as {name}", code="store.no_item")
        return self.items[name]

    def delete(self, name: str) -> None:
        self.items.pop(name, None)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.items))
