"""The real thing in a real terminal: start, find a key, rotate it, sign and export evidence, quit."""

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
SECRET = "FAKE" + "pass9" * 3
pytestmark = pytest.mark.skipif(TMUX is None, reason="no tmux here")


class Terminal:
    """A tmux of its own, with one pane."""

    def __init__(self, folder, words) -> None:
        self._socket, self._folder = str(folder / "tmux"), folder
        line = f"{shlex.join(words)}; echo ended with $?; cat"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "36", "-c", str(folder), line)
        self._tmux("set", "-g", "set-clipboard", "on")

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            [TMUX, "-u", "-S", self._socket, *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env=homes.environment(SHELL="/bin/sh", **self._told()),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _told(self) -> dict[str, str]:
        """What a person might have set who looks for what passes through the program."""
        log = str(self._folder / "textual.log")
        return {"TEXTUAL": "debug,devtools", "TEXTUAL_LOG": log, "PYTHONASYNCIODEBUG": "1"}

    def kept(self) -> str:
        """All that the terminal keeps: what scrolled away, titles, its clipboard."""
        title = self._tmux("display-message", "-p", "#{pane_title} #{window_name}")
        return self._tmux("capture-pane", "-p", "-S", "-") + title + self._tmux("list-buffers")

    def types(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def shows(self, *texts: str, without: str = "") -> None:
        """Wait until all of it stands on the screen, and `without` does not."""
        end = time.monotonic() + PATIENCE_S
        while True:
            seen = self._tmux("capture-pane", "-p")
            if all(text in seen for text in texts) and not (without and without in seen):
                return
            assert time.monotonic() < end, seen
            time.sleep(0.05)

    def close(self) -> None:
        self._tmux("kill-server")


def test_start_find_rotate_export_quit(tmp_path) -> None:
    terminal = Terminal(tmp_path, [*homes.KEYGUARD, "tui", "--demo", "--lang", "en"])
    try:
        terminal.shows("Demo Desk", "8 keys")
        find(terminal)
        rotate(terminal)
        export(terminal)
        terminal.types("C-q")
        terminal.shows("ended with 0")
        assert SECRET not in terminal.kept()
    finally:
        terminal.close()
    (made,) = (tmp_path / "attestations").iterdir()
    assert made.name.endswith("-upbit-0001.zip")
    assert not (tmp_path / "textual.log").exists()


def find(terminal: Terminal) -> None:
    terminal.types("2")
    terminal.shows("deribit/vol/gamma", "upbit/krw/maker")
    terminal.types("/", "g", "a", "m", "m")
    terminal.shows("1 of 8")
    terminal.types("Enter")
    terminal.shows("⏎ Open")  # from the filter to what it left
    terminal.types("Enter")
    terminal.shows("What it may do", "deribit/vol/gamma")


def rotate(terminal: Terminal) -> None:
    terminal.types("3")
    terminal.shows("No rotation yet.")
    terminal.types("n")
    terminal.shows("A new key is made")
    terminal.types("-l", "bybit/mm/bot")
    terminal.types("Enter", "Enter", "C-u")
    terminal.shows("bybit/mm/bot", without=r"│ 10 ")
    terminal.types("0", "Enter")
    terminal.shows("●●●●●●●●●●", "bybit/mm/bot")


def export(terminal: Terminal) -> None:
    terminal.types("8")
    terminal.shows("bybit would see")
    terminal.types("Down", "Down")
    terminal.shows("upbit would see", "Nothing was exported for this venue.")
    terminal.types("e")
    terminal.shows("Sign and export for upbit", "officer's key, a file")
    terminal.types("Enter", "Enter", "Enter", "Enter", "Enter", "Left")
    terminal.shows("‹ none ›")
    terminal.types("C-s")
    terminal.shows("which signs this")
    terminal.types("-l", SECRET)
    terminal.shows("●●●●●●●●")
    terminal.types("C-c")
    terminal.shows("Nothing can be copied or cut from here.")
    terminal.types("Enter")
    terminal.shows("That did not open")
    terminal.types("-l", "demo")
    terminal.types("Enter")
    terminal.shows("issued KGA-", "-upbit-0001, verified")
