"""`keyguard scan` on files that hold others, in trees, the index and the history."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_scan import found, scan
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, env, upbit
from tests.unit.scanner.packing import database, notebook, secret_manifest, tarred, zipped

BYBIT = env("bybit", *bybit(91))
UPBIT = env("upbit", *upbit(92))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def repo(here: Path) -> GitRepo:
    return GitRepo(here)


def paths(findings: list[dict[str, Any]]) -> list[str]:
    return sorted(finding["parts"][0]["place"]["path"] for finding in findings)


def test_a_tree_with_a_zip_a_notebook_and_a_manifest(here: Path) -> None:
    (here / "backup.zip").write_bytes(zipped({"conf/.env": BYBIT.encode()}))
    (here / "nb.ipynb").write_bytes(notebook("# keys", UPBIT))
    key, secret = bybit(93)
    (here / "secret.yaml").write_text(secret_manifest(BYBIT_API_KEY=key, BYBIT_API_SECRET=secret))
    findings = found()
    assert paths(findings) == ["backup.zip!/conf/.env", "nb.ipynb#cell-2", "secret.yaml"]
    assert [len(finding["parts"]) for finding in findings] == [2, 2, 2]
    status, out, err = scan()
    assert status == 1
    assert "backup.zip!/conf/.env:2:" in out
    assert secret not in out + err


def test_a_report_names_files_that_exist(here: Path) -> None:
    (here / "backup.zip").write_bytes(zipped({"conf/.env": BYBIT.encode()}))
    (result,) = json.loads(scan("--format", "sarif")[1])["runs"][0]["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "backup.zip"
    assert location["logicalLocations"] == [{"fullyQualifiedName": "backup.zip!/conf/.env"}]


def test_what_cannot_be_unpacked_is_said(here: Path) -> None:
    (here / "cut.tar.gz").write_bytes(tarred({"a": bytes(range(256)) * 400}, "w:gz")[:200])
    status, _, err = scan()
    assert status == 3
    assert "not read: cut.tar.gz: cut off" in err


@pytest.mark.parametrize(
    "pack", [zipped, lambda files: tarred(files, "w:gz"), lambda files: gzip.compress(*files.values())]
)
def test_the_size_limit_counts_for_packed_files_too(here: Path, pack: Callable[..., bytes]) -> None:
    """Text of one megabyte packs into little: what is in the archive is judged by the same limit."""
    text = BYBIT.encode() + b"".join(b"%d\n" % (number * 7919) for number in range(300_000))
    (here / "a.bin").write_bytes(pack({".env": text}))
    limit = len(text) // 1_000 * 1_000
    err = scan("--max-size", str(limit))[2]
    assert "larger than" in err or "unpacks to more than" in err
    assert len(found("--max-size", str(limit + 1_000))) == 1


def test_all_that_one_file_unpacks_to_is_ten_times_the_limit(here: Path) -> None:
    files = {f"{number:02}": b"x" * 90_000 for number in range(20)}
    (here / "a.zip").write_bytes(zipped({**files, "z.env": BYBIT.encode()}))
    status, _, err = scan("--max-size", "100k")
    assert (status, "not read: a.zip: unpacks to more than 1.0 MB" in err) == (3, True)
    assert len(found("--max-size", "200k")) == 1


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    data = io.BytesIO(tarred({"conf/.env": BYBIT.encode()}, "w:gz"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    assert paths(found("--stdin", "--path", "dump.tgz")) == ["dump.tgz!/conf/.env"]


def test_staged_archives_and_notebooks(repo: GitRepo) -> None:
    repo.write("nb.ipynb", notebook("x = 1", UPBIT))
    repo.commit()
    assert found("--staged") == []
    repo.write("nb.ipynb", notebook("x = 2", UPBIT))
    repo.write("backup.zip", zipped({"conf/.env": BYBIT.encode()}))
    repo.git("add", "-A")
    assert paths(found("--staged")) == ["backup.zip!/conf/.env"], "the cell with the key did not change"
    repo.write("nb.ipynb", notebook("x = 2", "import os\n" + env("upbit", *upbit(94))))
    repo.git("add", "-A")
    assert paths(found("--staged")) == ["backup.zip!/conf/.env", "nb.ipynb#cell-2"]


def test_history_keeps_what_is_inside(repo: GitRepo) -> None:
    repo.write("old/backup.zip", zipped({"conf/.env": BYBIT.encode()}))
    repo.write(
        "bot.db", database(("CREATE TABLE k (name, value)", ()), ("INSERT INTO k VALUES ('x', 'y')", ()))
    )
    added = repo.commit()
    repo.git("rm", "-q", "old/backup.zip")
    repo.commit()
    (finding,) = found("--history")
    place = finding["parts"][0]["place"]
    assert (place["path"], place["inside"], place["commit"]) == (
        "old/backup.zip!/conf/.env",
        "!/conf/.env",
        added,
    )


def test_names_inside_are_escaped(here: Path) -> None:
    (here / "a.zip").write_bytes(zipped({"x\x1b[2J\n.env": BYBIT.encode()}))
    _, out, err = scan()
    assert "\x1b" not in out + err
    assert "a.zip!/x\\x1b[2J\\n.env:2:" in out
