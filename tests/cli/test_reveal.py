"""`key reveal` at a real terminal, into a pipe, beside a locked daemon."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.cli.terminal import on_terminal
from tests.daemon.conftest import make
from tests.daemon.homes import DaemonHome, secret_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["make"]

KEY = "bybit/mm/bot0"
SECRET = secret_of(1)


@pytest.fixture
def home(make: Callable[..., DaemonHome]) -> DaemonHome:
    return make()


def words(home: DaemonHome, *more: str) -> list[str]:
    return ["--passphrase-file", str(home.passphrase_file), "key", "reveal", KEY, *more]


def test_it_is_shown_on_a_screen_of_its_own_and_cleared(home: DaemonHome) -> None:
    environment = home.environment(TERM="xterm-256color")
    typed = [(b"Enter clears this", "\n")]
    status, shown = on_terminal(
        home.command(*words(home, "--reason", "FIX")), environment, home.folder, typed
    )
    assert status == 0, shown
    entered, _, after = shown.partition(b"\x1b[?1049h")
    within, _, left = after.partition(b"\x1b[?1049l")
    assert SECRET.encode() in within
    assert b"FAKEidk0v1" in within
    assert within.rstrip().endswith(b"\x1b[2J\x1b[H")
    assert SECRET.encode() not in entered + left
    (record,) = home.records("handout")
    assert record["body"]["purpose"] == "reveal: FIX"
    assert home.running_leases() == 0
    home.verify()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_it_is_cleared_when_it_is_ended_from_outside(home: DaemonHome, number: signal.Signals) -> None:
    status, shown = on_terminal(
        home.command(*words(home)), home.environment(TERM="xterm"), home.folder, [(b"Enter clears", number)]
    )
    assert status == 128 + number
    within, _, left = shown.partition(b"\x1b[?1049l")
    assert SECRET.encode() in within
    assert SECRET.encode() not in left
    assert home.running_leases() == 0


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_pipe_gets_nothing_unless_that_is_asked_for(home: DaemonHome, more: tuple[str, ...]) -> None:
    refused = home.keyguard(*words(home, *more), TERM="xterm")
    assert refused.returncode == 2
    assert SECRET not in refused.stdout + refused.stderr
    assert "--to-output" in refused.stderr
    assert home.records("handout") == home.records("handout.denied") == []


def test_a_terminal_that_cannot_forget_shows_nothing(home: DaemonHome) -> None:
    status, shown = on_terminal(home.command(*words(home)), home.environment(TERM="dumb"), home.folder)
    assert status == 2
    assert SECRET.encode() not in shown


def test_to_output_is_what_key_add_takes(home: DaemonHome) -> None:
    done = home.keyguard(*words(home, "--to-output", "--json"))
    assert json.loads(done.stdout) == {"key": "FAKEidk0v1", "secret": SECRET}
    assert SECRET not in done.stderr
    assert "key rotate" in done.stderr
    assert f"secret: {SECRET}\n" in home.keyguard(*words(home, "--to-output")).stdout
    assert len(home.records("handout")) == 2


def test_a_locked_daemon_is_not_gone_around(home: DaemonHome) -> None:
    home.start()
    with home.connection() as admin:
        assert home.keyguard(*words(home, "--to-output")).returncode == 0
        admin.call("store.lock")
    refused = home.keyguard(*words(home, "--to-output"))
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "keyguard store unlock" in refused.stderr
