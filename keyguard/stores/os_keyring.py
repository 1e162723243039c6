"""The OS keyring store: GNOME Keyring and its kin, macOS Keychain, Windows Credential Manager.

One item a name: service `keyguard`, user name `HOME_ID/NAME`. The backend class is named, never
discovered. `split_items.py` has the items' format, `name_index.py` the list where a keyring cannot be
searched, `secret_service.py` what keeps Linux from waiting for ever.
"""

from __future__ import annotations

import re
import sys
from functools import cached_property
from pathlib import Path

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.stores.file_lock import locked
from keyguard.stores.items import check_name, check_value, not_kept, not_stored, other_value
from keyguard.stores.name_index import NameIndex
from keyguard.stores.os_backends import OsBackend, os_backend
from keyguard.stores.secret_service import missing
from keyguard.stores.split_items import SERVICE, SplitItems, translated

_HOME_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UNKNOWN = f"keyguard knows no OS keyring for {sys.platform}"


def probe(backend: OsBackend | None = None) -> str:
    """Return "" if the OS keyring is usable now, else why not, in words.

    Quick, without a prompt, without starting or writing anything.
    """
    backend = backend or os_backend()
    if backend is None:
        return _UNKNOWN
    try:
        with translated(backend):
            return backend.probe()
    except StoreError as error:
        return error.message


class OsKeyring:
    """SecretStore in the OS keyring; safe to use from several processes at once.

    `home_id` ([A-Za-z0-9_-], at most 64) keeps the homes of one user apart. `lock` is a file in the home:
    a keyring has no "create, but never replace", so whoever writes holds it.
    """

    kind = "os_keyring"

    def __init__(self, home_id: str, lock: Path, backend: OsBackend | None = None) -> None:
        if not _HOME_ID.fullmatch(home_id):
            raise ValueError("a home id has letters, digits, _ and - only")
        self._home_id = home_id
        self._lock = lock
        self._named = backend

    def put(self, name: str, secret: Secret) -> None:
        """Store and read back; see SecretStore."""
        username, value = self._username(name), check_value(secret)
        # Read before locking: a prompt to unlock must not keep other processes waiting.
        if (stored := self._items.read(username)) is None:
            with locked(self._lock):
                if (stored := self._items.read(username)) is None:
                    self._create(name, value)
                    return
        if Secret(stored) != secret:
            raise other_value(name)

    def get(self, name: str) -> Secret:
        """Fetch the item; see SecretStore."""
        value = self._items.read(self._username(name))
        if value is None:
            raise not_stored(name)
        return Secret(value)

    def delete(self, name: str) -> None:
        """Remove the item; see SecretStore."""
        username = self._username(name)
        self._items.exists(username)  # prompts, if need be, before the lock is held
        with locked(self._lock):
            self._items.remove(username)
            if self._index:
                self._index.remove(name)

    def names(self) -> tuple[str, ...]:
        """All names, sorted; see SecretStore."""
        if self._index:
            return tuple(
                name for name in sorted(self._index.names()) if self._items.exists(self._username(name))
            )
        assert self._backend.usernames
        with translated(self._backend):
            usernames = self._backend.usernames(self._items.api, SERVICE)
        home = f"{self._home_id}/"
        return tuple(sorted(name.removeprefix(home) for name in usernames if name.startswith(home)))

    def _create(self, name: str, value: str) -> None:
        username = self._username(name)
        if self._index:
            self._index.add(name)
        self._items.write(username, value)
        if self._items.read(username) != value:
            self._items.remove(username)
            raise not_kept(name)

    def _username(self, name: str) -> str:
        check_name(name)
        return f"{self._home_id}/{name}"

    @cached_property
    def _backend(self) -> OsBackend:
        backend = self._named or os_backend()
        if backend is None:
            raise missing(_UNKNOWN)
        return backend

    @cached_property
    def _items(self) -> SplitItems:
        with translated(self._backend):
            return SplitItems(self._backend, self._backend.api())

    @cached_property
    def _index(self) -> NameIndex | None:
        return None if self._backend.usernames else NameIndex(self._items, self._home_id)
