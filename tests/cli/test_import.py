"""`key import`: what is left behind is not "fine"."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEY, SECRET = "Rv6mmrsJsalNUrA2b1", "PMIE9aJD8AQWOYtXGpcnvM843025c7uBx1y2"


def keyguard(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    unlocked = home.parent / "passphrase"
    if not unlocked.exists():
        unlocked.touch(mode=0o600)
        unlocked.write_text("FAKE passphrase")
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}", "KEYGUARD_HOME": str(home)}
    environment["KEYGUARD_PASSPHRASE_FILE"] = str(unlocked)
    return subprocess.run(
        [sys.executable, "-m", "keyguard", *words],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("extra", "linked", "status"), [("", False, 0), (f"# was {SECRET}\n", False, 1), ("", True, 1)]
)
def test_a_secret_that_still_stands_is_a_finding(
    tmp_path: Path, extra: str, linked: bool, status: int
) -> None:
    home = tmp_path / "home"
    simulator = "bybit=http://127.0.0.1:9"  # nobody there: `--unchecked`
    assert keyguard(home, "init", "--store", "file", "--simulator", simulator).returncode == 0
    file = tmp_path / "bot.env"
    file.write_text(f"BYBIT_API_KEY={KEY}\nBYBIT_API_SECRET={SECRET}\n{extra}")
    named = file
    if linked:
        named = tmp_path / "link.env"
        named.symlink_to(file)
    done = keyguard(home, "key", "import", str(named), "--desk", "mm", "--replace", "--unchecked")
    assert done.returncode == status, done.stderr
    assert (SECRET in file.read_text()) == bool(status)
    assert SECRET not in done.stdout + done.stderr
