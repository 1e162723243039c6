"""A secret store in memory; it passes the contract of the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.stores.items import check_name, check_value, not_stored, other_value

if TYPE_CHECKING:
    from keyguard.core.secret import Secret


class MemoryStore:
    """SecretStore port. `items` may be looked into; `kind` is the word for the encrypted file's."""

    def __init__(self, kind: str = "encrypted_file") -> None:
        self.kind = kind
        self.items: dict[str, Secret] = {}

    def put(self, name: str, secret: Secret) -> None:
        check_name(name)
        check_value(secret)
        if self.items.setdefault(name, secret) != secret:
            raise other_value(name)

    def get(self, name: str) -> Secret:
        check_name(name)
        if name not in self.items:
            raise not_stored(name)
        return self.items[name]

    def delete(self, name: str) -> None:
        check_name(name)
        self.items.pop(name, None)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.items))
