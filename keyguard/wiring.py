"""Chooses the concrete parts: the only place that knows stores and gateway together."""

from __future__ import annotations

import contextlib
import gc
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.core.errors import StoreError, UsageError
from keyguard.gateway.clock import SystemClock
from keyguard.ports.all import Ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keyguard.core.incidents import Freeze
    from keyguard.core.secret import Secret
    from keyguard.home import Config, Home
    from keyguard.ports.audit import AuditLog
    from keyguard.ports.gateway import NonceSource
    from keyguard.ports.person import Person
    from keyguard.ports.seals import Seals
    from keyguard.ports.secrets import SecretStore
    from keyguard.ports.uses import Uses
    from keyguard.stores.database import Database
    from keyguard.stores.vault_file import VaultFile

PASSPHRASE_VARIABLE = "KEYGUARD_PASSPHRASE_FILE"  # noqa: S105 - names a file, holds no secret
SYSTEMD_CREDENTIAL = "keyguard.passphrase"


@dataclass(frozen=True, slots=True)
class Unlock:
    """Where the passphrase of the file store comes from: a file if one is named, else a prompt."""

    file: str | None
    prompt: Callable[[str], Secret]

    def __call__(self) -> Secret:
        """Return the passphrase; StoreError `store.locked` where nobody can be asked."""
        from keyguard.stores.passphrase import read_passphrase

        if (path := self.found()) is not None:
            return read_passphrase(path)
        return self.prompt("passphrase of the keyguard store: ")

    def found(self) -> Path | None:
        """The file it would be read from; None where somebody has to be asked."""
        if path := self.file or os.environ.get(PASSPHRASE_VARIABLE):
            return Path(path)
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if folder and (credential := Path(folder, SYSTEMD_CREDENTIAL)).is_file():
            return credential
        return None


def secret_store(home: Home, config: Config, unlock: Callable[[], Secret]) -> SecretStore:
    """The store this home has chosen; it unlocks when first used."""
    from keyguard.stores.current import CurrentStore

    inner = store_named(home, config.id, config.store, unlock)
    return CurrentStore(inner, lambda: home.read().store == config.store, home.store_lock)


def store_named(home: Home, home_id: str, store: str, unlock: Callable[[], Secret]) -> SecretStore:
    """One of a home's possible stores, whether it has chosen it or not."""
    if store == "os-keyring":
        from keyguard.stores.os_keyring import OsKeyring

        return OsKeyring(home_id, home.keyring_lock)
    return vault(home, unlock)


def vault(home: Home, unlock: Callable[[], Secret]) -> VaultFile:
    """The vault file of a home, for what only a file store can do."""
    from keyguard.stores.vault_file import VaultFile

    return VaultFile(home.vault_file, unlock, SystemClock())


def database_url(home: Home, config: Config) -> str:
    """The configured database, else the SQLite file of this home."""
    from keyguard.stores.database import sqlite_url

    return config.database or sqlite_url(home.database_file)


@contextlib.contextmanager
def opened(home: Home, unlock: Callable[[], Secret], person: Person) -> Iterator[Ports]:
    """All ports of a home; closed at the end. Raises what `opened_with` raises."""
    with opened_with(home, secret_store(home, home.read(), unlock), person) as ports:
        yield ports


@contextlib.contextmanager
def opened_with(home: Home, secrets: SecretStore, person: Person) -> Iterator[Ports]:
    """All ports of a home around this store; closed at the end.

    Raises UsageError without a home, StoreError for a database that is missing, newer or damaged.
    """
    from keyguard.stores.database import open_database
    from keyguard.stores.nonces import SqlNonces

    config = _read(home)
    with (
        contextlib.closing(open_database(database_url(home, config))) as database,
        _ports(config, database, secrets, person, SqlNonces(database)) as ports,
    ):
        yield ports


@contextlib.contextmanager
def opened_to_look(home: Home, person: Person) -> Iterator[Ports]:
    """All ports of a home, of which none changes anything and none gives a secret; closed at the end.

    Raises what `opened_with` raises, and StoreError `database.older` instead of migrating.
    """
    from keyguard.stores.closed import ClosedStore
    from keyguard.stores.database import open_database
    from keyguard.stores.nonces import SqlNonces

    config = _read(home)
    with (
        contextlib.closing(open_database(database_url(home, config), looking=True)) as database,
        _ports(config, database, ClosedStore(), person, SqlNonces(database)) as ports,
    ):
        yield ports


@contextlib.contextmanager
def opened_for_panic(
    home: Home, unlock: Callable[[], Secret], person: Person, file: Path
) -> Iterator[tuple[Ports, Ports]]:
    """All ports of a home twice: as ever, and writing to the emergency file alone.

    Opens a database that nobody can write, too. Raises what `opened_with` raises for one nobody can read.
    """
    from keyguard.stores.database import open_database
    from keyguard.stores.emergency import EmergencyFile, EmergencyNonces, ports_on
    from keyguard.stores.nonces import SqlNonces

    config = _read(home)
    url = database_url(home, config)
    try:
        opened = open_database(url)
    except StoreError as error:
        if error.code not in ("database.read_only", "database.full", "database.io", "database.locked"):
            raise
        opened = open_database(url, read_only=True)
    with contextlib.closing(opened) as database:
        nonces = EmergencyNonces(SqlNonces(database))
        with _ports(config, database, secret_store(home, config, unlock), person, nonces) as ports:
            yield ports, ports_on(ports, EmergencyFile(file, ports.clock))


