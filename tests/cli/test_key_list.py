"""`key list` with many keys: the database is asked as often as with few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from keyguard.cli.main import main
from tests.daemon.homes import DaemonHome
from tests.test_imports import loaded

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_as_many_queries_however_many_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    counted = []
    for keys in (3, 400):
        folder = tmp_path / str(keys)
        folder.mkdir()
        home = DaemonHome(folder, keys)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            assert main(["--home", str(home.home.path), "key", "list"]) == 0
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        counted.append(len(asked))
        asked.clear()
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 1 + keys
        assert len({line.index("never asked") for line in lines[1:]}) == 1  # in one column
    assert counted[0] == counted[1]


def test_neither_the_http_client_nor_another_database_is_loaded(tmp_path: Path) -> None:
    home = DaemonHome(tmp_path)
    modules = loaded("--home", str(home.home.path), "key", "list")
    assert "sqlalchemy.dialects.sqlite" in modules
    assert not modules & {"httpx", "alembic", "sqlalchemy.dialects.postgresql", "cryptography"}
