"""The concrete parts for moving a home's secrets from one store to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.core import share
from keyguard.gateway.clock import SystemClock
from keyguard.home import STORES
from keyguard.stores.file_lock import locked
from keyguard.stores.private_file import remove_private
from keyguard.stores.vault_file import create_vault
from keyguard.workflows.migrate import Move, Side
from keyguard.workflows.recovery_share import SHARES

if TYPE_CHECKING:
    from keyguard.core.secret import Secret
    from keyguard.home import Config, Home
    from keyguard.ports.secrets import SecretStore
    from keyguard.stores.vault_file import VaultFile

KINDS = {"os-keyring": "os_keyring", "file": "encrypted_file"}
"""A store's name in the configuration -> its KGA/1 word."""


@dataclass(slots=True)
class Passphrase:
    """The vault's passphrase, asked for once: the one of a vault that is there, else a new one."""

    home: Home
    unlock: Callable[[], Secret]
    new: Callable[[], Secret]
    known: Secret | None = None

    def __call__(self) -> Secret:
        """Return it; what `unlock` and `new` raise."""
        if self.known is None:
            self.known = self.unlock() if self.home.vault_file.exists() else self.new()
        return self.known


def move_to(home: Home, config: Config, to: str, passphrase: Callable[[], Secret]) -> Move:
    """The move of a home's secrets to the store `to`; the other one is the source."""
    (other,) = set(STORES) - {to}
    return Move(
        source=side(home, config.id, other, passphrase),
        target=side(home, config.id, to, passphrase),
        frozen=lambda: locked(home.store_lock),
        switched=lambda: home.read().store == to,
        switch=lambda: home.write(replace(home.read(), store=to)),
    )


def side(home: Home, home_id: str, store: str, passphrase: Callable[[], Secret]) -> Side:
    """One of a home's possible stores as one side of a move."""
    if store == "file":
        return _vault_side(home, wiring.vault(home, passphrase), passphrase)
    keyring = wiring.store_named(home, home_id, store, passphrase)
    return Side(
        store=keyring,
        held=keyring.names,
        make=lambda: None,
        fill=lambda items: _put_each(keyring, items),
        finish=lambda: None,
        clear=lambda: _delete_each(keyring),
    )


def _vault_side(home: Home, vault: VaultFile, passphrase: Callable[[], Secret]) -> Side:
    path = home.vault_file

    def make() -> None:
        if not path.exists():
            create_vault(path, passphrase(), SystemClock())

    return Side(
        store=vault,
        held=lambda: vault.names() if path.exists() else (),
        make=make,
        fill=vault.put_many,
        finish=lambda: _add_shares(vault),
        clear=lambda: remove_private(path),
    )


def _add_shares(vault: VaultFile) -> None:
    """Let the recovery shares whose keys are among the vault's items open the vault itself too."""
    for name in vault.names():
        if name.startswith(SHARES):
            key = vault.get(name)
            vault.add_recovery(key, share.id_of(key))


def _put_each(store: SecretStore, items: Mapping[str, Secret]) -> None:
    for name, secret in items.items():
        store.put(name, secret)


def _delete_each(store: SecretStore) -> None:
    for name in store.names():
        store.delete(name)
