"""A snapshot is one state of the database, whoever writes meanwhile."""

from __future__ import annotations

import stat
import threading
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import StoreError
from keyguard.gateway.clock import SystemClock
from keyguard.stores.audit import SqlAuditLog
from keyguard.stores.database import open_database, sqlite_url
from keyguard.stores.snapshot import snapshot

if TYPE_CHECKING:
    from pathlib import Path


def append(log: SqlAuditLog, count: int) -> None:
    for number in range(count):
        log.append("firm", "clock.check", {"offset_ms": number, "source": "test", "ok": True})


def test_it_holds_what_was_committed_and_nothing_later(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "live.db"), create=True)
    log = SqlAuditLog(database, SystemClock())
    append(log, 3)
    copy = tmp_path / "copy.db"
    (tmp_path / "copy.db").write_text("left by a crash")
    with snapshot(database, copy):
        append(log, 2)
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        taken = open_database(sqlite_url(copy), read_only=True)
        assert SqlAuditLog(taken, SystemClock()).verify().records == 3
        taken.close()
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("copy")) == []
    assert log.verify().records == 5
    database.close()


def test_writers_go_on_and_every_snapshot_is_whole(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "live.db"), create=True)
    log = SqlAuditLog(database, SystemClock())
    append(log, 1)
    writer = threading.Thread(target=append, args=(log, 60))
    writer.start()
    seen = []
    for number in range(5):
        with snapshot(database, tmp_path / f"copy-{number}.db"):
            taken = open_database(sqlite_url(tmp_path / f"copy-{number}.db"), read_only=True)
            seen.append(SqlAuditLog(taken, SystemClock()).verify().records)
            taken.close()
    writer.join()
    assert seen == sorted(seen)
    assert log.verify().records == 61
    database.close()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "live.db"), create=True)
    with pytest.raises(StoreError), snapshot(database, tmp_path / "missing" / "copy.db"):
        raise AssertionError("there is no snapshot")
    database.close()
