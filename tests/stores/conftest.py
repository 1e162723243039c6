"""A fresh database for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from keyguard.stores.database import Database, open_database, sqlite_url
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database_path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "keyguard.db"


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    opened = open_database(sqlite_url(database_path), create=True)
    yield opened
    opened.close()
