"""A guided rotation at a real terminal, left in the middle and taken up again."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import HERE, Desk, desk, upbit_key
from tests.cli.terminal import on_terminal

if TYPE_CHECKING:
    from pathlib import Path

KEY = "upbit/mm/bot"
ENTER = b"Enter when it is done"


def typing(ready: Desk, *words: str, typed: list[tuple[bytes, str]], **environment: str) -> tuple[int, str]:
    command = [sys.executable, "-P", "-m", "keyguard", *words]
    status, shown = on_terminal(command, ready.environment(**environment), ready.work, typed)
    return status, shown.decode()


def test_the_list_is_left_shown_and_taken_up_where_it_stood(tmp_path: Path) -> None:
    with desk(tmp_path) as ready:
        ready.init()
        ready.add(KEY, upbit_key(ready.venues.venues["upbit"]))
        words = ("key", "rotate", KEY, "--needs", "read,trade_spot", "--ips", HERE)
        status, shown = typing(ready, *words, typed=[(ENTER, "\n"), (b"2/8", "\n"), (b"3/8", "q\n")])
        assert status == 2, shown
        assert "left at step 3 of 8" in shown
        assert "█" not in shown, "no code where colours are not wanted"

        (workflow,) = ready.unfinished()
        told = ready.keyguard("workflow", "show", workflow, "--json").json
        assert (told["data"]["checklist"]["done"], told["holders"]) == (2, [])
        listed = ready.keyguard("workflow", "show", workflow, environment={"LC_ALL": "ko_KR.UTF-8"}).out
        assert "  [x] 2. 키를 쓸 포켓을 고릅니다" in listed
        assert "  [ ] 3. 다음 항목만 선택합니다" in listed

        with ready.opened() as ports:
            begun = ports.journal.workflow(workflow)
            ports.journal.advance(replace(begun, opened_at=begun.opened_at - timedelta(hours=5)))
        ready.keyguard("daemon", "start")
        (reminder,) = ready.keyguard("daemon", "status", "--json").json["reminders"]
        assert (reminder["key"], reminder["command"]) == (KEY, f"keyguard workflow resume {workflow}")
        assert "step 3 of 8" in ready.keyguard("daemon", "status").out
        ready.keyguard("daemon", "stop")

        english = {"LC_ALL": "C.UTF-8", "NO_COLOR": "", "TERM": "xterm"}
        status, shown = typing(
            ready, "workflow", "resume", workflow, typed=[(b"3/8", "\n"), (b"4/8", "q\n")], **english
        )
        assert status == 2, shown
        assert "[x] the first 2 of 8 steps are done" in shown
        assert "1/8" not in shown and "2/8" not in shown
        assert json.loads(ready.keyguard("workflow", "show", workflow, "--json").out)["state"] == "creating"
        pytest.importorskip("segno")
        assert "\x1b[30;107m" in shown, "the page as a code, black on white"
