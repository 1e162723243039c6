"""Opening, migrating, refusing; transactions; full disk, read-only folder."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from keyguard.core.errors import KeyguardError, StoreError, UsageError
from keyguard.stores import migrations
from keyguard.stores.database import Database, open_database, sqlite_url
from keyguard.stores.sqlite import APPLICATION_ID
from keyguard.stores.tables import METADATA

INSERT = "INSERT INTO nonces VALUES ('a', 1)"
COUNT = "SELECT count(*) FROM nonces"


def refused(path: Path, **options: bool) -> KeyguardError:
    with pytest.raises(KeyguardError) as caught:
        open_database(sqlite_url(path), **options)
    return caught.value


def files(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}


def test_only_its_owner_can_read_the_files(database_path: Path) -> None:
    before = os.umask(0)
    try:
        database = open_database(sqlite_url(database_path), create=True)
        with database.write() as connection:
            connection.exec_driver_sql(INSERT)
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in database_path.parent.iterdir()}
        database.close()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("keyguard.db", "keyguard.db-wal", "keyguard.db-shm"), 0o600)
    assert stat.S_IMODE(database_path.parent.stat().st_mode) == 0o700


def test_every_connection_is_durable_and_scrubbing(database: Database) -> None:
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 5000,
        "application_id": APPLICATION_ID,
    }
    with database.read() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected}
    assert found == expected


def test_the_migrations_make_exactly_the_tables_the_stores_use(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert migrations.version(connection, database.backend.tables(connection)) == migrations.HEAD


def test_a_current_database_is_opened_without_alembic(database: Database, database_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from keyguard.stores.database import *;"
        "open_database(sqlite_url(Path(sys.argv[1]))).close();"
        "print([m for m in sys.modules if m.startswith('alembic')])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(database_path)], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_creating_twice_is_fine(database: Database, database_path: Path) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(INSERT)
    again = open_database(sqlite_url(database_path), create=True)
    with again.read() as connection:
        assert connection.exec_driver_sql(COUNT).scalar() == 1
    again.close()


def test_creation_at_the_same_time_by_several_processes(database_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from keyguard.stores.database import *;"
        "open_database(sqlite_url(Path(sys.argv[1])), create=True).close()"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(database_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate()[1] for process in running] == ["", "", ""]


def test_a_path_with_characters_of_urls(tmp_path: Path) -> None:
    path = tmp_path / "a b%20?x=1#ü" / "k&g.db"
    open_database(sqlite_url(path), create=True).close()
    assert path.exists()
    open_database(sqlite_url(path), read_only=True).close()


@pytest.mark.parametrize(
    "url", ["", "keyguard.db", "sqlite://", "sqlite:///", "mysql://host/db", "sqlite://host/x"]
)
def test_urls_that_name_no_file(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_database(url)
    assert caught.value.code == "database.url"


def test_a_missing_database(tmp_path: Path) -> None:
    path = tmp_path / "none" / "keyguard.db"
    error = refused(path)
    assert (error.code, error.exit_status) == ("database.missing", 3)
    assert not path.parent.exists()


def test_an_empty_file_is_no_database_yet(tmp_path: Path) -> None:
    path = tmp_path / "keyguard.db"
    path.touch()
    assert refused(path).code == "database.missing"
    open_database(sqlite_url(path), create=True).close()
    open_database(sqlite_url(path)).close()


@pytest.mark.parametrize("create", [True, False])
def test_a_newer_database_is_left_alone(database: Database, database_path: Path, create: bool) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0042'")
    database.close()
    before = files(database_path)
    error = refused(database_path, create=create)
    assert (error.code, error.exit_status) == ("database.newer", 3)
    assert "schema 42" in error.message
    assert "knows schema 1" in error.message
    assert files(database_path) == before


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough " * 50, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keyguard.db"
    path.write_bytes(content)
    for create in (False, True):
        error = refused(path, create=create)
        assert (error.code, error.exit_status) == ("database.damaged", 3)
    assert files(path) == {"keyguard.db": content}


def test_a_truncated_database(database: Database, database_path: Path) -> None:
    database.close()
    database_path.write_bytes(database_path.read_bytes()[:5000])
    with pytest.raises(StoreError) as caught:
        cut = open_database(sqlite_url(database_path))
        with cut.read() as connection:
            connection.exec_driver_sql(COUNT)
    assert caught.value.code == "database.damaged"


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE other (x)", "CREATE TABLE alembic_version (version_num)"]
)
def test_a_database_of_another_program(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "keyguard.db"
    foreign = sqlite3.connect(path)
    foreign.execute(statement)
    foreign.execute("CREATE TABLE theirs (x)")
    foreign.close()
    before = files(path)
    for create in (False, True):
        assert refused(path, create=create).code == "database.foreign"
    assert files(path) == before


def test_an_older_database_is_not_migrated_when_it_must_not_be_written(
    database: Database, database_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.close()
    monkeypatch.setattr(migrations, "HEAD", 2)
    assert refused(database_path, read_only=True).code == "database.older"


def test_a_busy_database(database: Database, database_path: Path) -> None:
    hasty = open_database(sqlite_url(database_path), patience=0.05)
    with database.write() as connection:
        connection.exec_driver_sql(INSERT)
        with pytest.raises(StoreError) as caught, hasty.write():
            pass
        with hasty.read() as reading:
            assert reading.exec_driver_sql(COUNT).scalar() == 0
    assert caught.value.code == "database.locked"
    with hasty.write() as connection:
        assert connection.exec_driver_sql(COUNT).scalar() == 1
    hasty.close()


def test_a_reader_sees_one_state(database: Database, database_path: Path) -> None:
    other = open_database(sqlite_url(database_path))
    with other.read() as reading:
        assert reading.exec_driver_sql(COUNT).scalar() == 0
        with database.write() as connection:
            connection.exec_driver_sql(INSERT)
        assert reading.exec_driver_sql(COUNT).scalar() == 0
    other.close()


def test_threads_have_transactions_of_their_own(database: Database) -> None:
    seen: list[object] = []

    def look() -> None:
        with database.read() as connection:
            seen.append((database.writing, connection.exec_driver_sql(COUNT).scalar()))

    with database.write() as connection:
        connection.exec_driver_sql(INSERT)
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        with database.read() as same:
            seen.append((database.writing, same.exec_driver_sql(COUNT).scalar()))
    assert seen == [(False, 0), (True, 1)]


def test_an_unexpected_error_of_the_database_names_no_value(database: Database) -> None:
    with pytest.raises(StoreError) as caught, database.read() as connection:
        connection.exec_driver_sql("SELECT 'FAKESECRET' FROM nowhere")
    assert caught.value.code == "database.failed"
    assert "FAKE" not in str(caught.value)


def in_own_mounts(script: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run Python where it may mount a small disk: root in a name space of its own."""
    command = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-ec",
        textwrap.dedent(script),
        "sh",
        *args,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def can_mount() -> bool:
    try:
        return in_own_mounts("mount -t tmpfs none /mnt").returncode == 0
    except OSError:
        return False


