"""`keyguard panic` as a person types it, on simulated venues."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cli.desk import bybit_keys, desk, upbit_key

if TYPE_CHECKING:
    from pathlib import Path


def test_from_the_plan_to_the_list_of_what_a_person_must_do(tmp_path: Path) -> None:
    with desk(tmp_path, impatient=True) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add("bybit/mm/bot", bot)
        opened.add("bybit/ops/manager", manager)
        opened.add("upbit/mm/web", upbit_key(opened.venues.venues["upbit"]))

        plan = opened.keyguard("panic", "--desk", "mm")
        assert "2 keys would be ended; nothing was changed" in plan.out
        assert opened.statuses("bybit/mm/bot") == ["live"]

        done = opened.keyguard("panic", "--desk", "mm", "--rehearse", expect=1)
        assert "1 of 2 keys are dead" in done.out
        assert "upbit/mm/web  LIVES" in done.out
        assert f"  1. {opened.venues.urls['upbit']}" not in done.out
        assert "then: keyguard workflow resume" in done.out
        assert "bybit/mm/bot is proven dead" in done.err
        assert opened.statuses("bybit/mm/bot") == ["dead"]
        assert opened.statuses("bybit/ops/manager") == ["live"]
        opened.keyguard("run", "upbit/mm/web", "--", "true", expect=2)

        again = opened.keyguard("panic", "--desk", "mm", "--yes", "--json", expect=1).json
        (left,) = again["keys"]
        assert (left["key"], left["revoked_at"]) == ("upbit/mm/web", None)
        assert left["page"].startswith(opened.venues.urls["upbit"])

        line = {"at": "2026-11-21T09:00:00.000000Z", "record": {"stream": "firm", "type": "panic.begin"}}
        line["record"]["body"] = {"scope": "all", "keys": 1, "reason": "leak"}  # type: ignore[index]
        written = opened.home / "emergency.jsonl"
        written.touch(mode=0o600)
        written.write_text(json.dumps(line) + "\n")
        merged = opened.keyguard("log", "merge-emergency")
        assert "1 records of the emergency file are in the log now" in merged.err
        opened.keyguard("log", "merge-emergency", str(tmp_path / "none"), expect=2)
        opened.keyguard("log", "verify")