def _read(home: Home) -> Config:
    config = home.read()
    home.demand_private()
    if not gc.get_freeze_count():
        gc.freeze()  # what was loaded stays: reading thousands of keys must not look through it each time
    return config


@contextlib.contextmanager
def _ports(
    config: Config, database: Database, secrets: SecretStore, person: Person, nonces: NonceSource
) -> Iterator[Ports]:
    from keyguard.gateway.venues import HttpGateway
    from keyguard.stores.audit import SqlAuditLog
    from keyguard.stores.findings import SqlFindings
    from keyguard.stores.incidents import SqlIncidents
    from keyguard.stores.inventory import SqlInventory
    from keyguard.stores.journal import SqlJournal
    from keyguard.stores.people import SqlPeople
    from keyguard.stores.seals import SqlSeals

    clock = SystemClock()
    gateway = HttpGateway(
        clock=clock,
        nonces=nonces,
        simulators=config.simulators,
        foreign=config.adapters,
        hosts=config.hosts,
        proxy=config.proxy,
    )
    with contextlib.closing(gateway):
        yield Ports(
            secrets=secrets,
            inventory=SqlInventory(database),
            journal=SqlJournal(database, secrets, clock),
            audit=SqlAuditLog(database, clock),
            gateway=gateway,
            clock=clock,
            person=person,
            people=SqlPeople(database, config.rights),
            findings=SqlFindings(database),
            incidents=SqlIncidents(database),
            seals=SqlSeals(database, secrets, clock),
            uses=_uses(database, config),
        )


def _uses(database: Database, config: Config) -> Uses | None:
    if not (config.use_rules or config.egress):
        return None
    from keyguard.home import egress, use_rules
    from keyguard.stores.uses import SqlUses

    return SqlUses(database, use_rules(config.use_rules), egress(config.egress))


@contextlib.contextmanager
def opened_log(home: Home) -> Iterator[AuditLog]:
    """The audit log alone, read-only: needs no store, no key, and works on a copy of the home."""
    from keyguard.stores.audit import SqlAuditLog
    from keyguard.stores.database import open_database

    config = home.read()
    with contextlib.closing(open_database(database_url(home, config), read_only=True)) as database:
        yield SqlAuditLog(database, SystemClock())


@contextlib.contextmanager
def opened_evidence(home: Home) -> Iterator[tuple[AuditLog, Seals]]:
    """Log and seals, read-only, as `opened_log`: what of them is encrypted stays so."""
    from keyguard.stores.audit import SqlAuditLog
    from keyguard.stores.database import open_database
    from keyguard.stores.seals import SqlSeals

    config = home.read()
    store = store_named(home, config.id, config.store, _nobody)
    with contextlib.closing(open_database(database_url(home, config), read_only=True)) as database:
        yield SqlAuditLog(database, SystemClock()), SqlSeals(database, store, SystemClock())


def _nobody() -> Secret:
    raise StoreError("evidence is read without the secret store", code="store.locked")


def freezes(home: Home) -> tuple[tuple[Freeze, str], ...]:
    """The freezes that stand, each with what people call its subject; needs no store and no key."""
    from keyguard.stores.database import open_database
    from keyguard.stores.incidents import SqlIncidents
    from keyguard.stores.inventory import SqlInventory

    config = home.read()
    with contextlib.closing(open_database(database_url(home, config), read_only=True)) as database:
        names = {key.id: key.name for key in SqlInventory(database).keys()}  # noqa: SIM118 - of the port
        return tuple((one, names.get(one.subject, one.subject)) for one in SqlIncidents(database).freezes())


def create(home: Home, config: Config, new_passphrase: Callable[[], Secret]) -> None:
    """Make what is missing of a home: vault file, database, and last the configuration."""
    from keyguard.stores.database import open_database
    from keyguard.stores.vault_file import create_vault

    try:
        home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{home.path} cannot be written: {error.strerror}",
            code="home.read_only",
            still="nothing was changed",
            hint="choose another folder with --home, or mend its permissions or free space",
        ) from None
    home.demand_private()
    if config.store == "file" and not home.vault_file.exists():
        create_vault(home.vault_file, new_passphrase(), SystemClock())
    open_database(database_url(home, config), create=True).close()
    home.write(config)


def choose(wanted: str | None) -> tuple[str, str]:
    """The store for a new home and why; `wanted` is taken at its word if it can work."""
    from keyguard.stores.choose import choose_store
    from keyguard.stores.os_keyring import probe

    if wanted == "os-keyring":
        if reason := probe():
            raise StoreError(
                f"the OS keyring cannot be used: {reason}",
                code="store.missing",
                still="nothing was changed",
                hint="unlock or start it, or choose `--store file`",
            )
        return wanted, "asked for"
    if wanted == "file":
        return wanted, "asked for"
    if wanted:
        raise UsageError(f"no store {wanted!r} in this version", code="usage", hint="os-keyring or file")
    choice = choose_store()
    return choice.store, choice.reason
