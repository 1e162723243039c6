"""Nonces on SQLite: they only grow, across processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keyguard.stores.database import Database
from keyguard.stores.nonces import SqlNonces

DRAW = """
import sys
from pathlib import Path
from keyguard.stores.database import open_database, sqlite_url
from keyguard.stores.nonces import SqlNonces

nonces = SqlNonces(open_database(sqlite_url(Path(sys.argv[1]))))
for _ in range(60):
    print(nonces.next("bybit/ab", 1000))
"""


def test_they_grow_from_the_floor(database: Database) -> None:
    nonces = SqlNonces(database)
    assert [nonces.next("a", 10), nonces.next("a", 10), nonces.next("a", 5)] == [10, 11, 12]
    assert nonces.next("a", 2**62) == 2**62
    assert nonces.next("a", 20) == 2**62 + 1


def test_scopes_count_on_their_own(database: Database) -> None:
    nonces = SqlNonces(database)
    assert [nonces.next("a", 10), nonces.next("b", 10)] == [10, 10]


def test_they_survive_a_restart(database: Database) -> None:
    assert SqlNonces(database).next("a", 10) == 10
    database.close()
    assert SqlNonces(database).next("a", 10) == 11


def test_none_is_drawn_in_a_transaction_that_could_be_undone(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write():
        SqlNonces(database).next("a", 10)


def test_processes_never_draw_the_same(database: Database, database_path: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", DRAW, str(database_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    drawn = [[int(line) for line in process.communicate()[0].split()] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert all(numbers == sorted(numbers) for numbers in drawn)
    assert sorted(number for numbers in drawn for number in numbers) == list(range(1000, 1180))
