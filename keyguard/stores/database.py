"""The one SQLite file below inventory, journal, audit log and nonces.

Transactions are real: the driver's own handling is off, every block begins one, writers with BEGIN
IMMEDIATE so that what they read before writing cannot change. A commit is on the disk (WAL with
`synchronous=FULL`) when the block ends.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from keyguard import __version__
from keyguard.core.errors import StoreError, UsageError
from keyguard.stores import failures, migrations

APPLICATION_ID = int.from_bytes(b"KGrd")
_WRITER = {"keyguard_begin": "BEGIN IMMEDIATE"}


class Database:
    """Transactions on one open database. Threads may share it; each has transactions of its own.

    Every block raises StoreError (exit 3) for what SQLite reports: `database.full`, `.locked`,
    `.read_only`, `.damaged`, `.missing` and others.
    """

    def __init__(self, engine: Engine, path: Path) -> None:
        self.path = path
        self._engine = engine
        self._current = threading.local()
        self._watching: PoolProxiedConnection | None = None
        self._stamping = threading.Lock()
        self._unsure = 0

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """See one state of the database throughout; inside `write`, the state written so far."""
        outer = self._open_connection()
        if outer is not None:
            yield outer
            return
        with self._explained(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, scrub: bool = False) -> Iterator[Connection]:
        """Change things; all of it is on disk when the block ends, or none after an exception.

        A block within a block joins it: then everything is on disk when the outermost block ends, and an
        exception undoes the inner block alone. `scrub` empties the write-ahead log afterwards, so that
        deleted bytes do not linger in it.
        """
        outer = self._open_connection()
        if outer is not None:
            self._current.scrub |= scrub
            with self._explained(), _savepoint(outer):
                yield outer
            return
        self._current.scrub = scrub
        with self._explained():
            with self._engine.connect() as pooled:
                connection = pooled.execution_options(**_WRITER)
                with connection.begin():
                    self._current.connection = connection
                    try:
                        yield connection
                    finally:
                        self._current.connection = None
            if self._current.scrub:
                self._empty_wal()

    @property
    def writing(self) -> bool:
        """Whether this thread is inside a `write` block."""
        return self._open_connection() is not None

    def stamp(self) -> int:
        """A number that is another one after any connection, of any process, has committed.

        It never waits for a lock: where SQLite would, the answer is a number never given before, which
        makes the asker look. Numbers of SQLite are positive, those made up here negative.
        """
        with self._stamping, self._explained():
            if self._watching is None:
                self._watching = self._engine.raw_connection()
                self._watching.cursor().execute("PRAGMA busy_timeout = 0")
            try:
                row = self._watching.cursor().execute("PRAGMA data_version").fetchone()
            except sqlite3.OperationalError:
                self._unsure -= 1
                return self._unsure
            return int(row[0])

    def use_wal(self) -> None:
        """Switch the file to write-ahead logging, once, when it is made."""
        with self._explained(), self._engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA journal_mode = WAL")

    def close(self) -> None:
        """Close the file; the last to close it folds the write-ahead log in."""
        with self._stamping:
            if self._watching is not None:
                self._watching.invalidate()  # its patience is another: not back into the pool
                self._watching = None
        self._engine.dispose()

    def _open_connection(self) -> Connection | None:
        connection: Connection | None = getattr(self._current, "connection", None)
        return connection

    def _empty_wal(self) -> None:
        # A reader in another process keeps it from being emptied: do not wait long, the next scrub will.
        with self._engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            patience = driver.execute("PRAGMA busy_timeout").fetchone()[0]
            driver.execute(f"PRAGMA busy_timeout = {min(patience, 200)}")
            try:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                driver.execute(f"PRAGMA busy_timeout = {patience}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise failures.store_error(cause, self.path) from error


def sqlite_url(path: Path) -> str:
    """The URL of a file; characters with a meaning in URLs are escaped."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def open_database(
    url: str, *, create: bool = False, read_only: bool = False, patience: float = 5.0
) -> Database:
    """Open the database at `sqlite:///path`, migrating it if it is older than this keyguard.

    `create` makes it where there is none. `read_only` is for a copy that nobody writes to, such as
    evidence on read-only media: nothing is migrated or created. `patience`: seconds to wait for other
    writers. Raises UsageError for another kind of URL, else StoreError: `database.missing`,
    `database.newer` (untouched), `database.foreign`, `database.damaged` and what `Database` raises.
    """
    path = _path(url)
    if not path.exists():
        if not create:
            raise failures.missing(path)
        _create_file(path)
    database = Database(_engine(path, read_only, patience), path)
    try:
        _bring_up(database, create=create, read_only=read_only)
    except BaseException:
        database.close()
        raise
    return database


def _bring_up(database: Database, *, create: bool, read_only: bool) -> None:
    with database.read() as connection:
        found = _version(database.path, connection)
    if found == migrations.HEAD:
        return
    if found == 0 and not create:
        raise failures.missing(database.path)
    if read_only:
        raise StoreError(
            f"{database.path} has schema {found}, older than this keyguard's {migrations.HEAD}",
            code="database.older",
            hint="verify a copy with the keyguard that wrote it, or open a writable copy",
        )
    if found == 0:
        database.use_wal()
    with database.write() as connection:
        if _version(database.path, connection) < migrations.HEAD:
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            migrations.migrate(connection)


def _version(path: Path, connection: Connection) -> int:
    found = migrations.version(connection)
    mark = connection.exec_driver_sql("PRAGMA application_id").scalar()
    if found is None or (found > 0 and mark != APPLICATION_ID):
        raise StoreError(
            f"{path} is a database of another program",
            code="database.foreign",
            still="nothing was changed",
            hint="name another file with --database or --home",
        )
    if found > migrations.HEAD:
        raise StoreError(
            f"{path} has schema {found}; keyguard {__version__} knows schema {migrations.HEAD}",
            code="database.newer",
            still="nothing was changed",
            hint="use the newer keyguard that wrote it",
        )
    return found


def _path(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() != "sqlite" or parsed.host or not parsed.database:
        raise UsageError(
            "the database URL is not of the form sqlite:///path",
            code="database.url",
            hint="other databases than SQLite are not in this version",
        )
    return Path(parsed.database).absolute()


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


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    savepoint = connection.begin_nested()
    try:
        yield
        savepoint.commit()
    except BaseException:
        # A full disk makes SQLite undo the whole transaction: then there is nothing to go back to.
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection) and driver.in_transaction:
            savepoint.rollback()
        raise


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
    connection.exec_driver_sql(connection.get_execution_options().get("keyguard_begin", "BEGIN"))
