"""Baselines and allowances: what is hidden is counted, said, and can be read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keyguard.core.errors import UsageError
from tests.cli.test_scan import here, repo, scan  # noqa: F401 - fixtures
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, env, upbit


def test_only_what_is_new_is_reported(repo: GitRepo) -> None:  # noqa: F811
    repo.write("old.env", env("bybit", *bybit()))
    status, _, err = scan("--write-baseline", "base.json")
    assert status == 0
    assert "1 findings accepted in base.json" in err
    written = (repo.path / "base.json").read_text()
    assert not any(part in written for part in (*bybit(), "old.env", "bybit"))
    status, out, err = scan("--baseline", "base.json")
    assert (status, out) == (0, "")
    assert "1 known and allowed (1 baseline)" in err
    repo.write("new.env", env("upbit", *upbit()))
    (repo.path / "old.env").rename(repo.path / "moved.env")
    status, out, _ = scan("--baseline", "base.json", "--format", "json")
    document = json.loads(out)
    assert status == 1
    assert [f["venue"] for f in document["findings"]] == ["upbit"]
    assert [(a["by"], a["path"]) for a in document["allowed"]] == [("baseline", "moved.env")]


def test_writing_again_keeps_what_is_there_and_drops_what_is_gone(repo: GitRepo) -> None:  # noqa: F811
    for seed in (1, 2):
        repo.write(f"{seed}.env", env("bybit", *bybit(seed)))
    scan("--write-baseline", "base.json")
    first = (repo.path / "base.json").read_text()
    scan("--write-baseline", "base.json")
    assert (repo.path / "base.json").read_text() == first
    (repo.path / "1.env").unlink()
    repo.write("3.env", env("bybit", *bybit(3)))
    _, _, err = scan("--baseline", "base.json")
    assert "1 of 2 baseline entries match nothing any more" in err
    assert "match nothing" not in scan("--baseline", "base.json", "2.env")[2]
    scan("--baseline", "base.json", "--write-baseline", "base.json")
    assert len(json.loads((repo.path / "base.json").read_text())["fingerprints"]) == 2
    assert scan("--baseline", "base.json")[0] == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2, "fingerprints": []}',
        '{"format": 1, "fingerprints": ["x"]}',
        "[" * 99999,
    ],
)
def test_what_is_no_baseline_is_an_error(repo: GitRepo, text: str) -> None:  # noqa: F811
    repo.write("base.json", text)
    with pytest.raises(UsageError, match="cannot be used"):
        scan("--baseline", "base.json")


def test_a_missing_baseline_is_an_error_and_a_link_is_not_followed(here: Path) -> None:  # noqa: F811
    with pytest.raises(UsageError, match="no such file"):
        scan("--baseline", "none.json")
    (here / "link.json").symlink_to("/dev/zero")
    with pytest.raises(UsageError):
        scan("--baseline", "link.json")


def test_reasons_of_the_configuration_are_told(repo: GitRepo) -> None:  # noqa: F811
    repo.write("a.env", env("bybit", *bybit()))
    fingerprint = json.loads(scan("--format", "json")[1])["findings"][0]["fingerprint"]
    allow = f'[[allow]]\nfingerprint = "{fingerprint}"\nreason = "revoked 2026-11-02"\n'
    repo.write(".keyguard.toml", allow)
    (allowed,) = json.loads(scan("--format", "json")[1])["allowed"]
    assert (allowed["by"], allowed["reason"]) == (".keyguard.toml", "revoked 2026-11-02")
    assert allowed["fingerprint"] == fingerprint


def test_what_can_be_guessed_from_a_baseline_is_said(repo: GitRepo) -> None:  # noqa: F811
    repo.write("strong.env", env("bybit", *bybit()))
    assert "guessed" not in scan("--write-baseline", "base.json")[2]
    repo.write("weak.py", 'db = "postgres://bot:' + 'tr4derx9@db.desk.test/x"\n')
    assert "1 of them can be guessed from it" in scan("--write-baseline", "base.json")[2]
