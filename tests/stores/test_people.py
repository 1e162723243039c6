"""People on SQLite."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import StoreError
from keyguard.core.incidents import Freeze, Report, Scope
from keyguard.core.people import Approval
from keyguard.core.rights import RightsPolicy
from keyguard.ports.people import People
from keyguard.stores.database import Database
from keyguard.stores.facts import decode_facts, encode_facts
from keyguard.stores.incidents import SqlIncidents
from keyguard.stores.inventory import SqlInventory
from keyguard.stores.people import SqlPeople
from tests.stores.contract_inventory import KEY, LEASE, V1
from tests.stores.contract_people import APPROVAL, DESK, GRANT, PARTY, PERSON, T0, PeopleContract


@pytest.fixture
def people(database: Database) -> People:
    return SqlPeople(database, RightsPolicy())


class TestSqlPeople(PeopleContract):
    pass


def test_it_joins_the_inventorys_transaction(database: Database, people: People) -> None:
    with pytest.raises(ZeroDivisionError), SqlInventory(database).transaction():
        people.put_person(PERSON)
        people.note("x", "y")
        raise ZeroDivisionError
    assert not people.declared()
    assert people.notes("") == {}


@pytest.mark.parametrize("table", ["desks", "persons", "parties", "grants", "approvals"])
def test_the_database_itself_keeps_history(database: Database, people: People, table: str) -> None:
    people.put_desk(DESK)
    people.put_person(PERSON)
    people.put_party(PARTY)
    people.put_grant(GRANT)
    people.put_approval(APPROVAL)
    with pytest.raises(StoreError) as caught, database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM {table}")
    assert caught.value.code == "database.constraint"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"jo"', "3"),
        ('"contractor"', '"king"'),
        ('"read"', '"root"'),
        ("[", "{"),
        ('"2026-11-20T09:00:00.123456Z"', '"yesterday"'),
        ('"purpose"', '"surprise"'),
        ('"id": "gr_1", ', ""),
        ('"hosts": ["host-1", "host-2"]', '"hosts": "host-1"'),
        ('"subject": {"grant": "gr_1"', '"subject": {"grant": 1'),
        ('"subject": {"grant": "gr_1", "person": "jo"}', '"subject": []'),
    ],
)
def test_a_row_that_makes_no_sense_is_damage(database: Database, people: People, old: str, new: str) -> None:
    people.put_person(PERSON)
    people.put_grant(GRANT)
    people.put_approval(APPROVAL)
    with database.write() as connection:
        for table in ("persons", "grants", "approvals"):
            connection.exec_driver_sql(f"UPDATE {table} SET facts = replace(facts, ?, ?)", (old, new))
    with pytest.raises(StoreError) as caught:
        people.persons()
        people.grants()
        people.approvals()
    assert caught.value.code == "database.damaged"


@given(st.data())
def test_whatever_is_written_reads_back(data: st.DataObject) -> None:
    instants = st.datetimes(timezones=st.just(T0.tzinfo))
    with_instants = st.sampled_from([DESK, PERSON, PARTY, GRANT])
    value = data.draw(with_instants)
    span = replace(value.span, since=data.draw(instants), until=data.draw(st.none() | instants))
    changed = replace(value, span=span)
    assert decode_facts(type(changed), encode_facts(changed)) == changed


def test_a_member_that_came_later_takes_its_default() -> None:
    text = encode_facts(APPROVAL).replace('"signature": "", ', "")
    assert "signature" not in text
    assert decode_facts(Approval, text) == APPROVAL


def test_a_forgotten_person_stands_in_no_table_and_in_no_file(
    database: Database, people: People, tmp_path: Path
) -> None:
    inventory, incidents = SqlInventory(database), SqlIncidents(database)
    inventory.add_key(replace(KEY, owner="jaydoe"), V1)
    inventory.add_lease(replace(LEASE, person="jaydoe"))
    freeze = Freeze("fz_1", Scope.PERSON, "jaydoe", T0, "jaydoe", "why")
    incidents.put_freeze(freeze)
    incidents.put_report(Report("rp_1", "person", "jaydoe", T0, '{"people": [{"person": "jaydoe"}]}'))
    people.put_person(replace(PERSON, id="jaydoe", name="Jay Doe"))
    people.forget("jaydoe", "forgotten-1")
    assert inventory.find_key(KEY.name).owner == "forgotten-1"
    assert inventory.open_leases("v1")[0].person == "forgotten-1"
    assert incidents.freezes() == (replace(freeze, subject="forgotten-1", by="forgotten-1"),)
    (report,) = incidents.reports()
    assert (report.subject, report.document) == ("forgotten-1", '{"people": [{"person": "forgotten-1"}]}')
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"forgotten-1" in held
    assert b"jaydoe" not in held.lower()
    assert b"jay doe" not in held.lower()
