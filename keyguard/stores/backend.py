"""What Database needs of a kind of database: SQLite (`sqlite.py`) or PostgreSQL (`postgres.py`)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from keyguard.core.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


class Backend(Protocol):
    """One database of some kind."""

    @property
    def engine(self) -> Engine:
        """Its connections."""

    @property
    def name(self) -> str:
        """What a person calls it: a path, or a URL without credentials."""

    def begin_write(self, connection: Connection) -> None:
        """Called as a writing transaction begins: until it ends nobody else, on any host, writes."""

    def is_usable(self, connection: Connection) -> bool:
        """Whether a transaction in which something failed still stands, so that part of it can be undone."""

    def scrub(self) -> None:
        """Take the bytes of deleted rows away, as far as this kind of database can."""

    def alone(self, name: str) -> AbstractContextManager[None]:
        """Hold a lock of this name across processes and hosts, free again when the process is gone.

        StoreError `store.busy` at once if another holds it.
        """

    def tables(self, connection: Connection) -> set[str]:
        """The tables there are."""

    def is_foreign(self, connection: Connection) -> bool:
        """Whether it bears another program's mark."""

    def prepare(self) -> None:
        """Before the first migration, outside any transaction."""

    def mark(self, connection: Connection) -> None:
        """Mark it as keyguard's; called before each migration."""

    def store_error(self, cause: BaseException | None) -> StoreError:
        """The error a person sees; its text never holds a value from the database."""

    def damaged(self) -> StoreError:
        """The error for content that keyguard did not write."""

    def missing(self) -> StoreError:
        """The error where there is no database yet."""
