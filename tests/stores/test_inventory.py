"""The inventory on SQLite."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Origin, Scope, VersionStatus
from keyguard.ports.inventory import Inventory, Observation
from keyguard.stores.database import Database
from keyguard.stores.inventory import SqlInventory
from keyguard.stores.reports import decode_report, encode_report
from tests.stores.contract_inventory import KEY, LEASE, T0, V1, V2, InventoryContract


@pytest.fixture
def inventory(database: Database) -> Inventory:
    return SqlInventory(database)


class TestSqlInventory(InventoryContract):
    pass


def test_another_process_sees_what_was_committed(database: Database, inventory: Inventory) -> None:
    inventory.add_key(KEY, V1)
    database.close()
    assert inventory.keys() == (KEY,)


def test_a_refused_call_within_a_transaction_undoes_only_itself(inventory: Inventory) -> None:
    inventory.add_key(KEY, V1)
    with inventory.transaction():
        inventory.add_version(V2)
        with pytest.raises(UsageError):
            inventory.switch("k1", "unknown")
        with pytest.raises(StoreError):
            inventory.set_status("v2", VersionStatus.LIVE)
    assert [(v.id, v.status) for v in inventory.versions("k1")] == [("v1", V1.status), ("v2", V2.status)]


def test_what_belongs_to_nothing_is_refused(inventory: Inventory) -> None:
    inventory.add_key(KEY, V1)
    for act in (
        lambda: inventory.add_lease(LEASE.__class__("l9", "v9", 1, "1", "x", T0)),
        lambda: inventory.observe(Observation("v9", T0, KeyReport("x"))),
    ):
        with pytest.raises(StoreError) as caught:
            act()
        assert caught.value.code == "database.constraint"
    for attempt in (
        lambda: inventory.set_status("v9", VersionStatus.DEAD),
        lambda: inventory.add_version(V2.__class__("v2", "k9", 2, "x", "", VersionStatus.LIVE, T0)),
        lambda: inventory.add_version(V2.__class__("v1", "k1", 2, "x", "", VersionStatus.LIVE, T0)),
    ):
        with pytest.raises(UsageError):
            attempt()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE versions SET status = 'undead'",
        "UPDATE versions SET created_at = 'yesterday'",
        "UPDATE keys SET needs = 'everything'",
        "UPDATE leases SET at = ''",
        "UPDATE observations SET report = '{}'",
    ],
)
def test_a_row_that_makes_no_sense_is_damage(database: Database, inventory: Inventory, damage: str) -> None:
    inventory.add_key(KEY, V1)
    inventory.add_lease(LEASE)
    inventory.observe(Observation("v1", T0, KeyReport("FAKE")))
    with database.write() as connection:
        connection.exec_driver_sql(damage)
    with pytest.raises(StoreError) as caught:
        inventory.keys()
        inventory.versions("k1")
        inventory.open_leases("v1")
        inventory.last_observation("v1")
    assert caught.value.code == "database.damaged"


TEXTS = st.text(max_size=20)
TUPLES = st.lists(TEXTS, max_size=3).map(tuple)
INSTANTS = st.none() | st.datetimes(timezones=st.just(UTC))
REPORTS = st.builds(
    KeyReport,
    **dict.fromkeys(("public_id", "ref", "label", "account", "parent"), TEXTS),
    **{name: st.integers(0, 255).map(Scope) for name in ("scopes", "scopes_unknown")},
    **{name: st.sampled_from(Origin) for name in ("scopes_origin", "ips_origin", "expiry_origin")},
    **dict.fromkeys(("created_at", "expires_at"), INSTANTS),
    **dict.fromkeys(("grants", "notes"), TUPLES),
    ips=st.none() | TUPLES,
    enabled=st.booleans(),
)


@given(REPORTS)
def test_a_report_reads_back(report: KeyReport) -> None:
    assert decode_report(encode_report(report)) == report


WRITTEN = encode_report(
    KeyReport("id", scopes=Scope.READ, ips=("203.0.113.10",), created_at=datetime(2026, 1, 2, tzinfo=UTC))
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"id"', "3"),
        ('"enabled": true', '"enabled": 1'),
        ('["read"]', '["root"]'),
        ('["read"]', '"read"'),
        ('["203.0.113.10"]', "[7]"),
        ('"2026-01-02T00:00:00.000000Z"', '"2026-01-02"'),
        ('"unknown"', '"certain"'),
        ('"ref"', '"reference"'),
        ('"notes": []', '"notes": [], "more": 1'),
        ("}", ""),
    ],
)
def test_a_report_of_another_shape_is_refused(old: str, new: str) -> None:
    assert old in WRITTEN
    with pytest.raises(ValueError):
        decode_report(WRITTEN.replace(old, new))


def test_no_list_stands_for_a_report() -> None:
    with pytest.raises(ValueError):
        decode_report("[]")


def test_a_removed_key_leaves_no_bytes(database: Database, inventory: Inventory, database_path: Path) -> None:
    inventory.add_key(KEY, V1)
    inventory.remove_key("k1")
    database.close()
    assert b"FAKEPUBLIC1" not in database_path.read_bytes()
