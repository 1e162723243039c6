"""A home as one encrypted file, and back.

`stores/backup_format.py` has the file's envelope, `stores/backup_sections.py` and `backup_files.py` what
stands in it.

A restore builds a whole home beside the place where it belongs, checks everything there, and renames it:
before that nothing is at that place, after it all is. What a restore that was killed left beside it, the
next one removes, keyring items included.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyguard import __version__, moves, wiring
from keyguard.core.canonical import parse_instant
from keyguard.core.errors import IntegrityError, KeyguardError, StoreError, UsageError
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.home import Config, Home, rights_members, rights_policy
from keyguard.ports.secrets import get_many
from keyguard.stores.attestations import AttestationFolder
from keyguard.stores.audit import SqlAuditLog
from keyguard.stores.backup_files import FOLDERS, files_of, pieces, restore_files
from keyguard.stores.backup_format import Reader, Writer, damaged
from keyguard.stores.backup_sections import (
    WITHOUT_FILES,
    copy_database,
    demand_end,
    read_items,
    read_manifest,
    sections,
)
from keyguard.stores.database import open_database, sqlite_url
from keyguard.stores.file_lock import locked
from keyguard.stores.inventory import SqlInventory
from keyguard.stores.private_file import translated
from keyguard.stores.snapshot import snapshot
from keyguard.stores.vault_format import FILE_ID_BYTES
from keyguard.stores.vault_keys import DEFAULT_COST, KEY_BYTES, Keys, WrapKind, key_wrap, passphrase_wrap
from keyguard.workflows import backup, kept_files, preserve
from keyguard.workflows.backup import LogHead, Origin, Restoration
from keyguard.workflows.records import instant
from keyguard.workflows.recovery_share import SHARES

if TYPE_CHECKING:
    from keyguard.ports.all import Ports
    from keyguard.ports.inventory import Inventory
    from keyguard.ports.person import Person

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that stands and was read back. `missing`: keys in use whose secret the store itself lacks.

    `files`: how many attestations and files of incidents it holds; `left_out`: what of these folders is no
    plain file with a name that every system takes.
    """

    id: str
    size: int
    items: int
    head: LogHead
    missing: tuple[str, ...]
    files: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """A home that was restored. `files`: as in `Made`; None where the backup is of a form without them.

    `lacking`: attestations and incidents that the log tells of and whose files are not there.
    """

    origin: Origin
    items: int
    restoration: Restoration
    missing: tuple[str, ...]
    files: int | None
    lacking: tuple[str, ...]


def create(home: Home, ports: Ports, file: Path, passphrase: Secret | None) -> Made:
    """Write a backup of the home to `file` (0600), lock it for the passphrase and every recovery share.

    Others may go on working. UsageError `backup.exists`, `backup.no_lock` where nothing could open it;
    StoreError, IntegrityError where the log does not verify. Then there is no file.
    """
    if file.exists():
        raise UsageError(
            f"{file} exists already",
            code="backup.exists",
            still="it was not touched",
            hint="name another file",
        )
    if passphrase is None and not any(name.startswith(SHARES) for name in ports.secrets.names()):
        raise UsageError(
            "nothing could open this backup: there is neither a passphrase for it nor a recovery share",
            code="backup.no_lock",
            still="no backup was made",
            hint="--backup-passphrase-file F, or first: keyguard store recovery make",
        )
    config = home.read()
    with (
        locked(home.path / "backup.lock"),
        contextlib.closing(open_database(wiring.database_url(home, config))) as database,
    ):
        made_at = ports.clock.now()
        name = backup.note(ports, len(ports.secrets.names()))
        copy = home.path / "backup.db"

        @contextlib.contextmanager
        def taken() -> Iterator[Inventory]:
            with snapshot(database, copy), _opened_copy(copy) as (inventory, _):
                yield inventory

        with backup.collected(ports.secrets, taken) as found:
            head = _verified(copy)
            files = files_of(home.path)  # after the snapshot: what its records tell of was there before
            manifest = {
                "backup": name,
                "made_at": instant(made_at),
                "tool_version": __version__,
                "store": config.store,
                "config": _chosen(config),
                "log": {"records": head.records, "chain": head.chain},
                "missing": list(found.missing),
            }
            keys = Keys(os.urandom(FILE_ID_BYTES).hex(), ports.clock.token(KEY_BYTES))
            wraps = _wraps(keys, passphrase, found.items, ports.clock.token)
            content = chain(sections(manifest, found.items, copy), pieces(home.path, files.names))
            size = _write(file, keys, wraps, content)
            return Made(name, size, len(found.items), head, found.missing, len(files.names), files.left_out)


