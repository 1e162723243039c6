"""The one database below inventory, journal, audit log and nonces: a SQLite file, or PostgreSQL by URL.

Transactions are real: a block begins one, and a writer has the database to itself until it ends, so that
what it reads before writing cannot change. A commit is on the disk when the block ends.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, PoolProxiedConnection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from keyguard import __version__
from keyguard.core.errors import StoreError, UsageError
from keyguard.stores import migrations, sqlite
from keyguard.stores.backend import Backend


class Database:
    """Transactions on one open database. Threads may share it; each has transactions of its own.

    Every block raises StoreError (exit 3) for what the database reports: `database.full`, `.locked`,
    `.read_only`, `.damaged`, `.missing`, `.unreachable` and others.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._current = threading.local()
        self._turn = threading.Lock()
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
        with self._explained(), self.backend.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, scrub: bool = False) -> Iterator[Connection]:
        """Change things; all of it is on disk when the block ends, or none after an exception.

        A block within a block joins it: then everything is on disk when the outermost block ends, and an
        exception undoes the inner block alone. `scrub` takes the bytes of what was deleted away afterwards,
        so that they do not linger in a log.
        """
        outer = self._open_connection()
        if outer is not None:
            self._current.scrub |= scrub
            with self._explained(), self._savepoint(outer):
                yield outer
            return
        self._current.scrub = scrub
        # Threads take turns here: where they wait in the database they poll, and some for seconds.
        with self._turn, self._explained():
            with self.backend.engine.connect() as pooled:
                connection = pooled.execution_options(keyguard_write=True)
                with connection.begin():
                    self.backend.begin_write(connection)
                    self._current.connection = connection
                    try:
                        yield connection
                    finally:
                        self._current.connection = None
            if self._current.scrub:
                self.backend.scrub()

    def alone(self, name: str) -> AbstractContextManager[None]:
        """Hold a lock of this name across processes; StoreError `store.busy` at once if another holds it."""
        return self.backend.alone(name)

    @property
    def writing(self) -> bool:
        """Whether this thread is inside a `write` block."""
        return self._open_connection() is not None

    def stamp(self) -> int:
        """A number that is another one after any connection, of any process, has committed.

        It never waits. On a server, which would have to be asked, and where SQLite would wait for a lock, it
        is a number never given before: that makes the asker look. Those made up here are negative.
        """
        with self._stamping, self._explained():
            if self.on_server:
                self._unsure -= 1
                return self._unsure
            if self._watching is None:
                self._watching = self.backend.engine.raw_connection()
                self._watching.cursor().execute("PRAGMA busy_timeout = 0")
            try:
                row = self._watching.cursor().execute("PRAGMA data_version").fetchone()
            except sqlite3.OperationalError:
                self._unsure -= 1
                return self._unsure
            return int(row[0])

    @property
    def on_server(self) -> bool:
        """Whether a server keeps it, with types, structure and functions of its own."""
        return self.backend.engine.dialect.name != "sqlite"

    def damaged(self) -> StoreError:
        """The error for content that keyguard did not write."""
        return self.backend.damaged()

    def close(self) -> None:
        """Close all connections; of a SQLite file the last to close it folds the write-ahead log in."""
        with self._stamping:
            if self._watching is not None:
                self._watching.invalidate()  # its patience is another: not back into the pool
                self._watching = None
        self.backend.engine.dispose()

    def _open_connection(self) -> Connection | None:
        connection: Connection | None = getattr(self._current, "connection", None)
        return connection

    @contextmanager
    def _savepoint(self, connection: Connection) -> Iterator[None]:
        savepoint = connection.begin_nested()
        try:
            yield
            savepoint.commit()
        except BaseException:
            if self.backend.is_usable(connection):
                savepoint.rollback()
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise self.backend.store_error(cause) from error


def sqlite_url(path: Path) -> str:
    """The URL of a file; characters with a meaning in URLs are escaped."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def open_database(
    url: str,
    *,
    create: bool = False,
    read_only: bool = False,
    looking: bool = False,
    patience: float = 5.0,
) -> Database:
    """Open the database at `sqlite:///path` or `postgresql://…`, migrating it if it is older than we are.

    `create` makes its tables where there are none (and the file). `read_only` is for a copy that nobody
    writes to, such as evidence on read-only media: nothing is migrated or created. `looking`: the
    database refuses what this process would write, while others write. `patience`: seconds to wait for other
    writers. Raises UsageError for another kind of URL, else StoreError: `database.missing`,
    `database.newer` (untouched), `database.foreign`, `database.damaged` and what `Database` raises.
    """
    database = Database(_backend(url, create=create, read_only=read_only, looking=looking, patience=patience))
    try:
        _bring_up(database, create=create, read_only=read_only or looking)
    except BaseException:
        database.close()
        raise
    return database


def _backend(url: str, *, create: bool, read_only: bool, looking: bool, patience: float) -> Backend:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    kind = parsed.get_backend_name() if parsed is not None else ""
    if parsed is not None and kind == "sqlite" and parsed.database and not parsed.host:
        return sqlite.opened(
            Path(parsed.database).absolute(),
            create=create,
            read_only=read_only,
            looking=looking,
            patience=patience,
        )
    if parsed is not None and kind == "postgresql":
        from keyguard.stores import postgres  # noqa: PLC0415 - its driver is an extra

        return postgres.opened(parsed, read_only=read_only or looking, patience=patience)
    raise UsageError(
        "the database URL is neither of the form sqlite:///path nor postgresql://host/name",
        code="database.url",
        hint="leave it out for a file in the home",
    )


def _bring_up(database: Database, *, create: bool, read_only: bool) -> None:
    backend = database.backend
    with database.read() as connection:
        found = _version(backend, connection)
    if found == migrations.HEAD:
        return
    if found == 0 and not create:
        raise backend.missing()
    if read_only:
        raise StoreError(
            f"{backend.name} has schema {found}, older than this keyguard's {migrations.HEAD}",
            code="database.older",
            hint="verify a copy with the keyguard that wrote it, or open a writable copy",
        )
    if found == 0:
        with database._explained():
            backend.prepare()
    with database.write() as connection:
        if _version(backend, connection) < migrations.HEAD:
            backend.mark(connection)
            migrations.migrate(connection)


def _version(backend: Backend, connection: Connection) -> int:
    found = migrations.version(connection, backend.tables(connection))
    if found is None or (found > 0 and backend.is_foreign(connection)):
        raise StoreError(
            f"{backend.name} is a database of another program",
            code="database.foreign",
            still="nothing was changed",
            hint="name another one with --database or --home",
        )
    if found > migrations.HEAD:
        raise StoreError(
            f"{backend.name} has schema {found}; keyguard {__version__} knows schema {migrations.HEAD}",
            code="database.newer",
            still="nothing was changed",
            hint="use the newer keyguard that wrote it",
        )
    return found
