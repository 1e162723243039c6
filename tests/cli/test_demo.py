"""The demo is the main job from end to end, as real processes; so it is a test of everything."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import secretstorage

from tests.services.fixtures import keyring, running_keyring

if TYPE_CHECKING:
    from tests.services.keyring_session import Session

__all__ = ["keyring", "running_keyring"]

pytestmark = pytest.mark.timeout(300)  # a whole story, with PDFs: many times what one command takes

ROOT = Path(__file__).parents[2]


def demo(*words: str) -> str:
    """Everything one headless demo said."""
    told = subprocess.run(
        [sys.executable, "-m", "keyguard", "demo", "--headless", *words],
        capture_output=True,
        text=True,
        timeout=280,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}"},
        check=False,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    return told.stderr + told.stdout


def test_the_whole_story_headless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    folder = tmp_path / "demo"
    story = demo("--keep", str(folder))
    assert "store     file: there is no D-Bus session bus" in story
    for venue in ("bybit", "deribit", "upbit"):
        assert f"{venue:<8} SIMULATED at http://127.0.0.1:" in story
    assert story.count("proven dead: ") == 3
    assert story.count("bot: the venue knows me") == 2
    assert "bot: I was handed [keyguard:masked]" in story
    assert "whom the demo plays here" in story
    assert "does not match its chain value" in story
    assert story.count("VERIFIED WITH WARNINGS") == 2
    assert len(list((folder / "attestations").glob("KGA-*-upbit-0001.zip"))) == 1
    assert (folder / "attestations/reading/attestation.pdf").read_bytes().startswith(b"%PDF-")
    summary = story[story.index("What was found, what is dead") :]
    assert summary.count("v1 dead     v2 live") == 3
    _the_database_agrees(folder / "home" / "keyguard.db")
    _the_references_stand_where_the_secrets_were(folder / "bot")


def test_on_the_os_keyring_nothing_is_left_behind(keyring: Session) -> None:
    before = _items()
    story = demo()
    assert "store     os-keyring: " in story
    assert "stored the new key and read it back: os_keyring" in story
    assert _items() == before


def _items() -> set[str]:
    with contextlib.closing(secretstorage.dbus_init()) as connection:
        collection = secretstorage.get_default_collection(connection)
        return {item.item_path for item in collection.get_all_items()}


def _the_database_agrees(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        records = [json.loads(row[0]) for row in database.execute("SELECT record FROM audit_records")]
        calls = database.execute("SELECT count(*) FROM calls").fetchone()[0]
    types = [record["type"] for record in records]
    assert types.count("key.revoke_confirmed") == 3
    assert types.count("handout") == 2
    assert calls == 0, "no sealed reply is left"


def _the_references_stand_where_the_secrets_were(repository: Path) -> None:
    assert "keyguard://bybit/mm/bot#secret" in (repository / "bot.py").read_text()
    assert "keyguard://upbit/mm/bot#secret" in (repository / ".env").read_text()
