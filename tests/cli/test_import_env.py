"""What `scan --env` reports can be imported: from dotfiles, not from processes, and it says which."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from keyguard.core.errors import UsageError
from keyguard.intake import detect
from keyguard.scanner.engine import Engine
from keyguard.scanner.reports import gitleaks, json_report, sarif, text
from keyguard.scanner.scans import Scan, gather
from keyguard.scanner.sources import Piece, Supply
from tests.unit.scanner.leaks import bybit, deribit, env, upbit

ENGINE = Engine()
BYBIT, UPBIT = env("bybit", *bybit(41)), env("upbit", *upbit(42))
PROCESS = "process 12 (a b) (c) environment DERIBIT_CLIENT_SECRET"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    (tmp_path / "me").mkdir()
    (tmp_path / "me/.bash_history").write_text(BYBIT)
    (tmp_path / "me/conf").mkdir()
    (tmp_path / "me/conf/.env").write_text(UPBIT)
    return tmp_path


def scanned(*supplies: Supply) -> Scan:
    return gather(ENGINE, supplies).scan(ENGINE)


DOTFILES = (Piece("~/.bash_history", BYBIT.encode()), Piece("~/conf/.env", UPBIT.encode()))
RUNNING = Piece(PROCESS, env("deribit", *deribit(43)).encode())


def report(kind: str, scan: Scan) -> Path:
    texts = {
        "json": json_report.render(scan, show=False),
        "sarif": sarif.render(scan, ENGINE.rulebook, show=False),
        "gitleaks": gitleaks.render(scan, show=False),
    }
    path = Path(f"report.{'sarif' if kind == 'sarif' else 'json'}")
    path.write_text(texts[kind])
    return path


@pytest.mark.parametrize("kind", ["json", "sarif", "gitleaks"])
def test_dotfiles_are_read_again_and_processes_passed_over_aloud(home: Path, kind: str) -> None:
    intake = detect.read(report(kind, scanned(*DOTFILES, RUNNING)), ENGINE.scan, Path.cwd())
    assert sorted(c.venue for c in intake.candidates) == ["bybit", "upbit"]
    files = {place.file for candidate in intake.candidates for place in candidate.places}
    assert files == {home / "me/.bash_history", home / "me/conf/.env"}
    assert "1 of 3 results passed over: they stand in processes" in intake.format


@pytest.mark.parametrize("kind", ["json", "sarif", "gitleaks"])
def test_processes_alone_are_refused_clearly(home: Path, kind: str) -> None:
    with pytest.raises(UsageError, match="running processes, not in files") as error:
        detect.read(report(kind, scanned(RUNNING)), ENGINE.scan, Path.cwd())
    assert "key add" in error.value.hint


@pytest.mark.parametrize("kind", ["json", "sarif", "gitleaks"])
def test_a_link_among_the_dotfiles_is_not_followed(home: Path, kind: str) -> None:
    path = report(kind, scanned(*DOTFILES))
    (home / "me/.bash_history").rename(home / "elsewhere")
    (home / "me/.bash_history").symlink_to(home / "elsewhere")
    with pytest.raises(UsageError, match="symbolic link"):
        detect.read(path, ENGINE.scan, Path.cwd())


def test_our_json_is_read_where_it_says(home: Path) -> None:
    (home / "bot.env").write_text(BYBIT)
    path = report("json", scanned(Piece("bot.env", BYBIT.encode())))
    assert [c.venue for c in detect.read(path, ENGINE.scan, home).candidates] == ["bybit"]
    (home / "bot.env").write_text("gone")
    with pytest.raises(UsageError, match="not found there any more"):
        detect.read(path, ENGINE.scan, home)
    document = json.loads(path.read_text())
    del document["findings"][0]["fingerprint"]
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match="no fingerprint"):
        detect.read(path, ENGINE.scan, home)


def test_the_next_step_can_be_typed_into_a_shell(home: Path) -> None:
    (step, *_) = text.next_steps(scanned(*DOTFILES, RUNNING, Piece("~/a b.env", UPBIT.encode())))
    assert "process" not in step
    assert "~/.bash_history" in step
    assert f"import {os.path.join('~', '.bash_history')} ~/conf/.env --desk" in step
    (step, *_) = text.next_steps(scanned(RUNNING))
    assert "revoke it" in step
