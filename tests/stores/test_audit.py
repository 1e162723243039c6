"""The audit log on SQLite: whatever is altered, verify names the record."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from keyguard.core.chain import CHAIN_START, chain_value, leaf_hash
from keyguard.core.errors import IntegrityError, StoreError
from keyguard.core.record import parse
from keyguard.ports.audit import AuditLog, Entry
from keyguard.stores.audit import SqlAuditLog
from keyguard.stores.database import Database, open_database, sqlite_url
from keyguard.stores.inventory import SqlInventory
from tests.fakes.clock import FakeClock
from tests.stores.contract_audit import HANDOUT, AuditContract
from tests.stores.contract_inventory import KEY, V1


@pytest.fixture
def audit(database: Database, clock: FakeClock) -> AuditLog:
    return SqlAuditLog(database, clock)


class TestSqlAuditLog(AuditContract):
    pass


def fill(audit: AuditLog, count: int = 20) -> list[Entry]:
    private = {"path": "/srv/FAKE/bot.py", "pid": 1}
    return [
        audit.append(("bybit", "upbit")[n % 2], "handout", HANDOUT, private=private if n % 5 == 0 else None)
        for n in range(count)
    ]


def verify_copy(path: Path) -> IntegrityError | None:
    """What a person finds who was given the file alone."""
    copy = open_database(sqlite_url(path), read_only=True)
    try:
        SqlAuditLog(copy, FakeClock()).verify()
    except IntegrityError as error:
        return error
    finally:
        copy.close()
    return None


def test_any_changed_byte_of_a_stored_row_is_found_and_its_record_named(
    database: Database, database_path: Path, audit: AuditLog
) -> None:
    entries = fill(audit)
    database.close()
    good = database_path.read_bytes()
    chance = random.Random(1)
    for entry in entries:
        at = good.index(entry.record)
        # Before them stand length (2 bytes), size of the header, four types (5), number (1; 0 for 0 and 1)
        # and the stream's name.
        start = at - len(parse(entry.record).stream) - 8 - (entry.number > 1)
        end = at + len(entry.record) + len(entry.chain)
        places = {*range(start, at), *chance.sample(range(at, end), 6), end - 1}
        for place in places:
            changed = bytearray(good)
            changed[place] ^= chance.randrange(1, 256)
            database_path.write_bytes(changed)
            error = verify_copy(database_path)
            assert error is not None, (entry.number, place - at)
            assert error.message.startswith(f"record {entry.number} "), (error.message, place - at)
    database_path.write_bytes(good)
    assert verify_copy(database_path) is None


def test_the_message_names_stream_type_and_time(
    database: Database, database_path: Path, audit: AuditLog
) -> None:
    entries = fill(audit)
    database.close()
    data = database_path.read_bytes()
    at = data.index(entries[17].record) + entries[17].record.index(b'"lease_s":60') + 10
    database_path.write_bytes(data[:at] + b"7" + data[at + 1 :])
    error = verify_copy(database_path)
    assert error is not None
    assert error.message == (
        "record 17 (upbit #8, handout, 2026-11-20T09:00:00.000000Z) does not match its chain value"
    )
    assert error.still == "the 17 records before it match"
    assert error.exit_status == 6


def test_a_wiped_page_is_an_integrity_error(database: Database, database_path: Path, audit: AuditLog) -> None:
    entries = fill(audit, 60)
    database.close()
    data = bytearray(database_path.read_bytes())
    page = data.index(entries[40].record) // 4096 * 4096
    data[page : page + 4096] = b"\xa5" * 4096
    database_path.write_bytes(data)
    error = verify_copy(database_path)
    assert error is not None
    assert error.message.endswith("cannot be read: its part of the file is damaged")


def as_insider(database: Database, *statements: str) -> None:
    """Somebody with the file and SQLite's own shell."""
    with database.write() as connection:
        for name in (
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type='trigger'").scalars().all()
        ):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["DELETE FROM audit_records WHERE number = 17"], "record 17 is missing"),
        (["DELETE FROM audit_records WHERE number = 19"], "record 19 is missing: 20 records were written"),
        (["DELETE FROM audit_records WHERE number > 11 AND number % 5"], "record 12 is missing"),
        (["UPDATE audit_records SET chain = zeroblob(32) WHERE number = 3"], "record 3 (upbit #1, "),
        (["UPDATE audit_records SET stream = 'okx' WHERE number = 3"], "is not the next of its stream"),
        (["UPDATE audit_records SET record = x'00' WHERE number = 4"], "record 4 does not match its chain"),
        (
            ["UPDATE audit_records SET record = CAST(record AS TEXT) WHERE number = 4"],
            "record 4 is not stored the way it was written",
        ),
        (["UPDATE audit_head SET records = 19"], "the note of where the log ends does not match"),
        (["UPDATE audit_head SET chain = x'00'"], "the note of where the log ends does not match"),
        (["UPDATE audit_head SET last = 'never'"], "the note of where the log ends is damaged"),
        (["DELETE FROM audit_head"], "the note of where the log ends is damaged"),
        (["UPDATE audit_streams SET records = 9 WHERE stream = 'upbit'"], "counts by stream"),
        (["UPDATE audit_private SET private = '{}' WHERE number = 5"], "record 5 is not stored the way"),
        (["UPDATE audit_private SET private = x'7b7d' WHERE number = 5"], "record 5 (upbit #2, "),
        (["UPDATE audit_private SET number = 6 WHERE number = 5"], "record 6 (bybit #3, "),
    ],
)
def test_what_an_insider_changes_by_sql(
    database: Database, audit: AuditLog, statements: list[str], said: str
) -> None:
    fill(audit)
    as_insider(database, *statements)
    with pytest.raises(IntegrityError) as caught:
        audit.verify()
    assert said in caught.value.message


