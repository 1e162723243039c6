"""Completions and the manual page know every command and its options."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keyguard.cli.catalogue import COMMANDS
from keyguard.cli.main import main

ROOT = Path(__file__).parents[2]


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_is_known(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = script(shell, capsys)
    for name in COMMANDS:
        assert name.split()[-1] in text


def test_bash_completes_commands_options_and_choices(capsys: pytest.CaptureFixture[str]) -> None:
    text = script("bash", capsys)
    asked = {"key ro": "rotate", "key rotate --over": "--overlap", "run --give f": "file fd"}
    for line, answer in asked.items():
        words = f"keyguard {line}".split()
        ask = (
            f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _shtab_keyguard; "
            'echo "${COMPREPLY[*]}"'
        )
        done = subprocess.run(["bash", "-c", f"{text}\n{ask}"], capture_output=True, text=True, check=True)
        assert done.stdout.split() == answer.split()


def test_the_manual_page_has_every_command(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "packaging/man.py", tmp_path], cwd=ROOT, check=True)
    page = (tmp_path / "keyguard.1").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"keyguard {name}" in page.replace("\\-", "-")
