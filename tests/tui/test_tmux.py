"""The real thing in a real terminal: start, find a key, open its page, quit."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time

import pytest

from tests.tui import homes

TMUX = shutil.which("tmux")
PATIENCE_S = 90
"""For a test that fails; none waits for it."""
pytestmark = pytest.mark.skipif(TMUX is None, reason="no tmux here")


class Terminal:
    """A tmux of its own, with one pane."""

    def __init__(self, folder, words) -> None:
        self._socket = str(folder / "tmux")
        line = f"{shlex.join(words)}; echo ended with $?; cat"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "36", line)

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            [TMUX, "-u", "-S", self._socket, *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env=homes.environment(SHELL="/bin/sh"),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def types(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def shows(self, *texts: str) -> None:
        """Wait until all of it stands on the screen."""
        end = time.monotonic() + PATIENCE_S
        while True:
            seen = self._tmux("capture-pane", "-p")
            if all(text in seen for text in texts):
                return
            assert time.monotonic() < end, seen
            time.sleep(0.05)

    def close(self) -> None:
        self._tmux("kill-server")


def test_start_find_a_key_open_its_page_quit(tmp_path) -> None:
    home = homes.home(tmp_path / "home")
    terminal = Terminal(tmp_path, homes.keyguard(home, "tui", "--lang", "en"))
    try:
        terminal.shows("Real Desk", "3 keys")
        terminal.types("2")
        terminal.shows("bybit/mm/bot", "kraken/vol/spot", "upbit/krw/maker")
        terminal.types("/", "k", "r", "a", "k")
        terminal.shows("1 of 3")
        terminal.types("Enter")
        terminal.shows("⏎ Open")  # from the filter to what it left
        terminal.types("Enter")
        terminal.shows("kraken/vol/spot", "AKID1")
        terminal.types("C-q")
        terminal.shows("ended with 0")
    finally:
        terminal.close()