def test_a_private_part_without_its_record(database: Database, database_path: Path, audit: AuditLog) -> None:
    fill(audit)
    shell = sqlite3.connect(database_path)  # no foreign keys unless asked for
    shell.execute("INSERT INTO audit_private VALUES (99, x'00', x'00')")
    shell.commit()
    shell.close()
    with pytest.raises(IntegrityError, match="record 99, which does not exist"):
        audit.verify()


def test_a_private_part_may_be_removed_when_its_time_is_over(database: Database, audit: AuditLog) -> None:
    fill(audit)
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM audit_private WHERE number = 5")
    assert audit.verify().records == 20


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET chain = x'00' WHERE number = 0",
        "DELETE FROM audit_records WHERE number = 1",
        "INSERT OR REPLACE INTO audit_records VALUES (1, 'bybit', x'00', x'00')",
        "UPDATE audit_private SET private = x'00'",
        "DELETE FROM audit_head",
    ],
)
def test_the_database_itself_refuses_to_change_the_log(
    database: Database, audit: AuditLog, statement: str
) -> None:
    fill(audit, 3)
    with pytest.raises((StoreError, DBAPIError)), database.write() as connection:
        connection.exec_driver_sql(statement)
    assert audit.verify().records == 3


def test_a_log_whose_end_was_altered_is_not_continued(database: Database, audit: AuditLog) -> None:
    fill(audit, 3)
    as_insider(database, "DELETE FROM audit_records WHERE number = 2")
    with pytest.raises(IntegrityError, match="the end of the log is not as it was left"):
        fill(audit, 1)


def test_damage_outside_the_rows_is_found(database: Database, database_path: Path, audit: AuditLog) -> None:
    """The page's own bookkeeping: no query reads it, the structure check does."""
    entries = fill(audit, 3)
    database.close()
    data = bytearray(database_path.read_bytes())
    page = data.index(entries[0].record) // 4096 * 4096
    data[page + 7] ^= 0x20  # count of fragmented free bytes
    database_path.write_bytes(data)
    error = verify_copy(database_path)
    assert error is not None
    assert error.message == "every record reads right, but the file is damaged in audit_records"


