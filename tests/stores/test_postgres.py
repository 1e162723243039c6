"""PostgreSQL: the contracts SQLite keeps, and what only a server shared by several hosts has to keep."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from keyguard.core.errors import IntegrityError, StoreError, UsageError
from keyguard.core.rights import RightsPolicy
from keyguard.stores import migrations
from keyguard.stores.audit import SqlAuditLog
from keyguard.stores.database import Database, open_database
from keyguard.stores.findings import SqlFindings
from keyguard.stores.incidents import SqlIncidents
from keyguard.stores.inventory import SqlInventory
from keyguard.stores.journal import SqlJournal
from keyguard.stores.nonces import SqlNonces
from keyguard.stores.people import SqlPeople
from keyguard.stores.seals import SqlSeals
from keyguard.stores.tables import METADATA
from keyguard.stores.uses import SqlUses
from tests.fakes.clock import FakeClock
from tests.services import postgres_server
from tests.stores.contract_audit import HANDOUT, AuditContract
from tests.stores.contract_findings import FindingsContract
from tests.stores.contract_incidents import IncidentsContract
from tests.stores.contract_inventory import KEY, V1, InventoryContract
from tests.stores.contract_journal import JournalContract
from tests.stores.contract_people import PeopleContract
from tests.stores.contract_sealing import SealingContract
from tests.stores.contract_seals import SealsContract
from tests.stores.contract_uses import UsesContract
from tests.stores.memory_secrets import MemorySecrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyguard.ports.audit import AuditLog
    from keyguard.ports.inventory import Inventory
    from keyguard.ports.journal import Journal
    from keyguard.ports.people import People
    from keyguard.ports.uses import Uses
    from tests.services.postgres_server import Server

WRITE = """
import sys
from keyguard.stores.audit import SqlAuditLog
from keyguard.stores.database import open_database
from keyguard.stores.nonces import SqlNonces
from tests.fakes.clock import FakeClock
from tests.stores.contract_audit import HANDOUT
database = open_database(sys.argv[1], patience=60)
log, nonces = SqlAuditLog(database, FakeClock()), SqlNonces(database)
for _ in range(20):
    log.append("bybit", "handout", HANDOUT)
    print(nonces.next("bybit/ab", 1000))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres_server.server() as running:
        open_database(running.url(running.database()), create=True).close()
        yield running


@pytest.fixture
def url(server: Server) -> str:
    return server.url(server.database("db0"))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def secrets() -> MemorySecrets:
    return MemorySecrets()


@pytest.fixture
def inventory(database: Database) -> Inventory:
    return SqlInventory(database)


@pytest.fixture
def journal(database: Database, secrets: MemorySecrets, clock: FakeClock) -> Journal:
    return SqlJournal(database, secrets, clock)


@pytest.fixture
def audit(database: Database, clock: FakeClock) -> AuditLog:
    return SqlAuditLog(database, clock)


class TestInventory(InventoryContract):
    pass


class TestPeople(PeopleContract):
    @pytest.fixture
    def people(self, database: Database) -> People:
        return SqlPeople(database, RightsPolicy())


class TestIncidents(IncidentsContract):
    @pytest.fixture
    def incidents(self, database: Database) -> SqlIncidents:
        return SqlIncidents(database)


class TestFindings(FindingsContract):
    @pytest.fixture
    def findings(self, database: Database) -> SqlFindings:
        return SqlFindings(database)


class TestJournal(JournalContract):
    pass


class TestAuditLog(AuditContract):
    pass


@pytest.fixture
def seals(database: Database, secrets: MemorySecrets, clock: FakeClock) -> SqlSeals:
    return SqlSeals(database, secrets, clock)


class TestSeals(SealsContract):
    pass


class TestSealing(SealingContract):
    pass


class TestUses(UsesContract):
    @pytest.fixture
    def uses(self, database: Database) -> Uses:
        return SqlUses(database, ())


