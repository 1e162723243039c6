"""What is due is shown and rotated by a command; workflows are paused and resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import HERE, Desk, bybit_keys, desk, upbit_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOT, HEDGE, MANAGER = "bybit/mm/bot", "upbit/mm/hedge", "bybit/ops/manager"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("due")
    with desk(folder, impatient=True) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add(MANAGER, manager)
        opened.add(BOT, bot)
        opened.add(HEDGE, upbit_key(opened.venues.venues["upbit"]))
        with (opened.home / "config.toml").open("a") as file:
            file.write('\n[rotation]\nbefore_expiry = "30d"\nfor = [{keys = "bybit/*", max_age = "0s"}]\n')
        yield opened


def test_a_dry_run_says_what_is_due_and_why_and_changes_nothing(here: Desk) -> None:
    done = here.keyguard("key", "rotate", "--due", "--dry-run", "--json")
    assert [one["key"] for one in done.json] == [HEDGE, BOT, MANAGER]
    reasons = {one["key"]: [r["cause"] for r in one["reasons"]] for one in done.json}
    assert reasons[BOT] == ["age"]
    assert reasons[HEDGE] == ["expiry"]
    text = here.keyguard("key", "rotate", "--due", "--dry-run", "--desk", "ops").out
    assert text.splitlines()[0].startswith(MANAGER)
    assert "0 days old; 0 are allowed" in text
    assert here.keyguard("key", "rotate", "--desk", "mm", "--dry-run").out.split() == [BOT, HEDGE]
    assert here.unfinished() == []


def test_one_that_fails_does_not_keep_the_others_waiting(here: Desk) -> None:
    done = here.keyguard("key", "rotate", "--due", "--desk", "mm", "--overlap", "0s", expect=2)
    assert f"{HEDGE} was not rotated" in done.out
    assert f"{BOT}: the old version is proven dead" in done.out
    assert here.statuses(BOT) == ["dead", "live"]
    assert here.unfinished() == []


def test_a_workflow_is_paused_and_taken_up_again(here: Desk) -> None:
    here.keyguard("key", "rotate", HEDGE, "--needs", "read,trade_spot", "--ips", HERE, expect=2)
    (stuck,) = here.unfinished()
    assert "under way" in here.keyguard("key", "rotate", "--due", "--dry-run").out
    paused = here.keyguard("workflow", "pause", stuck[:6], "--reason", "lunch")
    assert f"paused: rotate {stuck[:8]}, creating" in paused.out
    listed = here.keyguard("workflow", "list", "--unfinished")
    assert "lunch" in listed.out
    (row,) = here.keyguard("workflow", "list", "--unfinished", "--json").json
    assert row["paused"] is True
    assert "lunch" in row["waits_for"]
    assert "is paused by" in here.keyguard("attention", expect=1).out
    resumed = here.keyguard("workflow", "resume", stuck, expect=2)
    assert "nobody is there" in resumed.err
    (row,) = here.keyguard("workflow", "list", "--unfinished", "--json").json
    assert (row["paused"], row["waits_for"]) == (False, "")


def test_everything_is_paused_and_let_go(here: Desk) -> None:
    assert here.keyguard("workflow", "pause", "--all", "--json").json["all"] is True
    assert "everything is paused by" in here.keyguard("workflow", "list").out
    assert "nothing is paused any more" in here.keyguard("workflow", "resume", "--all").out
    assert "everything is paused" not in here.keyguard("workflow", "list").out


@pytest.mark.parametrize(
    "words",
    [
        "key rotate",
        "key rotate --due bybit/mm/bot",
        "key rotate bot --desk mm",
        "key rotate --desk mm --needs read",
        "key rotate --desk nobody",
        "workflow pause",
        "workflow pause 7f --all",
        "workflow resume",
        "workflow pause nothing",
    ],
)
def test_what_makes_no_sense_is_refused(here: Desk, words: str) -> None:
    here.keyguard(*words.split(), expect=2)
    assert here.statuses(MANAGER) == ["live"]
