"""The encrypted file store, for machines without an OS keyring.

One file, replaced whole at each write, so a crash leaves the old content or the new. `vault_format.py`
has its text, `vault_keys.py` its keys, `docs/vault-file.md` what it protects against and what not.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.secret import Secret
from keyguard.ports.clock import Clock
from keyguard.stores.file_lock import locked
from keyguard.stores.items import check_name, check_value, not_kept, not_stored, other_value
from keyguard.stores.private_file import read_private, replace_private
from keyguard.stores.vault_format import (
    FILE_ID_BYTES,
    MAX_FILE_BYTES,
    MAX_WRAPS,
    Box,
    Header,
    Vault,
    damaged,
    parse,
    serialise,
    serialise_body,
)
from keyguard.stores.vault_keys import (
    DEFAULT_COST,
    KEY_BYTES,
    NONCE_BYTES,
    Cost,
    Keys,
    WrapKind,
    key_wrap,
    passphrase_wrap,
    unwrap,
)


@dataclass(frozen=True, slots=True)
class Wrap:
    """One way to open a vault: its kind (a `WrapKind` value, or a later version's word) and its id."""

    id: str
    kind: str


def create_vault(path: Path, passphrase: Secret, clock: Clock, *, cost: Cost = DEFAULT_COST) -> None:
    """Make an empty vault that `passphrase` opens.

    Raises StoreError `store.exists` if anything is there already; never replaces it.
    """
    path = path.resolve()
    keys = Keys(clock.token(FILE_ID_BYTES).hex(), clock.token(KEY_BYTES))
    header = Header(keys.file, 0, (passphrase_wrap(keys, passphrase, cost, clock.token),))
    with locked(_lock_of(path)):
        if path.exists():
            raise StoreError(
                f"{path} exists already",
                code="store.exists",
                still="it was not touched",
                hint="use it, or name another file",
            )
        _write(path, header, {}, keys)


class VaultFile:
    """SecretStore in an encrypted file. Safe to use from several processes and threads at once.

    `unlock` is asked for a passphrase or a key file's text when the vault is first needed; the data key it
    opens stays in memory with this object.
    """

    kind = "encrypted_file"

    def __init__(self, path: Path, unlock: Callable[[], Secret], clock: Clock) -> None:
        self._path = path.resolve()
        self._unlock = unlock
        self._clock = clock
        self._keys: Keys | None = None
        self._unlocking = threading.Lock()

    def put(self, name: str, secret: Secret) -> None:
        """Store and read back; see SecretStore."""
        check_name(name)
        value = check_value(secret).encode()
        self._read()  # the passphrase is asked for, and stretched, before anybody is kept waiting
        with locked(_lock_of(self._path)):
            vault, keys = self._read()
            if name in vault.boxes:
                if not hmac.compare_digest(keys.decrypt(name, vault.boxes[name]), value):
                    raise other_value(name)
                return
            box = keys.encrypt(name, value, self._clock.token(NONCE_BYTES))
            _write(self._path, vault.header, {**vault.boxes, name: box}, keys)
            if self._read()[0].boxes.get(name) != box:
                raise not_kept(name)

    def put_many(self, items: Mapping[str, Secret]) -> None:
        """Store all of them with one write, or none, and read back; else as `put`."""
        values = {name: check_value(secret).encode() for name, secret in items.items()}
        for name in values:
            check_name(name)
        self._read()
        with locked(_lock_of(self._path)):
            vault, keys = self._read()
            fresh = {name: value for name, value in values.items() if name not in vault.boxes}
            for name in values.keys() - fresh.keys():
                if not hmac.compare_digest(keys.decrypt(name, vault.boxes[name]), values[name]):
                    raise other_value(name)
            if not fresh:
                return
            made = {n: keys.encrypt(n, v, self._clock.token(NONCE_BYTES)) for n, v in fresh.items()}
            _write(self._path, vault.header, {**vault.boxes, **made}, keys)
            kept = self._read()[0].boxes
            for name, box in made.items():
                if kept.get(name) != box:
                    raise not_kept(name)

    def get(self, name: str) -> Secret:
        """Decrypt the item; see SecretStore."""
        check_name(name)
        vault, keys = self._read()
        if name not in vault.boxes:
            raise not_stored(name)
        return Secret(keys.decrypt(name, vault.boxes[name]).decode())

    def get_many(self, names: Iterable[str]) -> dict[str, Secret]:
        """Decrypt those of the items that are there, reading the file once."""
        vault, keys = self._read()
        wanted = (name for name in names if name in vault.boxes)
        return {name: Secret(keys.decrypt(name, vault.boxes[name]).decode()) for name in wanted}

    def delete(self, name: str) -> None:
        """Remove the item; see SecretStore. Older copies of the file still hold it."""
        check_name(name)
        self._read()
        with locked(_lock_of(self._path)):
            vault, keys = self._read()
            if name in vault.boxes:
                _write(self._path, vault.header, _without(vault.boxes, name), keys)

    def names(self) -> tuple[str, ...]:
        """All names, sorted; see SecretStore."""
        return tuple(sorted(self._read()[0].boxes))

    def wraps(self) -> tuple[Wrap, ...]:
        """The ways to open this vault."""
        return tuple(_wrap(wrap) for wrap in self._read()[0].header.wraps)

    def change_passphrase(self, passphrase: Secret, *, cost: Cost = DEFAULT_COST) -> None:
        """Replace every passphrase by this one; key files and recovery shares stay valid.

        Three writes, each whole or not at all: the new lock is added, opened as a stranger would, and only
        then the old ones go. After a crash in between both passphrases open the vault.
        The data key stays: whoever holds an old copy of the file and an old passphrase can open later
        copies too. Against that, only a new vault helps (`keyguard store migrate`).
        """
        _, keys = self._read()
        fresh = passphrase_wrap(keys, passphrase, cost, self._clock.token)
        self._rewrap(lambda wraps, _: (fresh, *wraps))
        if unwrap(self._read()[0].header, passphrase).data != keys.data:
            raise not_kept("the lock of the new passphrase")

        def changed(wraps: tuple[Mapping[str, Any], ...], _: Keys) -> tuple[Mapping[str, Any], ...]:
            phrase = WrapKind.PASSPHRASE.value
            return tuple(w for w in wraps if w.get("kind") != phrase or w.get("id") == fresh["id"])

        self._rewrap(changed)

    def add_key(self, key: Secret, kind: WrapKind) -> str:
        """Let a random key open the vault too and return the new wrap's id.

        Raises UsageError `store.weak_key` if it is not 64 hex digits, `store.too_many_wraps`.
        """
        _, keys = self._read()
        wrap = key_wrap(keys, key, kind, self._clock.token)
        self._rewrap(lambda wraps, _: (*wraps, wrap))
        return str(wrap["id"])

    def add_recovery(self, key: Secret, share_id: str) -> None:
        """Let the key of a recovery share open the vault too, under the share's own id; again is fine."""
        _, keys = self._read()
        wrap = key_wrap(keys, key, WrapKind.RECOVERY_SHARE, self._clock.token, wrap_id=share_id)

        def added(wraps: tuple[Mapping[str, Any], ...], _: Keys) -> tuple[Mapping[str, Any], ...]:
            return wraps if any(w.get("id") == share_id for w in wraps) else (*wraps, wrap)

        self._rewrap(added)

    def remove_wrap(self, wrap_id: str) -> None:
        """Take one way to open the vault away. UsageError `store.last_wrap`, `store.unknown_wrap`."""

        def changed(wraps: tuple[Mapping[str, Any], ...], _: Keys) -> tuple[Mapping[str, Any], ...]:
            kept = tuple(wrap for wrap in wraps if wrap.get("id") != wrap_id)
            if len(kept) == len(wraps):
                raise UsageError(
                    f"the vault has no lock {wrap_id!a}",
                    code="store.unknown_wrap",
                    hint="`keyguard store status` lists them",
                )
            if not any(wrap.get("kind") in {kind.value for kind in WrapKind} for wrap in kept):
                raise UsageError(
                    "this is the only lock of the vault; without it nobody could open it",
                    code="store.last_wrap",
                    still="the vault was not changed",
                    hint="add another one first",
                )
            return kept

        self._rewrap(changed)

    def _rewrap(
        self, change: Callable[[tuple[Mapping[str, Any], ...], Keys], tuple[Mapping[str, Any], ...]]
    ) -> None:
        self._read()
        with locked(_lock_of(self._path)):
            vault, keys = self._read()
            wraps = change(vault.header.wraps, keys)
            if len(wraps) > MAX_WRAPS:
                raise UsageError(
                    f"the vault has {MAX_WRAPS} locks already",
                    code="store.too_many_wraps",
                    still="the vault was not changed",
                    hint="remove one first",
                )
            _write(self._path, replace(vault.header, wraps=wraps), vault.boxes, keys)

    def _read(self) -> tuple[Vault, Keys]:
        """Read the file in this order: 1 permissions, 2 version and checksum, 3 passphrase, 4 seal."""
        vault = parse(read_private(self._path, MAX_FILE_BYTES))
        keys = self._unlocked(vault.header)
        if not hmac.compare_digest(keys.seal(vault.body), vault.seal):
            raise damaged("its seal is wrong: items or locks were changed by something else than keyguard")
        return vault, keys

    def _unlocked(self, header: Header) -> Keys:
        # One thread asks and stretches; the others find the keys when it is done.
        with self._unlocking:
            if self._keys is None or self._keys.file != header.file:
                self._keys = unwrap(header, self._unlock())
            return self._keys


def _write(path: Path, header: Header, boxes: Mapping[str, Box], keys: Keys) -> None:
    body = serialise_body(replace(header, generation=header.generation + 1), boxes)
    content = serialise(body, keys.seal(body))
    if len(content) > MAX_FILE_BYTES:
        raise StoreError(
            f"the vault file would exceed {MAX_FILE_BYTES} bytes",
            code="store.full",
            still="what was stored before is unchanged",
            hint="remove items that are no longer needed",
        )
    replace_private(path, content)


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _without(boxes: Mapping[str, Box], name: str) -> dict[str, Box]:
    return {other: box for other, box in boxes.items() if other != name}


def _wrap(wrap: Mapping[str, Any]) -> Wrap:
    return Wrap(str(wrap.get("id", "")), str(wrap.get("kind", "")))
