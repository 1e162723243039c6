"""Seals on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyguard.core.errors import IntegrityError, StoreError
from keyguard.ports.audit import AuditLog
from keyguard.ports.seals import Seals
from keyguard.stores.audit import SqlAuditLog
from keyguard.stores.database import Database
from keyguard.stores.inventory import SqlInventory
from keyguard.stores.seals import SqlSeals
from tests.fakes.clock import FakeClock
from tests.fakes.memory_store import MemoryStore
from tests.stores.contract_audit import HANDOUT
from tests.stores.contract_sealing import SealingContract
from tests.stores.contract_seals import SealsContract, kept, tree


@pytest.fixture
def audit(database: Database, clock: FakeClock) -> AuditLog:
    return SqlAuditLog(database, clock)


@pytest.fixture
def seals(database: Database, clock: FakeClock) -> Seals:
    return SqlSeals(database, MemoryStore(), clock)


@pytest.fixture
def inventory(database: Database) -> SqlInventory:
    return SqlInventory(database)


class TestSqlSeals(SealsContract):
    pass


class TestSealing(SealingContract):
    pass


def test_a_seal_joins_the_transaction_of_the_records_it_covers(
    database: Database, audit: AuditLog, seals: Seals
) -> None:
    with pytest.raises(ZeroDivisionError), SqlInventory(database).transaction():
        audit.append("bybit", "handout", HANDOUT)
        seals.add(kept(0, 1), b"a" * 32, {"bybit": tree(1)})
        raise ZeroDivisionError
    assert (seals.last(), seals.streams(0)) == (None, {})


def test_the_seal_secret_is_nowhere_in_the_file(
    database_path: Path, database: Database, seals: Seals
) -> None:
    secret = b"FAKE seal secret of thirty-two b"
    seals.add(kept(0), secret, {})
    assert seals.secret(0) == secret
    database.close()
    assert secret not in database_path.read_bytes()


@pytest.mark.parametrize(
    "table", ["seals", "seal_streams", "checkpoints", "checkpoint_anchors", "audit_pruned"]
)
def test_the_database_itself_keeps_them(
    database: Database, audit: AuditLog, seals: Seals, table: str
) -> None:
    audit.append("bybit", "handout", HANDOUT)
    seals.add(kept(0, 1), b"a" * 32, {"bybit": tree(1)})
    seals.sign(1, "a note\n")
    seals.stamp(1, b"reply")
    seals.prune((0,))
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {_COLUMN[table]} = {_COLUMN[table]}"):
        with pytest.raises(StoreError) as caught, database.write() as connection:
            connection.exec_driver_sql(statement)
        assert caught.value.code == "database.constraint"


_COLUMN = {
    "seals": "no",
    "seal_streams": "no",
    "checkpoints": "size",
    "checkpoint_anchors": "size",
    "audit_pruned": "number",
}


def test_a_pruned_record_whose_remains_were_altered_is_named(
    database: Database, audit: AuditLog, seals: Seals
) -> None:
    for _ in range(3):
        audit.append("bybit", "handout", HANDOUT)
    seals.add(kept(0, 3), b"a" * 32, {})
    seals.sign(1, "a note\n")
    seals.prune((1,))
    with database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_pruned_no_update")
        connection.exec_driver_sql("UPDATE audit_pruned SET leaf = zeroblob(32)")
    with pytest.raises(IntegrityError, match="record 1 was pruned"):
        audit.verify()


def test_a_tree_that_is_none_is_damage(database: Database, seals: Seals) -> None:
    seals.add(kept(0), b"a" * 32, {})
    with database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER seals_no_update")
        connection.exec_driver_sql("UPDATE seals SET tree = zeroblob(31)")
    with pytest.raises(StoreError) as caught:
        seals.last()
    assert caught.value.code == "database.damaged"
