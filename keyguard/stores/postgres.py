"""PostgreSQL by URL: one inventory and one log for several hosts.

Writers take turns by an advisory lock, as SQLite's do by the file's: the log is one chain, and what a
transaction read before writing cannot change. Passwords do not belong in a URL that stands in a
configuration: the client library's own ways (`~/.pgpass`, PGSERVICE, a certificate, peer) are used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from keyguard.core.errors import StoreError, UsageError

_UNDONE = "nothing was changed"
_WRITER = int.from_bytes(b"KGrd")
_LOCAL = {"", "localhost", "127.0.0.1", "::1"}
# https://www.postgresql.org/docs/15/errcodes-appendix.html (read 2026-11-21)
_FULL = ("53100",)
_BUSY = ("55P03", "40P01", "40001", "53300", "57014")
_READ_ONLY = ("25006", "42501")
_DAMAGED = ("XX001", "XX002")
_CONSTRAINT = ("23", "P0001")


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server's database and the connections to it."""

    engine: Engine
    name: str

    def begin_write(self, connection: Connection) -> None:
        """Wait for the turn; the lock goes with the transaction, whatever becomes of us."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITER})

    def is_usable(self, connection: Connection) -> bool:
        """An error undoes no more than the savepoint, as long as there is a connection."""
        return not connection.invalidated

    def scrub(self) -> None:
        """Reuse the space of deleted rows at once. Old bytes may stay in the server's own log and backups;
        what is deleted from the journal is sealed."""
        with self.engine.connect() as connection:
            driver = connection.execution_options(isolation_level="AUTOCOMMIT")
            driver.exec_driver_sql("VACUUM calls")

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Lock for a session of its own: it is free when the connection is gone."""
        number = int.from_bytes(hashlib.sha256(f"keyguard/{name}".encode()).digest()[:8], signed=True)
        lock = {"lock": number}
        with self.engine.connect() as pooled:
            session = pooled.execution_options(isolation_level="AUTOCOMMIT")
            if not session.scalar(text("SELECT pg_try_advisory_lock(:lock)"), lock):
                raise StoreError(
                    f"another process holds the lock of {name}", code="store.busy", still=_UNDONE
                )
            try:
                yield
            finally:
                # Never back into the pool with the lock held.
                session.detach()

    def tables(self, connection: Connection) -> set[str]:
        """The tables of the schema that is written to."""
        found = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        return set(connection.exec_driver_sql(found).scalars())

    def is_foreign(self, connection: Connection) -> bool:
        """Whether a table of ours is missing from a database that says it has our schema."""
        return not {"audit_records", "audit_head", "keys"} <= self.tables(connection)

    def prepare(self) -> None:
        """Nothing: the server is what it is."""

    def mark(self, connection: Connection) -> None:
        """Nothing: the tables are the mark."""

    def store_error(self, cause: BaseException | None) -> StoreError:
        """What the server's error means."""
        state = getattr(cause, "sqlstate", None) or ""
        for states, code, what, hint in _MEANINGS:
            if state.startswith(states):
                return StoreError(f"the database {self.name} {what}", code=code, still=_UNDONE, hint=hint)
        if state[:2] in ("", "08", "28", "3D", "57"):
            return StoreError(
                f"the database {self.name} cannot be reached" + (f" ({state})" if state else ""),
                code="database.unreachable",
                still="what was committed before stands; nothing was handed out without its record",
                hint="check the server, the network and the credentials (~/.pgpass, PGSERVICE)",
            )
        return StoreError(f"the database {self.name} failed ({state})", code="database.failed", still=_UNDONE)

    def damaged(self) -> StoreError:
        """A row holds what keyguard never wrote."""
        return StoreError(
            f"the database {self.name} holds what keyguard did not write",
            code="database.damaged",
            still=_UNDONE,
            hint="keep it as it is and restore a backup beside it",
        )

    def missing(self) -> StoreError:
        """There are no tables yet."""
        return StoreError(
            f"there are no tables of keyguard in {self.name}", code="database.missing", hint="keyguard init"
        )


_MEANINGS: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    (_FULL, "database.full", "has no room left", "free some space on its disk"),
    (_BUSY, "database.locked", "is busy with others", "try again"),
    (_READ_ONLY, "database.read_only", "does not let this user write", "grant it the tables of keyguard"),
    (_DAMAGED, "database.damaged", "is damaged", "see the server's log; restore a backup"),
    (_CONSTRAINT, "database.constraint", "refused a change that breaks its rules", ""),
)


def opened(url: URL, *, read_only: bool, patience: float) -> Postgres:
    """Open a server's database.

    UsageError for a URL with a password, without a database's name, or that would go over a network without a
    checked certificate, and where the driver is not installed.
    """
    if url.password is not None:
        raise _refused(
            "holds a password, which would stand in the configuration",
            "leave it out; put it into ~/.pgpass (chmod 600) or a service file",
        )
    if not url.database:
        raise _refused("names no database", "postgresql://host/keyguard")
    hosts = [url.host or "", *_listed(url.query.get("host"))]
    modes = _listed(url.query.get("sslmode"))
    remote = any(host not in _LOCAL and not host.startswith("/") for host in hosts)
    if remote and modes and modes != ["verify-full"]:
        raise _refused(
            "would not check the server's certificate", "leave sslmode out, or make it verify-full"
        )
    try:
        import psycopg  # noqa: F401, PLC0415 - an extra: is it there?
    except ImportError:
        raise UsageError(
            "PostgreSQL needs its driver",
            code="database.driver",
            hint="install keyguard with the extra `postgres`",
        ) from None
    return Postgres(_engine(url, remote, read_only, patience), _shown(url))


def _engine(url: URL, remote: bool, read_only: bool, patience: float) -> Engine:
    arguments: dict[str, Any] = {
        "connect_timeout": max(int(patience), 2),
        "application_name": "keyguard",
        # Every session: UTC for what the server shows, nobody waits for ever, a commit is on its disk.
        "options": f"-c timezone=UTC -c lock_timeout={int(patience * 1000)} -c synchronous_commit=on",
    }
    if remote:
        arguments["sslmode"] = "verify-full"
    if read_only:
        arguments["options"] += " -c default_transaction_read_only=on"
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args=arguments,
        isolation_level="REPEATABLE READ",
        hide_parameters=True,
        pool_pre_ping=True,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """Writers read what was committed when they got the lock, which is after they began."""
    if connection.get_execution_options().get("keyguard_write"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")


def _listed(value: str | tuple[str, ...] | None) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _shown(url: URL) -> str:
    return URL.create("postgresql", host=url.host, port=url.port, database=url.database).render_as_string()


def _refused(what: str, hint: str) -> UsageError:
    return UsageError(f"the database URL {what}", code="database.url", still=_UNDONE, hint=hint)
