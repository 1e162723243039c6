"""The commands on PostgreSQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cli.desk import bybit_keys, desk
from tests.services import postgres_server

if TYPE_CHECKING:
    from pathlib import Path

BOT = "bybit/mm/bot"


def test_a_key_is_kept_used_and_rotated(tmp_path: Path) -> None:
    with postgres_server.server() as server, desk(tmp_path) as ready:
        url = server.url(server.database())
        ready.init("file", "--database", url)
        bot, manager = bybit_keys(ready.venues.venues["bybit"])
        ready.add(BOT, bot)
        ready.add("bybit/mm/manager", manager)
        ready.keyguard("run", BOT, "--", "true")
        ready.keyguard("key", "rotate", BOT, "--overlap", "0s")
        assert ready.statuses(BOT) == ["dead", "live"]
        assert "bot" in ready.keyguard("key", "list").out
        entries = json.loads(ready.keyguard("log", "show", "--type", "handout", "--json").out)
        assert len(entries) == 1
        ready.keyguard("log", "verify")
        assert not (ready.home / "keyguard.db").exists()
