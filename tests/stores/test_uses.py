"""Uses on SQLite."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from keyguard.core.errors import StoreError
from keyguard.ports.audit import AuditLog
from keyguard.ports.inventory import Inventory
from keyguard.ports.uses import Uses
from keyguard.stores.audit import SqlAuditLog
from keyguard.stores.database import Database
from keyguard.stores.inventory import SqlInventory
from keyguard.stores.tables import USE_HISTORY
from keyguard.stores.uses import SqlUses
from tests.fakes.clock import FakeClock
from tests.stores.contract_inventory import KEY, V1
from tests.stores.contract_uses import UsesContract, history


@pytest.fixture
def audit(database: Database, clock: FakeClock) -> AuditLog:
    return SqlAuditLog(database, clock)


@pytest.fixture
def inventory(database: Database) -> Inventory:
    return SqlInventory(database)


@pytest.fixture
def uses(database: Database) -> Uses:
    return SqlUses(database, ())


class TestSqlUses(UsesContract):
    pass


def test_histories_go_with_their_key(inventory: Inventory, uses: Uses) -> None:
    inventory.add_key(KEY, V1)
    uses.take_in({KEY.id: history(2)}, 0)
    inventory.remove_key(KEY.id)
    assert uses.histories([KEY.id]) == {}


def test_a_history_from_before_addresses_were_remembered(
    database: Database, inventory: Inventory, uses: Uses
) -> None:
    inventory.add_key(KEY, V1)
    uses.take_in({KEY.id: history(2)}, 0)
    with database.write() as connection:
        (text,) = connection.execute(select(USE_HISTORY.c.history)).scalars()
        plain = json.loads(text)
        del plain["addresses"], plain["organisations"]
        connection.execute(update(USE_HISTORY).values(history=json.dumps(plain)))
    found = SqlUses(database, ()).histories([KEY.id])[KEY.id]
    assert found == replace(history(2), addresses={}, organisations={})


def test_more_keys_than_a_statement_takes(uses: Uses) -> None:
    assert uses.histories([f"key{number}" for number in range(40_000)]) == {}
    assert uses.key_ids([f"{number:064x}" for number in range(40_000)]) == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '"x"', '{"first":1}', "nonsense", "null", '{"persons":[["a",1]]}']
)
def test_a_row_that_makes_no_sense_is_damage(
    database: Database, inventory: Inventory, uses: Uses, text: str
) -> None:
    inventory.add_key(KEY, V1)
    uses.take_in({KEY.id: history(2)}, 0)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE use_history SET history = ?", (text,))
    with pytest.raises(StoreError) as caught:
        uses.histories([KEY.id])
    assert caught.value.code == "database.damaged"


def test_a_history_stays_small(database_path: Path, inventory: Inventory, uses: Uses) -> None:
    """Whatever a key sees, a hand-out reads and writes some ten thousand bytes and no more."""
    inventory.add_key(KEY, V1)
    uses.take_in({KEY.id: history(2_000)}, 0)
    before = database_path.stat().st_size
    uses.take_in({KEY.id: history(4_000)}, 0)
    assert database_path.stat().st_size - before <= 16_384