needs_mounts = pytest.mark.skipif(not can_mount(), reason="this machine lets nobody mount a small disk")

USE = """
import sys
from pathlib import Path
from keyguard.core.errors import KeyguardError
from keyguard.gateway.clock import SystemClock
from keyguard.stores.audit import SqlAuditLog
from keyguard.stores.database import open_database, sqlite_url
from keyguard.stores.inventory import SqlInventory
from tests.stores.contract_audit import HANDOUT

path, what = Path(sys.argv[1]), sys.argv[2]
log = None
try:
    database = open_database(sqlite_url(path), create=what == "create", read_only=what == "verify")
    log, inventory = SqlAuditLog(database, SystemClock()), SqlInventory(database)
    written = 0
    while what != "verify":
        if what == "joined":
            with inventory.transaction():
                log.append("bybit", "handout", HANDOUT, private={"x": "y" * 9000})
        else:
            log.append("bybit", "handout", HANDOUT, private={"x": "y" * 9000})
        written += 1
    print("fine", log.verify().records)
except KeyguardError as error:
    print(error.code, error.exit_status)
    if log and what in ("append", "joined"):
        print(log.verify().records == written)
"""


@needs_mounts
@pytest.mark.parametrize("what", ["append", "joined"])
def test_a_full_disk(what: str) -> None:
    done = in_own_mounts(
        """
        mount -t tmpfs -o size=600k none /mnt
        "$1" -c "from pathlib import Path; from keyguard.stores.database import *
        open_database(sqlite_url(Path('/mnt/k.db')), create=True).close()"
        "$1" -c "$2" /mnt/k.db "$3"
        """,
        *(sys.executable, USE, what),
    )
    assert done.stdout.split("\n")[:2] == ["database.full 3", "True"], done


@needs_mounts
def test_creation_on_a_full_disk_can_be_repeated_later() -> None:
    done = in_own_mounts(
        """
        mount -t tmpfs -o size=20m none /mnt
        head -c 20440k /dev/zero > /mnt/filler
        "$1" -c "$2" /mnt/k.db create
        rm /mnt/filler
        "$1" -c "from pathlib import Path; from keyguard.stores.database import *
        open_database(sqlite_url(Path('/mnt/k.db')), create=True).close()"
        "$1" -c "$2" /mnt/k.db verify
        """,
        *(sys.executable, USE),
    )
    assert done.stdout.split("\n")[:2] == ["database.full 3", "fine 0"], done


@needs_mounts
def test_a_read_only_disk() -> None:
    done = in_own_mounts(
        """
        mount -t tmpfs -o size=20m none /mnt
        "$1" -c "from pathlib import Path; from keyguard.stores.database import *
        open_database(sqlite_url(Path('/mnt/k.db')), create=True).close()"
        mount -o remount,bind,ro /mnt  # the flag alone: other options of a tmpfs may not be repeated here
        "$1" -c "$2" /mnt/k.db append
        "$1" -c "$2" /mnt/new/k.db create
        "$1" -c "$2" /mnt/k.db verify
        """,
        *(sys.executable, USE),
    )
    assert done.stdout.split("\n")[:3] == ["database.read_only 3", "database.read_only 3", "fine 0"], done


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
exec(compile(sys.argv.pop(1), "use", "exec"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_a_file_that_may_not_grow(database: Database, database_path: Path) -> None:
    database.close()
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, USE, str(database_path), "append"], capture_output=True, text=True
    )
    assert done.stdout.split("\n")[:2] == ["database.io 3", "True"], done


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(database: Database, database_path: Path) -> None:
    database.close()
    database_path.parent.chmod(0o500)
    try:
        assert refused(database_path).code == "database.read_only"
        assert refused(database_path.with_name("new.db"), create=True).code == "database.read_only"
        open_database(sqlite_url(database_path), read_only=True).close()
    finally:
        database_path.parent.chmod(0o700)
