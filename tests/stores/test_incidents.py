"""Incidents on SQLite."""

from __future__ import annotations

import pytest

from keyguard.core.errors import StoreError
from keyguard.ports.incidents import Incidents
from keyguard.stores.database import Database
from keyguard.stores.incidents import SqlIncidents
from keyguard.stores.inventory import SqlInventory
from tests.stores.contract_incidents import FREEZE, OPEN, REPORT, IncidentsContract


@pytest.fixture
def incidents(database: Database) -> Incidents:
    return SqlIncidents(database)


class TestSqlIncidents(IncidentsContract):
    pass


def test_they_join_the_inventorys_transaction(database: Database, incidents: Incidents) -> None:
    with pytest.raises(ZeroDivisionError), SqlInventory(database).transaction():
        incidents.put(OPEN)
        incidents.put_freeze(FREEZE)
        incidents.put_report(REPORT)
        raise ZeroDivisionError
    assert (incidents.all(), incidents.freezes(), incidents.reports()) == ((), (), ())


@pytest.mark.parametrize("table", ["incidents", "freezes", "reports"])
def test_the_database_itself_keeps_history(database: Database, incidents: Incidents, table: str) -> None:
    incidents.put(OPEN)
    incidents.put_freeze(FREEZE)
    incidents.put_report(REPORT)
    with pytest.raises(StoreError) as caught, database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM {table}")
    assert caught.value.code == "database.constraint"


@pytest.mark.parametrize(
    ("old", "new"), [('"key_died"', '"key_dead"'), ('"events": [', '"event": ['), ('"detected"', '"seen"')]
)
def test_a_row_that_makes_no_sense_is_damage(
    database: Database, incidents: Incidents, old: str, new: str
) -> None:
    incidents.put(OPEN)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE incidents SET facts = replace(facts, ?, ?)", (old, new))
    with pytest.raises(StoreError) as caught:
        incidents.all()
    assert caught.value.code == "database.damaged"


def test_a_freeze_changes_the_stamp(database: Database, incidents: Incidents) -> None:
    before = database.stamp()
    incidents.put_freeze(FREEZE)
    assert database.stamp() != before