@pytest.mark.parametrize("wiped", [slice(0, 1), slice(8, 4096)])
def test_damage_to_the_note_of_the_end_is_found(
    database: Database, database_path: Path, audit: AuditLog, wiped: slice
) -> None:
    last = fill(audit, 3)[-1]
    database.close()
    data = bytearray(database_path.read_bytes())
    records = data.index(last.record) // 4096
    pages = {at // 4096 for at in range(len(data)) if data.startswith(last.chain, at)}
    (head,) = pages - {records}
    page = data[head * 4096 : head * 4096 + 4096]
    page[wiped] = b"\xa5" * len(page[wiped])
    data[head * 4096 : head * 4096 + 4096] = page
    database_path.write_bytes(data)
    error = verify_copy(database_path)
    assert error is not None
    assert error.code == "log.altered"
    assert "record " not in error.message


def test_an_insider_who_rebuilds_the_chain_is_caught_by_the_records_order(
    database: Database, audit: AuditLog
) -> None:
    records = [entry.record for entry in fill(audit, 4)]
    records[2], records[0] = records[0], records[2]
    chain = CHAIN_START
    for number, data in enumerate(records):
        chain = chain_value(chain, leaf_hash(data))
        values = f"record = x'{data.hex()}', chain = x'{chain.hex()}'"
        as_insider(
            database,
            f"UPDATE audit_records SET {values} WHERE number = {number}",
            f"UPDATE audit_head SET chain = x'{chain.hex()}'",
        )
    with pytest.raises(IntegrityError, match=r"record 0 \(bybit #1, .* is not the next of its stream"):
        audit.verify()


def test_an_append_within_a_transaction_is_undone_with_it(database: Database, audit: AuditLog) -> None:
    inventory = SqlInventory(database)
    with pytest.raises(ZeroDivisionError), inventory.transaction():
        inventory.add_key(KEY, V1)
        audit.append("bybit", "handout", HANDOUT)
        raise ZeroDivisionError
    assert audit.verify().records == 0
    assert inventory.keys() == ()
    with inventory.transaction():
        audit.append("bybit", "handout", HANDOUT)
    assert audit.verify().records == 1


def test_more_records_than_one_batch_are_listed_while_more_are_written(audit: AuditLog) -> None:
    fill(audit, 501)
    listed = audit.entries()
    assert next(listed).number == 0
    fill(audit, 1)
    assert [entry.number for entry in listed] == list(range(1, 502))


def test_a_copy_is_verified_without_being_touched(
    database: Database, database_path: Path, audit: AuditLog, tmp_path: Path
) -> None:
    fill(audit)
    folder = tmp_path / "evidence"
    folder.mkdir()
    with database.write(scrub=True):
        pass
    shutil.copy(database_path, folder / "copy.db")
    before = (folder / "copy.db").read_bytes()
    assert verify_copy(folder / "copy.db") is None
    copy = open_database(sqlite_url(folder / "copy.db"), read_only=True)
    with pytest.raises(StoreError) as caught:
        fill(SqlAuditLog(copy, FakeClock()), 1)
    assert caught.value.code == "database.read_only"
    copy.close()
    assert [file.name for file in folder.iterdir()] == ["copy.db"]
    assert (folder / "copy.db").read_bytes() == before


def test_a_copy_with_its_pending_write_ahead_log_is_read_whole(
    database: Database, database_path: Path, audit: AuditLog, tmp_path: Path
) -> None:
    fill(audit, 7)
    for name in ("keyguard.db", "keyguard.db-wal"):
        shutil.copy(database_path.with_name(name), tmp_path / name)
    copy = open_database(sqlite_url(tmp_path / "keyguard.db"), read_only=True)
    assert SqlAuditLog(copy, FakeClock()).verify().records == 7
    with pytest.raises(StoreError) as caught:
        SqlAuditLog(copy, FakeClock()).append("bybit", "handout", HANDOUT)
    assert caught.value.code == "database.read_only"
    copy.close()


WRITER = """
import sys
from pathlib import Path
from keyguard.gateway.clock import SystemClock
from keyguard.stores.audit import SqlAuditLog
from keyguard.stores.database import open_database, sqlite_url
from tests.stores.contract_audit import HANDOUT

# A writer that never pauses can keep another one waiting for long on a busy machine.
log = SqlAuditLog(open_database(sqlite_url(Path(sys.argv[1])), patience=60), SystemClock())
while True:
    entry = log.append("bybit", "handout", HANDOUT, private={"path": "x" * 3000})
    print(entry.number, entry.chain.hex(), flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 7, 40])
def test_a_killed_writer_loses_nothing_it_acknowledged(
    database: Database, database_path: Path, audit: AuditLog, acknowledged: int
) -> None:
    seen: list[tuple[int, str]] = []
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(database_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=os.getcwd(),
        )
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(acknowledged)]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()  # what it still said before it died
        writer.stdout.close()
        assert writer.wait() == -signal.SIGKILL
        seen += [(int(n), chain) for n, chain in (line.split() for line in lines if line.endswith("\n"))]
        audit.verify()
    stored = {entry.number: entry.chain.hex() for entry in audit.entries()}
    assert len(seen) >= 3 * acknowledged
    assert all(stored[number] == chain for number, chain in seen)


def test_two_processes_write_one_chain(database_path: Path, audit: AuditLog) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(database_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=os.getcwd(),
        )
        for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout is not None
        for _ in range(15):
            assert writer.stdout.readline()
    for writer in writers:
        writer.kill()
        writer.communicate()
    assert audit.verify().records >= 30
    fill(audit, 1)