def restore(
    home: Home,
    file: Path,
    key: Secret,
    *,
    store: str,
    new_passphrase: Callable[[], Secret],
    known: LogHead | None,
    person: Person,
) -> Restored:
    """Make the home from a backup that `key` (a passphrase, or a recovery share's key) opens.

    `store` is where the secrets shall live, "" for the kind they lived in. `known`: see
    `backup.tell_restored`. UsageError `home.exists` unless there is nothing at the home's place. All else
    that is wrong raises before anything stands there.
    """
    if home.path.exists() and (not home.path.is_dir() or any(home.path.iterdir())):
        raise UsageError(
            f"{home.path} is not empty; a backup is restored to an empty place only",
            code="home.exists",
            still="nothing was changed",
            hint="name another --home, or move what is there away",
        )
    staged = Home(home.path.with_name(home.path.name + ".restoring"))
    lock = staged.path.with_name(staged.path.name + ".lock")
    with translated(home.path.parent):
        home.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(lock, patience=0):
        _clear(staged)
        try:
            done = _build(staged, file, key, store, new_passphrase, known, person)
            _put_in_place(staged, home)
        except BaseException:
            with contextlib.suppress(KeyguardError, OSError):
                _clear(staged)
            raise
        with translated(lock):
            lock.unlink()
    return done


def _build(
    staged: Home,
    file: Path,
    key: Secret,
    store: str,
    new_passphrase: Callable[[], Secret],
    known: LogHead | None,
    person: Person,
) -> Restored:
    clock = SystemClock()
    with contextlib.ExitStack() as closing:
        with translated(file):
            stream = closing.enter_context(file.open("rb"))
        reader = Reader(stream, key)
        manifest = read_manifest(reader)
        config = _config(clock.token(8).hex(), store or manifest["store"], manifest["config"])
        staged.write(config)  # first: by its id the next restore finds what this one may leave behind
        items = read_items(reader)
        copy_database(reader, staged.database_file)
        files = None if manifest["format"] == WITHOUT_FILES else restore_files(reader, staged.path)
        demand_end(reader)
    head = LogHead(manifest["log"]["records"], manifest["log"]["chain"])
    with _opened_copy(staged.database_file) as (inventory, log):
        verified = log.verify()
        if (verified.records, verified.chain.hex()) != (head.records, head.chain):
            raise IntegrityError(
                "the log in the backup does not end where the backup says", code="backup.log"
            )
        missing = backup.missing(inventory, items)
        if set(missing) - set(manifest["missing"]):
            raise IntegrityError("the backup lacks secrets of keys in use", code="backup.items")
        if known is not None:
            backup.check_head(log, known)
    with contextlib.closing(open_database(sqlite_url(staged.database_file))) as database:
        database.backend.prepare()
    _fill(staged, config, items, new_passphrase)
    origin = Origin(manifest["backup"], parse_instant(manifest["made_at"]), head)
    with wiring.opened(staged, new_passphrase, person) as ports:
        restoration = backup.tell_restored(ports, origin, known)
        ports.audit.verify()
        lacking = kept_files.lacking(ports, AttestationFolder(staged.attestations).ids(), _packages(staged))
    return Restored(origin, len(items), restoration, missing, files, lacking)


def _packages(home: Home) -> Callable[[str], int]:
    return lambda incident: sum(1 for _ in (home.incidents / incident).glob(f"*/{preserve.SUMS}"))


def _chosen(config: Config) -> dict[str, Any]:
    """All a home has chosen but what it is and where: a setting left out here would be lost by a restore."""
    names = [one.name for one in fields(config) if one.name not in ("id", "store", "database")]
    return {name: getattr(config, name) for name in names} | {"rights": rights_members(config.rights)}