def test_the_migrations_make_exactly_the_tables_the_stores_use(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert migrations.version(connection, database.backend.tables(connection)) == migrations.HEAD


def test_an_empty_database_is_none_yet_and_a_foreign_one_is_left_alone(server: Server) -> None:
    empty = server.url(server.database())
    with pytest.raises(StoreError) as caught:
        open_database(empty)
    assert caught.value.code == "database.missing"
    name = server.database()
    server.execute("CREATE TABLE theirs (x int)", name)
    with pytest.raises(StoreError) as caught:
        open_database(server.url(name), create=True)
    assert caught.value.code == "database.foreign"


@pytest.mark.parametrize("command", ["UPDATE audit_records SET stream = 'x'", "DELETE FROM audit_records"])
def test_records_stay_whatever_program_writes(database: Database, audit: AuditLog, command: str) -> None:
    audit.append("bybit", "handout", HANDOUT)
    with pytest.raises(StoreError) as caught, database.write() as connection:
        connection.exec_driver_sql(command)
    assert caught.value.code == "database.constraint"


def test_the_log_cannot_be_truncated(database: Database, audit: AuditLog) -> None:
    audit.append("bybit", "handout", HANDOUT)
    with pytest.raises((StoreError, DBAPIError)), database.write() as connection:
        connection.exec_driver_sql("TRUNCATE audit_records CASCADE")


def test_what_an_owner_of_the_server_altered_is_found(database: Database, audit: AuditLog) -> None:
    for _ in range(3):
        audit.append("bybit", "handout", HANDOUT)
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_records DISABLE TRIGGER USER")
        connection.exec_driver_sql("UPDATE audit_records SET stream = 'upbit' WHERE number = 1")
    with pytest.raises(IntegrityError) as caught:
        audit.verify()
    assert caught.value.message.startswith("record 1 ")


def test_several_hosts_write_one_chain_and_never_draw_the_same_nonce(
    url: str, database: Database, audit: AuditLog
) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", WRITE, url], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    drawn = [int(line) for process in running for line in process.communicate()[0].split()]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sorted(drawn) == list(range(1000, 1060))
    assert audit.verify().records == 60


def test_one_key_is_never_worked_on_by_two(url: str, journal: Journal) -> None:
    other = SqlJournal(open_database(url), MemorySecrets(), FakeClock())
    with journal.alone("k1"):
        with pytest.raises(UsageError) as caught, other.alone("k1"):
            pass
        assert caught.value.code == "workflow.busy"
        with other.alone("k2"):
            pass
    with other.alone("k1"):
        pass
    other._database.close()


def test_a_reader_sees_one_state_while_another_writes(url: str, database: Database) -> None:
    other = open_database(url)
    with database.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM keys").scalar()
        SqlInventory(other).add_key(KEY, V1)
        assert connection.exec_driver_sql("SELECT count(*) FROM keys").scalar() == before
    assert SqlInventory(database).keys() == (KEY,)
    other.close()


def test_a_writer_that_waits_too_long_says_so(url: str, database: Database) -> None:
    impatient = open_database(url, patience=0.2)
    with database.write(), pytest.raises(StoreError) as caught, impatient.write():
        pass
    assert caught.value.code == "database.locked"
    impatient.close()


def test_a_nonce_survives(url: str, database: Database) -> None:
    assert SqlNonces(database).next("a", 10) == 10
    database.close()
    assert SqlNonces(database).next("a", 10) == 11


def test_a_server_that_is_gone(server: Server) -> None:
    with pytest.raises(StoreError) as caught:
        open_database(f"postgresql://postgres@/x?host={server.folder}/nowhere")
    assert caught.value.code == "database.unreachable"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://bot:FAKEPASS@db.example/keyguard", "password"),
        ("postgresql://db.example/", "names no database"),
        ("postgresql://db.example/keyguard?sslmode=require", "certificate"),
        ("postgresql:///keyguard?host=10.0.0.1&sslmode=disable", "certificate"),
    ],
)
def test_urls_that_would_not_be_safe(url: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_database(url)
    assert words in caught.value.message
    assert "FAKEPASS" not in str(vars(caught.value))
