"""SQLite: one file of this machine, for one user.

The driver's own transaction handling is off; writers begin with BEGIN IMMEDIATE. WAL with
`synchronous=FULL`: a commit is on the disk when it returns.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event

from keyguard.core.errors import StoreError
from keyguard.stores import failures
from keyguard.stores.file_lock import locked
from keyguard.stores.private_file import translated

APPLICATION_ID = int.from_bytes(b"KGrd")


@dataclass(frozen=True, slots=True)
class Sqlite:
    """A file and the connections to it."""

    engine: Engine
    path: Path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def begin_write(self, connection: Connection) -> None:
        """Nothing more: the transaction began with BEGIN IMMEDIATE."""

    def is_usable(self, connection: Connection) -> bool:
        """A full disk makes SQLite undo the whole transaction: then there is nothing to go back to."""
        driver = connection.connection.driver_connection
        return isinstance(driver, sqlite3.Connection) and driver.in_transaction

    def scrub(self) -> None:
        """Empty the write-ahead log; deleted bytes in the file itself are overwritten as they are deleted."""
        # A reader in another process keeps it from being emptied: do not wait long, the next scrub will.
        with self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            patience = driver.execute("PRAGMA busy_timeout").fetchone()[0]
            driver.execute(f"PRAGMA busy_timeout = {min(patience, 200)}")
            try:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                driver.execute(f"PRAGMA busy_timeout = {patience}")

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Lock a file beside the database."""
        folder = self.path.with_name(self.path.name + "-locks")
        with translated(folder):
            folder.mkdir(mode=0o700, exist_ok=True)
        with locked(folder / name, patience=0):
            yield

    def tables(self, connection: Connection) -> set[str]:
        """The tables of the file."""
        return set(
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
        )

    def is_foreign(self, connection: Connection) -> bool:
        """Whether the file's application id is another one."""
        return connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION_ID

    def prepare(self) -> None:
        """Switch the file to write-ahead logging, once, when it is made."""
        with self.engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA journal_mode = WAL")

    def mark(self, connection: Connection) -> None:
        """Set the file's application id."""
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")

    def store_error(self, cause: BaseException | None) -> StoreError:
        """What SQLite's error means."""
        return failures.store_error(cause, self.path)

    def damaged(self) -> StoreError:
        """The file is damaged."""
        return failures.damaged(self.path)

    def missing(self) -> StoreError:
        """There is no file, or an empty one."""
        return failures.missing(self.path)


def opened(path: Path, *, create: bool, read_only: bool, looking: bool, patience: float) -> Sqlite:
    """Open a file; StoreError `database.missing` where there is none and none is to be made."""
    if not path.exists():
        if not create:
            raise failures.missing(path)
        _create_file(path)
    engine = _engine(path, read_only, patience)
    if looking:
        event.listen(engine, "connect", _refuse_writes)
    return Sqlite(engine, path)


def _refuse_writes(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA query_only = ON")


def _create_file(path: Path) -> None:
    """SQLite gives the files beside it (-wal, -shm) the same mode, so only its owner reads them all.

    Never open the file elsewhere in this process: closing it would drop SQLite's locks.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return  # another process was first; who migrates is decided under the write lock
    except OSError as error:
        raise StoreError(
            f"the database {path} cannot be created: {error.strerror}",
            code="database.read_only",
            hint="name a folder this user can write with --home",
        ) from error


def _engine(path: Path, read_only: bool, patience: float) -> Engine:
    query = {"uri": "true", "mode": "rw"}
    if read_only:
        # Without a pending log the file alone is the database; `immutable` needs no lock and no -shm.
        wal = path.with_name(path.name + "-wal")
        pending = wal.exists() and wal.stat().st_size > 0
        query = {"uri": "true", "mode": "ro"}
        if not pending:
            query["immutable"] = "1"
    url = URL.create("sqlite", database=f"file:{quote(str(path))}", query=query)
    engine = create_engine(url, connect_args={"timeout": patience}, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    for pragma in (
        "foreign_keys = ON",
        "synchronous = FULL",
        "fullfsync = ON",  # macOS: fsync alone stops at the drive's cache
        "secure_delete = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("keyguard_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
