"""Damaged repositories and settings: what git or a parser cannot go on with is said, never a crash, and
never passed over as clean."""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path

import pytest

from keyguard.core.errors import UsageError
from keyguard.scanner.sources.git import GitFailed, Repository
from tests.cli.test_scan import found, scan
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, env

BYBIT = env("bybit", *bybit())


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    made = GitRepo(tmp_path / "work")
    monkeypatch.chdir(made.path)
    return made


def loose(repo: GitRepo, oid: str) -> Path:
    return repo.path / ".git/objects" / oid[:2] / oid[2:]


def put(repo: GitRepo, kind: str, data: bytes) -> str:
    """An object as git would never write it."""
    raw = f"{kind} {len(data)}\0".encode() + data
    oid = hashlib.sha1(raw).hexdigest()
    loose(repo, oid).parent.mkdir(exist_ok=True)
    loose(repo, oid).write_bytes(zlib.compress(raw))
    return oid


def damage(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"\0" + path.read_bytes()[1:])


def test_a_damaged_index_is_not_clean(repo: GitRepo) -> None:
    repo.write("a.env", BYBIT)
    repo.git("add", "-A")
    damage(repo.path / ".git/index")
    status, _, err = scan("--staged")
    assert status == 3
    assert "not read: (index): git: " in err
    assert "hint" not in err


def test_refs_git_cannot_read_do_not_hide_what_is_stored(repo: GitRepo) -> None:
    repo.write("a.env", BYBIT)
    repo.commit()
    (repo.path / ".git/packed-refs").write_text("nonsense")
    status, out, err = scan("--history")
    assert status == 1
    assert "Bybit API key and secret" in out
    assert "not read: (history): git: " in err


def test_a_damaged_object_among_unreachable_ones(repo: GitRepo) -> None:
    repo.write("a.env", BYBIT)
    repo.commit()
    damage(loose(repo, repo.git("hash-object", "-w", "--stdin", data=b"lost")))
    status, _, err = scan("--history", "--unreachable")
    assert status == 1
    assert "1 objects are not in this clone, or damaged" in err


def test_a_range_over_a_damaged_parent_counts_all_lines(repo: GitRepo) -> None:
    repo.write("a.env", BYBIT)
    repo.write("b", "1\n")
    first = repo.commit("one")
    repo.write("a.env", BYBIT + "x=1\n")
    second = repo.commit("two")
    damage(loose(repo, repo.git("rev-parse", f"{first}:a.env")))
    status, out, _ = scan("--range", f"{first}..{second}")
    assert status == 1
    assert "Bybit API key and secret" in out


def test_a_tag_may_say_anything(repo: GitRepo) -> None:
    repo.write("a", "1")
    repo.commit()
    put(repo, "tag", b"object \xff\xfe\ntype commit\ntag v1\n\n" + BYBIT.encode())
    (finding,) = found("--history", "--unreachable")
    assert finding["parts"][0]["place"]["commit"] is None


@pytest.mark.parametrize(
    "header",
    [b"", b"x missing\n", b"x blob many\n", b"x blob -1\n", b"x blob " + b"9" * 30 + b"\n", b"x blob 9\nab"],
)
def test_an_answer_git_would_not_give_is_a_damaged_object(repo: GitRepo, header: bytes) -> None:
    reader = Repository(repo.path).objects()
    process = reader._process
    with reader:
        assert process.stdout is not None
        process.stdout.close()
        read, write = os.pipe()
        with open(write, "wb") as answer:
            answer.write(header)
        process.stdout = open(read, "rb")  # noqa: SIM115 - the reader closes it
        with pytest.raises(GitFailed):
            reader.get("0" * 40)


@pytest.mark.parametrize("name", [".keyguard.toml", ".gitleaks.toml"])
def test_settings_nested_without_end_are_refused(repo: GitRepo, name: str) -> None:
    repo.write(name, "a = " + "[" * 5_000)
    with pytest.raises(UsageError, match="nested too deeply"):
        scan()


def test_a_pattern_python_has_doubts_about_is_refused(repo: GitRepo) -> None:
    """Python would print a warning of its own, and read the class otherwise one day."""
    repo.write(
        ".keyguard.toml", "[[rule]]\nid = 'a.b'\nanchors = ['dsk_']\npattern = '(?P<secret>dsk_[[a-z]{8})'\n"
    )
    with pytest.raises(UsageError, match="possible nested set"):
        scan()
