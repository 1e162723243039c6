"""NonceSource on the database."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from keyguard.stores.database import Database
from keyguard.stores.tables import NONCES


class SqlNonces:
    """Counters in a table: the write lock makes them grow across processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next(self, scope: str, floor: int) -> int:
        """Return a number greater than any before for `scope`, at least `floor`; on disk by then."""
        if self._database.writing:
            # Joined to a transaction it would not be on disk yet, and a roll-back would give it out again.
            raise RuntimeError("a nonce cannot be drawn inside a transaction")
        here = NONCES.c.scope == scope
        with self._database.write() as connection:
            last = connection.scalar(select(NONCES.c.last).where(here))
            if last is None:
                connection.execute(insert(NONCES).values(scope=scope, last=floor))
                return floor
            drawn: int = max(last + 1, floor)
            connection.execute(update(NONCES).where(here).values(last=drawn))
        return drawn
