"""`keyguard panic` as a person types it, on simulated venues."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.core.secret import Secret
from keyguard.home import Home
from keyguard.stores import database
from keyguard.workflows import panic
from keyguard.workflows.identity import Actor
from tests.cli.desk import Desk, bybit_keys, desk, upbit_key
from tests.fakes.person import FakePerson

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_from_the_plan_to_the_list_of_what_a_person_must_do(tmp_path: Path) -> None:
    with desk(tmp_path, impatient=True) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add("bybit/mm/bot", bot)
        opened.add("bybit/ops/manager", manager)
        opened.add("upbit/mm/web", upbit_key(opened.venues.venues["upbit"]))

        plan = opened.keyguard("panic", "--desk", "mm", "--cancel-orders")
        assert "stand: Bybit has no one call that cancels all open orders" in plan.out
        assert "2 keys would be ended; nothing was changed" in plan.out
        assert opened.statuses("bybit/mm/bot") == ["live"]

        done = opened.keyguard("panic", "--desk", "mm", "--rehearse", "--cancel-orders", expect=1)
        assert "bybit: open orders of account" in done.out
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
        assert again["orders"] == []

        line = {"at": "2026-11-21T09:00:00.000000Z", "record": {"stream": "firm", "type": "panic.begin"}}
        line["record"]["body"] = {"scope": "all", "keys": 1, "reason": "leak"}  # type: ignore[index]
        written = opened.home / "emergency.jsonl"
        written.touch(mode=0o600)
        written.write_text(json.dumps(line) + "\n")
        merged = opened.keyguard("log", "merge-emergency")
        assert "1 records of the emergency file are in the log now" in merged.err
        opened.keyguard("log", "merge-emergency", str(tmp_path / "none"), expect=2)
        opened.keyguard("log", "verify")


def test_a_home_of_real_venues_rehearses_at_stand_ins(tmp_path: Path) -> None:
    with desk(tmp_path, impatient=True) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add("bybit/mm/bot", bot)
        opened.add("bybit/ops/manager", manager)
        opened.add("upbit/mm/web", upbit_key(opened.venues.venues["upbit"]))
        config = opened.home / "config.toml"
        config.write_text(config.read_text().partition("[simulators]")[0])
        before, asked = _state(opened), _asked(opened)
        locked = {"KEYGUARD_PASSPHRASE_FILE": str(tmp_path / "nobody knows")}

        done = opened.keyguard("panic", "--desk", "mm", "--rehearse", expect=1, environment=locked)
        assert "a rehearsal: stand-ins for bybit, upbit" in done.err
        assert " s  bybit/mm/bot is proven dead" in done.err
        assert "1 of 2 keys are dead" in done.out
        assert "last revocation after" in done.out
        assert "upbit/mm/web  LIVES" in done.out
        assert "https://upbit.com/" in done.out, "the page that a person opens on that day"
        assert "workflow resume" not in done.out
        assert "nothing of this home was changed" in done.err
        assert _state(opened) == before
        assert _asked(opened) == asked
        assert opened.statuses("bybit/mm/bot") == ["live"]
        left = [path.name for path in (opened.folder / "tmp").iterdir() if "rehearsal" in path.name]
        assert left == []


def _state(opened: Desk) -> tuple[object, ...]:
    """What a rehearsal may not change: the vault's bytes, and what the database holds."""
    with opened.opened() as ports:
        told = (ports.audit.verify().chain, ports.journal.workflows())
    return (*told, (opened.home / "vault.kgv").read_bytes())


def _asked(opened: Desk) -> int:
    return sum(len(venue.state.seen) for venue in opened.venues.venues.values())


def test_on_a_database_that_nobody_can_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk(tmp_path, impatient=True) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add("bybit/mm/bot", bot)
        opened.add("bybit/ops/manager", manager)
        home, opening = Home(opened.home), database.open_database
        unlock = partial(Secret, opened.passphrase)
        with monkeypatch.context() as patched:
            patched.setattr(database, "open_database", lambda url, **_: opening(url, read_only=True))
            with wiring.opened_for_panic(home, unlock, FakePerson(), home.emergency_file) as (ports, beside):
                outcome = panic.panic(
                    ports,
                    panic.targets(ports, desk="mm"),
                    scope="desk mm",
                    reason="leak",
                    actor=Actor("hana", "host-1"),
                    process_alive=lambda pid, started: False,
                    emergency=beside,
                )
        assert [one.key.label for one in outcome.dead] == ["bot"]
        assert opened.statuses("bybit/mm/bot") == ["live"], "as the database still says"

        listed = opened.keyguard("workflow", "list", "--json")
        assert "records of the emergency file are in the log now" in listed.err
        assert [one["state"] for one in listed.json] == ["buried"]
        assert opened.statuses("bybit/mm/bot") == ["dead"]
        shown = opened.keyguard("log", "show", "--type", "key.revoke_confirmed", "--json").json
        assert [type(one["record"]["body"]["late"]) for one in shown] == [str]
        opened.keyguard("log", "verify")
