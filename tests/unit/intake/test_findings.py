from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from keyguard.core.errors import UsageError
from keyguard.intake import detect
from keyguard.intake.candidates import Candidate
from tests.unit.intake.made import KEY, OTHER_KEY, OTHER_SECRET, SECRET, fake_scan, parts, stands_at

BOT = f"K = '{KEY}'\nS = '{SECRET}'\n"
FINGERPRINT = fake_scan(BOT.encode(), "bot.py")[0].fingerprint


def git(repo: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.test"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=repo, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """The pair was committed, then taken out."""
    folder = tmp_path / "re po"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "bot.py").write_text(BOT)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    (folder / "bot.py").write_text("K = 1\n")
    git(folder, "commit", "-qam", "two")
    return folder


def result(uri: str = "bot.py", line: int = 1, **ours: Any) -> dict[str, Any]:
    own = {"venue": "bybit", "fingerprint": FINGERPRINT, "blob": "", "commit": "", "staged": False} | ours
    region = {"artifactLocation": {"uri": uri, "uriBaseId": "ROOT"}, "region": {"startLine": line}}
    return {"properties": {"keyguard": own}, "locations": [{"physicalLocation": region}]}


def sarif(folder: Path, *results: dict[str, Any], root: str | None = None) -> Path:
    base = {"ROOT": {"uri": f"{folder.as_uri()}/" if root is None else root}}
    report = folder.parent / "report.sarif"
    run = {"originalUriBaseIds": base, "results": results}
    report.write_text(json.dumps({"version": "2.1.0", "runs": [run]}))
    return report


def read(report: Path, base: Path | None = None) -> tuple[Candidate, ...]:
    return detect.read(report, fake_scan, base or report.parent).candidates


def test_a_place_in_the_work_tree_is_read_again(repo: Path) -> None:
    source = repo / "a b.py"
    source.write_text(BOT)
    (found,) = read(sarif(repo, result("a%20b.py")))
    assert (found.venue, *parts(found)) == ("bybit", KEY, SECRET)
    assert {place.file for place in found.places} == {source}
    assert stands_at(source.read_bytes(), found.places[1]) == SECRET.encode()


def test_a_place_in_history_is_read_from_its_blob_and_not_replaced(repo: Path) -> None:
    blob, commit = git(repo, "rev-parse", "HEAD~1:bot.py"), git(repo, "rev-parse", "HEAD~1")
    (found,) = read(sarif(repo, result(blob=blob, commit=commit)))
    assert parts(found) == (KEY, SECRET)
    assert all(place.span is None for place in found.places)
    assert commit[:12] in found.places[0].reason


def test_a_place_in_the_index_is_read_from_there(repo: Path) -> None:
    (repo / "bot.py").write_text(BOT)
    git(repo, "add", ".")
    (repo / "bot.py").write_text("K = 2\n")
    (found,) = read(sarif(repo, result(staged=True)))
    assert parts(found) == (KEY, SECRET)
    assert found.places[0].reason == "it stands in git's index"


def test_the_same_credential_in_tree_and_history_is_one_with_all_places(repo: Path) -> None:
    (repo / "new.py").write_text(BOT)
    blob = git(repo, "rev-parse", "HEAD~1:bot.py")
    (found,) = read(sarif(repo, result(blob=blob), result("new.py"), result("new.py")))
    assert [place.span is None for place in found.places] == [True, True, False, False]


def test_gitleaks_report(repo: Path) -> None:
    (repo / "other.py").write_text(f"x = 1\nK = '{OTHER_KEY}'; S = '{OTHER_SECRET}'\n")
    report = repo / "leaks.json"
    entry = {"RuleID": "generic", "Secret": "REDACTED", "StartLine": 2, "Commit": ""}
    report.write_text(
        json.dumps(
            [
                entry | {"File": "bot.py", "Commit": git(repo, "rev-parse", "HEAD~1")},
                entry | {"File": str(repo / "other.py")},
                entry | {"File": "other.py", "StartLine": 1},  # some other tool's idea
            ]
        )
    )
    assert [parts(one) for one in read(report, repo)] == [(KEY, SECRET), (OTHER_KEY, OTHER_SECRET)]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (result(fingerprint="00" * 32), "not found there any more"),
        (result(venue="upbit"), "not found there any more"),
        (result(fingerprint=""), "has no fingerprint"),
        (result("../secret.py"), "outside the scanned folder"),
        (result("/etc/passwd"), "outside the scanned folder"),
        (result("%2e%2e/secret.py"), "outside the scanned folder"),
        (result("link.py"), "behind a symbolic link"),
        (result("linked/secret.py"), "behind a symbolic link"),
        (result("missing.py"), "cannot be read"),
        (result(blob="--help"), "names no git object"),
        (result(blob="HEAD:bot.py"), "names no git object"),
        (result(blob="0" * 40), "git cannot read"),
        ({"message": "foreign"}, "names no file"),
    ],
)
def test_unusable_results_are_refused(repo: Path, broken: dict[str, Any], message: str) -> None:
    (repo.parent / "secret.py").write_text(BOT)
    (repo / "link.py").symlink_to(repo.parent / "secret.py")
    (repo / "linked").symlink_to(repo.parent)
    (repo / "bot.py").write_text(BOT)
    with pytest.raises(UsageError, match=message) as caught:
        read(sarif(repo, result(), broken))
    assert "FAKE" not in repr(caught.value.__dict__)


@pytest.mark.parametrize("root", ["", "https://example.test/", "file://host/x", "file:///nowhere/at/all"])
def test_a_report_must_name_its_folder(repo: Path, root: str) -> None:
    with pytest.raises(UsageError, match="folder"):
        read(sarif(repo, result(), root=root))


def test_a_commit_or_tree_is_no_file(repo: Path) -> None:
    with pytest.raises(UsageError, match="no file of this repository"):
        read(sarif(repo, result(blob=git(repo, "rev-parse", "HEAD"))))


def test_reading_a_blob_runs_nothing_the_repository_configures(repo: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\n")
    script.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "diff.x.textconv", "filter.x.smudge", "core.sshCommand"):
        git(repo, "config", name, str(script))
    git(repo, "config", "remote.origin.url", f"ext::{script}")
    git(repo, "config", "remote.origin.promisor", "true")
    git(repo, "config", "extensions.partialClone", "origin")
    git(repo, "config", "protocol.ext.allow", "always")
    (repo / ".gitattributes").write_text("* diff=x filter=x\n")
    blob = git(repo, "rev-parse", "HEAD~1:bot.py")
    trap.unlink(missing_ok=True)
    read(sarif(repo, result(blob=blob)))
    with pytest.raises(UsageError):
        read(sarif(repo, result(blob="1" * 40)))  # missing: a promisor would be asked for it
    assert not trap.exists()
