"""Rules on use as a person meets them: configured, tried on the log, met by `run`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import Desk, bybit_keys, desk, write_private
from tests.cli.state import said_clearly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOT = "bybit/mm/bot"
BY_SHELL = ("run", BOT, "--", "/bin/sh", "-c", "echo $BYBIT_API_KEY")
BY_PYTHON = ("run", BOT, "--", sys.executable, "-c", "import os; print(os.environ['BYBIT_API_KEY'])")
NEW = '[[use_rule]]\nkind = "new_executable"\naction = "{}"\nkeys = "bybit/*"\n'
NEVER = '[[use_rule]]\nkind = "off_hours"\naction = "alert"\nfrom = "00:00"\nuntil = "00:00"\ndays = "{}"\n'


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, impatient=True) as opened:
        opened.init()
        bot, _ = bybit_keys(opened.venues.venues["bybit"])
        opened.add(BOT, bot)
        yield opened


def rules(ready: Desk, *tables: str) -> None:
    configuration = ready.home / "config.toml"
    kept = configuration.read_text().partition("[[use_rule]]")[0]
    configuration.write_text(kept + "\n" + "\n".join(tables))


def test_without_rules_both_commands_say_so(ready: Desk) -> None:
    for command in ("list", "test"):
        done = ready.keyguard("use-rules", command)
        assert (done.out, "no rules on use" in done.err) == ("", True)
    assert ready.keyguard("use-rules", "list", "--json").json == []


def test_a_rule_is_tried_on_the_log_before_it_blocks(ready: Desk) -> None:
    ready.keyguard(*BY_SHELL)
    ready.keyguard(*BY_PYTHON)
    rules(ready, NEW.format("block"))
    tried = ready.keyguard("use-rules", "test", expect=1)
    assert tried.out.splitlines()[0] == "new_executable: block, 1 of 2 hand-outs"
    assert "for the first time" in tried.out.splitlines()[1]
    assert tried.out.splitlines()[2] == "together: 1 blocked, 0 held for approval, 1 handed out"
    found = ready.keyguard("use-rules", "test", "--json", expect=1).json
    assert (found["judged"], found["blocked"]) == (2, 1)
    assert [example["key"] for example in found["rules"][0]["examples"]] == [BOT]
    assert ready.keyguard("use-rules", "test", "--since", "2099-01-01", "--json").json["judged"] == 0
    assert ready.keyguard("log", "verify")


def test_a_new_program_is_refused_and_the_refusal_on_record(ready: Desk) -> None:
    ready.keyguard(*BY_SHELL)
    rules(ready, NEW.format("block"))
    assert ready.keyguard(*BY_SHELL).out.strip()
    refused = ready.keyguard(*BY_PYTHON, expect=2)
    said_clearly(refused)
    assert "for the first time" in refused.errors[0]
    assert refused.errors[1] == "keyguard: nothing was handed out; the refusal is in the audit log"
    (denied,) = ready.keyguard("log", "show", "--type", "handout.denied", "--json").json
    assert denied["record"]["body"]["reason"] == "use.new_executable"
    ready.keyguard("log", "verify")


def test_an_alert_is_a_line_and_the_command_runs(ready: Desk) -> None:
    ready.keyguard(*BY_SHELL)
    rules(ready, NEW.format("alert"))
    done = ready.keyguard(*BY_PYTHON)
    assert done.out.strip()
    assert [line for line in done.err.splitlines() if line.startswith("keyguard: alert: ")]


def test_a_rule_that_is_none_stops_every_command(ready: Desk) -> None:
    rules(ready, NEW.format("shout"))
    refused = ready.keyguard(*BY_SHELL, expect=2)
    assert "use_rule 1: action is one of alert, approve, block" in refused.errors[0]


def test_the_list_shows_what_was_chosen(ready: Desk) -> None:
    rules(ready, NEW.format("approve"), NEVER.format("sat"))
    lines = ready.keyguard("use-rules", "list").out.splitlines()
    assert lines[1].split() == ["new_executable", "new_executable", "approve", "bybit/*"]
    assert lines[2].endswith("from 00:00, until 00:00, days sat")
    assert ready.keyguard("use-rules", "list", "--json").json[1]["settings"] == {
        "from": "00:00",
        "until": "00:00",
        "days": "sat",
    }


def test_the_rules_go_into_a_backup(ready: Desk, tmp_path: Path) -> None:
    rules(ready, NEW.format("block"))
    ready.keyguard(*BY_SHELL)
    file, opener = (
        tmp_path / "home.kgb",
        write_private(tmp_path / "opener", "FAKE backup passphrase, six words"),
    )
    opens = ("--backup-passphrase-file", str(opener))
    ready.keyguard("backup", "create", str(file), *opens)
    again = Desk(tmp_path / "again", ready.venues, impatient=True)
    again.keyguard("backup", "restore", str(file), *opens)
    assert (
        again.keyguard("use-rules", "list", "--json").json
        == ready.keyguard("use-rules", "list", "--json").json
    )
    assert again.keyguard(*BY_PYTHON, expect=2).errors  # and so does what they know
