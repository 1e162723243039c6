"""Runs real commands as real processes, the way a user types them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyguard.cli.output import Output

TIME_LIMIT_S = 60


class StoryBroken(Exception):
    """A command of the story ended in a way the story does not expect."""


@dataclass(frozen=True)
class Shell:
    """Types `keyguard …` into a folder, shows the command and what it wrote."""

    home: Path
    passphrase_file: Path
    folder: Path
    environment: dict[str, str]
    out: Output

    def keyguard(
        self,
        *words: str,
        expect: tuple[int, ...] = (0,),
        sent: str = "",
        home: Path | None = None,
        quiet: bool = False,
    ) -> str:
        """Run one command; returns its stdout. StoryBroken when it ends with another status."""
        if not quiet:
            self._typed(words)
        told, talked = self._finish(self._start(words, home), words, expect, sent)
        if not quiet:
            self._show(talked + told)
        return told

    def converse(self, *words: str, answer: Callable[[str], str | None]) -> None:
        """Run one command as the person it talks to: `answer` sees each line and may reply."""
        self._typed(words)
        process = self._start(words, None)
        assert process.stdin is not None and process.stderr is not None
        for line in process.stderr:
            self._show(line)
            if (reply := answer(line)) is not None:
                process.stdin.write(reply + "\n")
                process.stdin.flush()
        told, _ = self._finish(process, words, (0,), "")
        self._show(told)

    def python(self, script: str, *words: str, expect: tuple[int, ...]) -> None:
        """Run a script that is not ours to import, isolated from everything installed, and show it."""
        typed = ("python3", "-I", "-S", Path(script).name, *words)
        self.out.talk(f"$ {shlex.join(typed)}", style="bold")
        done = subprocess.run(
            [sys.executable, "-I", "-S", script, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_S,
            check=False,
        )
        self._show(done.stdout + done.stderr)
        if done.returncode not in expect:
            raise StoryBroken(f"`{shlex.join(typed)}` ended with {done.returncode}")

    def run(self, *words: str) -> None:
        """Run another program quietly (git)."""
        subprocess.run(words, cwd=self.folder, env=self.environment, check=True, capture_output=True)

    def _start(self, words: tuple[str, ...], home: Path | None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "keyguard", *words],
            cwd=self.folder,
            env=self.environment
            | {
                "KEYGUARD_HOME": str(home or self.home),
                "KEYGUARD_PASSPHRASE_FILE": str(self.passphrase_file),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _finish(
        self, process: subprocess.Popen[str], words: tuple[str, ...], expect: tuple[int, ...], sent: str
    ) -> tuple[str, str]:
        told, talked = process.communicate(sent, timeout=TIME_LIMIT_S)
        if process.returncode not in expect:
            self._show(talked)
            raise StoryBroken(f"`keyguard {' '.join(words)}` ended with {process.returncode}")
        return told, talked

    def _typed(self, words: tuple[str, ...]) -> None:
        self.out.talk(f"$ keyguard {shlex.join(words)}", style="bold")

    def _show(self, text: str) -> None:
        for line in text.splitlines():
            self.out.talk(f"  {line}")


def clean_environment(home: Path) -> dict[str, str]:
    """The caller's environment without anything that would make the story depend on the caller."""
    dropped = ("GIT_", "KEYGUARD_", "BYBIT_", "UPBIT_", "DERIBIT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    nobody = {"GIT_AUTHOR_NAME": "demo", "GIT_AUTHOR_EMAIL": "demo@desk.test"}
    nobody |= {"GIT_COMMITTER_NAME": "demo", "GIT_COMMITTER_EMAIL": "demo@desk.test"}
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [package, kept.get("PYTHONPATH", "")]))
    return kept | nobody | {"GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1", "PYTHONPATH": path}
