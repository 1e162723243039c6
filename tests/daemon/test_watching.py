"""A running daemon watches: its jobs are shown, and a leak becomes a finding that `attention` lists."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from keyguard.core.secret import Secret
from keyguard.ports.channels import Channel
from keyguard.workflows import channels
from tests.cli.test_alert import Chat
from tests.daemon.homes import TIME_LIMIT_S
from tests.unit.scanner.leaks import bybit, env

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.daemon.homes import DaemonHome

pytest.importorskip("watchdog")


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    (tmp_path / "chat").mkdir()
    made = Chat(tmp_path / "chat")
    yield made
    made.server.shutdown()
    made.server.server_close()


def until(holds: Callable[[], Any]) -> Any:
    """Ask again and again, for a minute at most."""
    deadline = time.monotonic() + TIME_LIMIT_S
    while not (answer := holds()):
        assert time.monotonic() < deadline
    return answer


def leaks(home: DaemonHome) -> list[dict[str, Any]]:
    found = json.loads(home.keyguard("attention", "--json").stdout)["findings"]
    return [finding for finding in found if finding["kind"] == "leak"]


def test_a_leak_into_a_watched_folder(make: Callable[..., DaemonHome], tmp_path: Path, chat: Chat) -> None:
    folder = tmp_path / "bots"
    folder.mkdir()
    home = make(watch=[str(folder)])
    with home.opened() as ports:
        channels.add(ports.secrets, Channel("desk-chat", Secret(chat.url)))
    home.start(REQUESTS_CA_BUNDLE=str(chat.roots))
    status = json.loads(home.keyguard("daemon", "status", "--json").stdout)
    assert {job["name"] for job in status["jobs"]} >= {
        "inspect keys",
        "refresh findings",
        "send alerts",
        "watch folders",
    }
    log = home.home.daemon_log
    until(lambda: f"watching {folder}" in log.read_text())
    key, secret = bybit(950)
    (folder / "bot.env").write_text(env("bybit", key, secret))
    (finding,) = until(lambda: leaks(home))
    assert (finding["subject"], finding["origin"]) == (str(folder / "bot.env"), "inferred")
    message, *_ = until(lambda: [one for one in chat.got if str(folder / "bot.env") in one["message"]])
    # Alone it comes with the command that acknowledges it, with others found at once with that for all.
    alone, several = f"keyguard alert ack {finding['id']}", "all of them: keyguard attention"
    assert (alone in message["message"]) != (several in message["message"])
    assert secret not in str(chat.got)
    assert key not in str(chat.got)
    assert home.keyguard("daemon", "stop").returncode == 0
    closed = home.keyguard("finding", "close", finding["id"], "--reason", "deleted, it was a FAKE")
    assert closed.returncode == 0
    assert leaks(home) == []
    for file in home.folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert secret.encode() not in content, file
            assert key.encode() not in content, file


@pytest.mark.parametrize(
    "table",
    [
        {"inspect_s": "daily"},
        {"inspect_s": -1},
        {"watch": ["bots"]},
        {"watch": "~/bots"},
    ],
)
def test_settings_that_are_wrong_are_named(make: Callable[..., DaemonHome], table: dict[str, Any]) -> None:
    done = make(**table).keyguard("daemon", "run")
    assert done.returncode == 2
    assert f"[daemon] {next(iter(table))}" in done.stderr
