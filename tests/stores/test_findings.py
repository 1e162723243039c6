"""Findings on SQLite."""

from __future__ import annotations

import pytest

from keyguard.core.errors import StoreError
from keyguard.ports.findings import Findings
from keyguard.stores.database import Database
from keyguard.stores.findings import SqlFindings
from keyguard.stores.inventory import SqlInventory
from tests.stores.contract_findings import OPEN, SAID, FindingsContract


@pytest.fixture
def findings(database: Database) -> Findings:
    return SqlFindings(database)


class TestSqlFindings(FindingsContract):
    pass


def test_they_join_the_inventorys_transaction(database: Database, findings: Findings) -> None:
    with pytest.raises(ZeroDivisionError), SqlInventory(database).transaction():
        findings.put(OPEN)
        findings.say(SAID)
        raise ZeroDivisionError
    assert (findings.all(), findings.said()) == ((), ())


def test_the_database_itself_keeps_history(database: Database, findings: Findings) -> None:
    findings.put(OPEN)
    with pytest.raises(StoreError) as caught, database.write() as connection:
        connection.exec_driver_sql("DELETE FROM findings")
    assert caught.value.code == "database.constraint"


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("findings", '"open"', '"lost"'),
        ("findings", '"drift"', '"draft"'),
        ("findings", '"item": {', '"thing": {'),
        ("alerts", '"times": 2', '"times": true'),
        ("alerts", '"times": 2', '"times": "2"'),
        ("alerts", '"urgency": 3', '"urgency": 9'),
    ],
)
def test_a_row_that_makes_no_sense_is_damage(
    database: Database, findings: Findings, table: str, old: str, new: str
) -> None:
    findings.put(OPEN)
    findings.say(SAID)
    with database.write() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET facts = replace(facts, ?, ?)", (old, new))
    with pytest.raises(StoreError) as caught:
        findings.all()
        findings.said()
    assert caught.value.code == "database.damaged"