def _config(home_id: str, store: str, chosen: Mapping[str, Any]) -> Config:
    """What the backed up home had chosen; its policy of rights too, or a restored one would be laxer."""
    try:
        policy = rights_policy(chosen.get("rights", {}))
    except ValueError:
        raise damaged("its policy of rights means nothing") from None
    return Config(id=home_id, store=store, **{**chosen, "rights": policy})


def _fill(staged: Home, config: Config, items: dict[str, Secret], passphrase: Callable[[], Secret]) -> None:
    new = moves.side(staged, config.id, config.store, passphrase)
    new.make()
    new.fill(items)
    if new.held() != tuple(sorted(items)) or get_many(new.store, items) != items:
        raise IntegrityError("the new store does not return what was put into it", code="store.read_back")
    new.finish()


def _put_in_place(staged: Home, home: Home) -> None:
    """One rename; on disk before this returns."""
    try:
        if home.path.exists():
            home.path.rmdir()  # empty: checked; not every system renames onto an empty folder
        staged.path.rename(home.path)
    except OSError as error:
        raise StoreError(
            f"{home.path} cannot be put in place: {(error.strerror or 'error').lower()}",
            code="home.read_only",
            still="no home was made",
            hint="name a --home whose parent folder you can write to, and that is no mount point",
        ) from None
    with contextlib.suppress(OSError):
        handle = os.open(home.path.parent, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _clear(staged: Home) -> None:
    """Remove what an unfinished restore left, its items in the OS keyring first: the folder names them."""
    if not staged.path.exists():
        return
    ours = ("config.toml", "keyguard.db", "vault.kgv", "store.lock", "keyring.lock", *FOLDERS)
    if any(not path.name.startswith(ours) for path in staged.path.iterdir()):
        raise UsageError(
            f"{staged.path} is in the way and holds what no restore leaves there",
            code="home.exists",
            still="nothing was changed",
            hint="move it away, or name another --home",
        )
    if staged.exists():
        config = staged.read()
        if config.store == "os-keyring":
            keyring = wiring.store_named(staged, config.id, config.store, _nobody)
            for name in keyring.names():
                keyring.delete(name)
    with translated(staged.path):
        shutil.rmtree(staged.path)


def _nobody() -> Secret:
    raise AssertionError("the OS keyring asks for no passphrase of ours")


def _wraps(
    keys: Keys, passphrase: Secret | None, items: Mapping[str, Secret], token: Callable[[int], bytes]
) -> tuple[dict[str, Any], ...]:
    shares = [(name.removeprefix(SHARES), items[name]) for name in sorted(items) if name.startswith(SHARES)]
    wraps = [key_wrap(keys, key, WrapKind.RECOVERY_SHARE, token, wrap_id=name) for name, key in shares]
    if passphrase is not None:
        wraps.append(passphrase_wrap(keys, passphrase, DEFAULT_COST, token))
    return tuple(wraps)


def _write(
    file: Path,
    keys: Keys,
    wraps: tuple[dict[str, Any], ...],
    content: Iterable[bytes],
) -> int:
    """Write, flush, read all of it back, and only then give it its name."""
    part = file.with_name(file.name + ".part")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    with translated(part):
        part.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(part, flags, 0o600), "w+b") as stream:
                digest = hashlib.sha256()
                writer = Writer(stream, keys, wraps)
                for data in content:
                    digest.update(data)
                    writer.write(data)
                writer.close()
                stream.flush()
                os.fsync(stream.fileno())
                stream.seek(0)
                _compare(Reader(stream, keys), digest.digest())
            size = part.stat().st_size
            part.rename(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return size


def _compare(reader: Reader, digest: bytes) -> None:
    seen = hashlib.sha256()
    while block := reader.read(_BLOCK):
        seen.update(block)
    if seen.digest() != digest:
        raise damaged("it does not read back as written")


@contextlib.contextmanager
def _opened_copy(path: Path) -> Iterator[tuple[Inventory, SqlAuditLog]]:
    with contextlib.closing(open_database(sqlite_url(path))) as database:
        yield SqlInventory(database), SqlAuditLog(database, SystemClock())


def _verified(copy: Path) -> LogHead:
    with _opened_copy(copy) as (_, log):
        found = log.verify()
    return LogHead(found.records, found.chain.hex())
