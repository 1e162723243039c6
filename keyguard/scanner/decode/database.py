"""SQLite files: the text of every table, read from memory. Nothing of the file is run: no trigger fires
on reading, views are passed over, and the schema is not trusted."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from keyguard.scanner.content import Content
from keyguard.scanner.decode import rows
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.layers import Builder, Layers, Packed, Problem
from keyguard.scanner.decode.rows import COLUMNS, Cell

_TABLES = 1_000
_ROWS = 200_000
_VIEW = 1_000_000
_STEPS = 50_000_000
"""Instructions of SQLite's machine for one file: a few seconds at most."""
_MAGIC = (b"\x1f\x8b", b"PK\x03\x04")


def read(content: Content, _path: str, budget: Budget) -> Layers:
    """Yield views of about 1 MB; places are `#table/row`, rows counted as they come."""
    # A file in write-ahead mode refuses to be opened in memory; these two bytes say which mode it is in.
    data = bytearray(content.data)
    data[18:20] = b"\x01\x01"
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            _confine(connection, data)
            for table in _tables(connection):
                yield from _table(connection, content, table, budget)
        except (sqlite3.Error, OverflowError, MemoryError) as error:
            yield Problem("", f"not read as a database: {error}")


def _confine(connection: sqlite3.Connection, data: bytearray) -> None:
    connection.text_factory = bytes
    connection.deserialize(bytes(data))
    left = iter(range(_STEPS // 100_000))
    connection.set_progress_handler(lambda: next(left, None) is None, 100_000)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, len(data) + 1_000)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA temp_store = MEMORY")


def _tables(connection: sqlite3.Connection) -> list[bytes]:
    # Virtual tables (full-text search) run code of extensions; their contents lie in ordinary tables too.
    query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' LIMIT ?"
    return [bytes(name) for (name,) in connection.execute(query, (_TABLES,)) if isinstance(name, bytes)]


def _table(connection: sqlite3.Connection, content: Content, table: bytes, budget: Budget) -> Layers:
    name = table.decode("utf-8", "replace")
    # Generated columns are computed when they are read, by expressions of the file, so they are left out.
    query = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 LIMIT ?"
    names = [bytes(column) for (column,) in connection.execute(query, (name, COLUMNS))]
    columns = ", ".join(_quoted(column.decode("utf-8", "replace")) for column in names)
    if not columns:
        return
    # Names come from the file and are quoted as SQLite quotes; parameters cannot name tables.
    cursor = connection.execute(f"SELECT {columns} FROM {_quoted(name)} LIMIT {_ROWS}")  # noqa: S608
    builder = Builder(content)
    for number, row in enumerate(cursor, start=1):
        cells: list[Cell | None] = []
        for value in row:
            if isinstance(value, bytes) and value.startswith(_MAGIC):
                yield Packed(f"#{name}/{number}", value)
            cells.append(Cell(value) if isinstance(value, bytes) and value else None)
        builder.unit(f"#{name}/{number}")
        builder.glue(b'"table": "' + table[:64] + b'", ')
        rows.write(builder, names, cells)
        if builder.size > _VIEW:
            budget.spend(builder.size)
            yield builder.view()
            builder = Builder(content)
    if builder.size:
        budget.spend(builder.size)
        yield builder.view()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
