"""`keyguard run` as people use it: names, references, records, leases, exit status."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import bybit_keys, desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.desk import Desk

BOT = "bybit/mm/bot"
SHOW = (
    "import os; print(*sorted(k for k in os.environ if k.startswith(('BYBIT', 'KEYGUARD', 'CREDENTIALS'))))"
)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("run")) as opened:
        opened.init()
        bot, _ = bybit_keys(opened.venues.venues["bybit"])
        opened.add(BOT, bot)
        yield opened


def test_the_command_gets_the_key_by_the_venues_own_names_and_nothing_of_ours(ready: Desk) -> None:
    done = ready.keyguard(
        "run", BOT, "--", sys.executable, "-c", SHOW, environment={"CREDENTIALS_DIRECTORY": "/nowhere"}
    )
    assert done.out == "BYBIT_API_KEY BYBIT_API_SECRET\n"


def test_other_clients_names(ready: Desk) -> None:
    done = ready.keyguard("run", BOT, "--as", "freqtrade", "--prefix", "MM_", "--", "env")
    names = {line.partition("=")[0] for line in done.out.splitlines()}
    assert {"MM_FREQTRADE__EXCHANGE__KEY", "MM_FREQTRADE__EXCHANGE__SECRET"} <= names


def test_references_in_a_file_are_resolved_logged_and_masked(ready: Desk) -> None:
    (ready.work / "bot.env").write_text(f"MY_SECRET=keyguard://{BOT}#secret\nLOG_LEVEL=info\n")
    before = _handouts(ready)
    done = ready.keyguard("run", "--env-file", "bot.env", "--", "sh", "-c", "echo $MY_SECRET $LOG_LEVEL")
    assert done.out == "[keyguard:masked] info\n"
    assert _handouts(ready) == before + 1


def test_the_exit_status_is_the_commands(ready: Desk) -> None:
    ready.keyguard("run", BOT, "--", "sh", "-c", "exit 7", expect=7)
    ready.keyguard("run", BOT, "--", "sh", "-c", "kill -TERM $$", expect=128 + signal.SIGTERM)


def test_a_command_that_is_not_there_is_not_handed_anything(ready: Desk) -> None:
    before = _handouts(ready)
    done = ready.keyguard("run", BOT, "--", "no-such-command", expect=2)
    assert "was not found" in done.errors[0]
    assert _handouts(ready) == before


def test_the_lease_is_the_commands_and_ends_with_it(ready: Desk) -> None:
    process = ready.start("run", BOT, "--", "sh", "-c", "echo $$; read line")
    assert process.stdin is not None and process.stdout is not None
    pid = int(process.stdout.readline())
    leases = ready.keyguard("key", "show", BOT, "--json").json["open_leases"]
    assert [lease["pid"] for lease in leases] == [pid]
    process.communicate("go on\n", timeout=20)
    assert ready.keyguard("key", "show", BOT, "--json").json["open_leases"] == []


def test_without_a_key_or_a_reference_it_is_wrong_use(ready: Desk) -> None:
    done = ready.keyguard("run", "--", "true", expect=2)
    assert "no key is named" in done.errors[0]


def _handouts(ready: Desk) -> int:
    return len(json.loads(ready.keyguard("log", "show", "--type", "handout", "--json").out))
