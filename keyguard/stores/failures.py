"""What SQLite's errors mean to a person."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from keyguard.core.errors import StoreError

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_UNDONE = "nothing was changed"


def store_error(error: BaseException | None, path: Path) -> StoreError:
    """The error a person sees; its text never holds a value from the database."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _DAMAGED:
        return damaged(path)
    if code in _LOCKED:
        return StoreError(
            f"the database {path} is busy with another process",
            code="database.locked",
            still=_UNDONE,
            hint="try again; `keyguard doctor` shows who holds it",
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreError(
            f"no room left for the database {path}",
            code="database.full",
            still="nothing was changed; everything stored before is still there",
            hint="free some space on this disk",
        )
    if code == sqlite3.SQLITE_READONLY or (code == sqlite3.SQLITE_CANTOPEN and _not_writable(path)):
        return StoreError(
            f"the database {path} or its folder is read-only",
            code="database.read_only",
            still=_UNDONE,
            hint="make both writable by this user alone",
        )
    if code == sqlite3.SQLITE_CANTOPEN and not path.exists():
        return missing(path)
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"the disk refused to read or write the database {path}",
            code="database.io",
            still="what was stored before is still there if the disk is sound",
            hint="free some space on this disk; check quota, file size limits and the disk's health",
        )
    if code == sqlite3.SQLITE_CONSTRAINT:
        return StoreError(
            f"the database {path} refused a change that breaks its rules",
            code="database.constraint",
            still=_UNDONE,
        )
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StoreError(f"the database {path} failed ({name})", code="database.failed", still=_UNDONE)


def damaged(path: Path) -> StoreError:
    """The file is not a database, or not a whole one."""
    return StoreError(
        f"{path} is damaged or not a database",
        code="database.damaged",
        still="nothing was changed",
        hint="keep the file as it is and restore a backup beside it",
    )


def missing(path: Path) -> StoreError:
    """There is no database yet."""
    return StoreError(f"there is no database at {path}", code="database.missing", hint="keyguard init")


def _not_writable(path: Path) -> bool:
    return path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
