"""`key import`: what is left behind is not "fine"."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.desk import desk

ROOT = Path(__file__).parents[2]
KEY, SECRET = "Rv6mmrsJsalNUrA2b1", "PMIE9aJD8AQWOYtXGpcnvM843025c7uBx1y2"


def keyguard(home: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
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
        cwd=cwd,
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


def test_what_stands_in_the_history_is_no_file_to_change(tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    assert (
        keyguard(home, "init", "--store", "file", "--simulator", "bybit=http://127.0.0.1:9").returncode == 0
    )
    work.mkdir()
    git = ["git", "-C", str(work), "-c", "user.name=t", "-c", "user.email=t@desk.test"]
    (work / "bot.py").write_text(f'BYBIT_API_KEY = "{KEY}"\nBYBIT_API_SECRET = "{SECRET}"\n')
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["rm", "-q", "bot.py"]):
        subprocess.run([*git, *words], check=True)
    report = tmp_path / "past.sarif"
    scan = ("scan", "--history", str(work), "--format", "sarif", "-o", str(report))
    assert keyguard(home, *scan).returncode == 1
    words = ("key", "import", str(report), "--desk", "mm", "--replace", "--unchecked")
    done = keyguard(home, *words, cwd=work)
    assert done.returncode == 0, done.stderr
    assert "stands in git history" in done.stderr


def test_every_kind_of_file_at_once(tmp_path: Path) -> None:
    def pair(number: int) -> tuple[str, str]:
        return f"{KEY[:-1]}{number}", f"{SECRET[:-1]}{number}"

    files = {
        "config.json": '// c\n{{"exchange": {{"name": "bybit", "key": "{}", "secret": "{}",}},}}\n',
        "ccxt.yaml": "exchanges:\n  bybit:  # main\n    apiKey: {}\n    secret: '{}'\n",
        "keys.csv": "거래소,이름,API Key,Secret Key\r\n바이비트,봇,{},{}\r\n",
        "hb.yml": "connector: bybit\nbybit_api_key: {}\nbybit_api_secret: {}\n",
        "bot.py": 'BYBIT_API_KEY = "{}"\nBYBIT_API_SECRET = "{}"\n',
        "other.py": 'BYBIT_API_KEY = "{}"\nBYBIT_API_SECRET = "{}"\n',
    }
    with desk(tmp_path, impatient=True) as at:
        at.init()
        for number, (name, form) in enumerate(files.items()):
            (at.work / name).write_bytes(form.format(*pair(number)).encode("cp949"))
        ours, foreign = tmp_path / "scan.json", tmp_path / "gitleaks.json"
        at.keyguard("scan", "bot.py", "--format", "json", "-o", str(ours), expect=1)
        foreign.write_text('[{"RuleID": "generic-api-key", "File": "other.py", "StartLine": 2}]')
        named = ["config.json", "ccxt.yaml", "keys.csv", "hb.yml"]
        words = ("--desk", "mm", "--replace", "--unchecked")
        done = at.keyguard("key", "import", *named, str(ours), str(foreign), *words)
        for number, name in enumerate(files):
            text = (at.work / name).read_bytes().decode("cp949")
            assert not any(part in text + done.out + done.err for part in pair(number))
            assert text.count("keyguard://bybit/mm/") == 2
        assert at.keyguard("key", "import", *named, *words).out == ""
