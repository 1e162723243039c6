"""One state of the database as a file, taken while others write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from keyguard.core.errors import StoreError
from keyguard.stores.database import Database
from keyguard.stores.failures import store_error
from keyguard.stores.private_file import create_private, remove_private


@contextmanager
def snapshot(database: Database, path: Path) -> Iterator[None]:
    """Have the database's present state in a file at `path`, only its owner's, while the block runs.

    SQLite's own backup copies it inside one read transaction: writers go on, and what they commit
    meanwhile is not in it. A file that a crash left there is replaced. StoreError as `Database` raises it.
    """
    _remove(path)
    create_private(path, b"")
    try:
        with database.read() as connection, closing(sqlite3.connect(path)) as target:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            try:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            except sqlite3.Error as error:
                raise store_error(error, path) from None
        yield
    finally:
        _remove(path)


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-journal", f"{path.name}-wal", f"{path.name}-shm"):
        try:
            remove_private(path.with_name(name))
        except StoreError as error:
            if error.code != "store.missing":
                raise
