"""The commands on PostgreSQL."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.home import Home
from keyguard.processes import process_alive
from keyguard.workflows import handout
from keyguard.workflows.identity import Actor, Process
from keyguard.workflows.rotate import Options, rotate
from tests.cli.desk import bybit_keys, desk
from tests.fakes.person import FakePerson
from tests.services import postgres_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
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


@dataclass
class Impatient:
    """The system's clock, but who waits does something else meanwhile and waits a hundredth."""

    meanwhile: Callable[[], None]
    own: SystemClock

    def now(self) -> datetime:
        return self.own.now()

    def token(self, size: int) -> bytes:
        return self.own.token(size)

    def sleep(self, seconds: float) -> None:
        self.meanwhile()
        self.own.sleep(seconds / 100)


def test_a_rotation_waits_for_a_bot_that_another_host_has_given_the_key_to(tmp_path: Path) -> None:
    """The pid means nothing here: taken for one of this host's, the bot would be gone and its key revoked."""
    with postgres_server.server() as server, desk(tmp_path) as ready:
        ready.init("file", "--database", server.url(server.database()))
        bot, manager = bybit_keys(ready.venues.venues["bybit"])
        ready.add(BOT, bot)
        ready.add("bybit/mm/manager", manager)
        elsewhere, person = tmp_path / "elsewhere", FakePerson()
        shutil.copytree(ready.home, elsewhere)
        with (
            ready.opened() as here,
            wiring.opened(Home(elsewhere), lambda: Secret(ready.passphrase), FakePerson()) as there,
        ):
            process = Process(999_999_999, "1", "bot")
            given = handout.hand_out(
                there, BOT, purpose="", mode="env", actor=Actor("kim", "tokyo-2"), process=process
            )

            def end_when_waited_for() -> None:
                if not waited and any("bot (pid 999999999 on tokyo-2)" in line for line in person.told):
                    waited.append(ready.statuses(BOT))
                    handout.end(there, given.lease_id)

            waited: list[list[str]] = []
            shown = ready.keyguard("key", "show", BOT).out
            assert "handed to bot (pid 999999999 on tokyo-2)" in shown
            patient = replace(here, person=person, clock=Impatient(end_when_waited_for, SystemClock()))
            options = Options(overlap_s=3600)
            done = rotate(patient, BOT, options, actor=Actor("kim", "tokyo-1"), process_alive=process_alive)
        assert done.state == "buried"
        assert waited == [["retired", "live"]]
        assert ready.statuses(BOT) == ["dead", "live"]
