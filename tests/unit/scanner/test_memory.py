"""A second scan of a history finds the same and reads only what is new."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from keyguard.core.secret import Secret
from keyguard.scanner.compact import quick
from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Owned
from keyguard.scanner.git_scans import scan_history
from keyguard.scanner.known import KnownKeys, KnownValue
from keyguard.scanner.rulebook import Rulebook
from keyguard.scanner.scans import Scan
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import git_folder
from keyguard.scanner.sources.git import Repository
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, deribit, env, upbit

BOOK = quick()


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    (tmp_path / "work").mkdir()
    made = GitRepo(tmp_path / "work")
    made.write("a.env", env("bybit", *bybit()))
    made.commit("one")
    for number in range(20):
        made.write("b.txt", f"{number}\n")
        made.commit(f"number {number}")
    made.write("a.env", "nothing\n")
    made.commit("gone\n\n" + env("upbit", *upbit()))
    return made


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def scan(
    repo: GitRepo,
    cache: Path | None,
    book: Rulebook = BOOK,
    max_size: int = 10**7,
    known: KnownKeys | None = None,
) -> Scan:
    return scan_history(Engine(book, known), Repository(repo.path), Selection(max_size=max_size), cache=cache)


def same(repo: GitRepo, cache: Path) -> Scan:
    """What a scan brings with its memory, which is what one without brings."""
    with_memory, without = scan(repo, cache), scan(repo, None)
    assert with_memory.findings == without.findings
    assert with_memory.unread == without.unread
    assert with_memory.allowed == without.allowed
    return with_memory


def test_the_second_scan_finds_the_same_and_reads_little(repo: GitRepo, cache: Path) -> None:
    first, second, third = (scan(repo, cache) for _ in range(3))
    assert {f.venue for f in first.findings} == {"bybit", "upbit"}
    assert first.findings == second.findings == third.findings == scan(repo, None).findings
    assert first.work.contents > 40
    beside = len(list(git_folder.pieces(Repository(repo.path), 10**7)))  # read each time
    assert second.work.contents == third.work.contents == 2 + beside
    assert "earlier scan" in "".join(second.notes)
    assert not first.notes


def test_what_is_new_is_read(repo: GitRepo, cache: Path) -> None:
    scan(repo, cache)
    repo.write("c.env", env("deribit", *deribit()))
    repo.commit("new")
    assert {f.venue for f in scan(repo, cache).findings} == {"bybit", "upbit", "deribit"}
    assert scan(repo, cache).findings == scan(repo, None).findings
    repo.write("staged.env", env("bybit", *bybit(5)))
    repo.git("add", "-A")
    assert scan(repo, cache).findings == scan(repo, None).findings


def test_a_rewritten_history_and_its_garbage(repo: GitRepo, cache: Path) -> None:
    scan(repo, cache)
    repo.git("checkout", "-q", "--orphan", "fresh")
    repo.commit("all new")
    for branch in repo.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split():
        if branch != "fresh":
            repo.git("branch", "-qD", branch)
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    after = scan(repo, cache)
    assert after.findings == scan(repo, None).findings
    assert after.unread == ()


def test_other_rules_and_limits_know_nothing(repo: GitRepo, cache: Path) -> None:
    scan(repo, cache)
    fewer = BOOK.without(frozenset({BOOK.rules[0].id}))
    assert scan(repo, cache, fewer).work.contents > 40
    assert scan(repo, cache, max_size=10**6).work.contents > 40


def test_what_could_not_be_read_is_read_again(repo: GitRepo, cache: Path) -> None:
    repo.write("big", "x" * 10_000)
    repo.write("cut.gz", gzip.compress(b"some text " * 50)[:-9])
    repo.commit("unreadable")
    for contents in (range(40, 99), range(10)):
        scanned = scan(repo, cache, max_size=5_000)
        assert {entry.path for entry in scanned.unread} == {"big", "cut.gz"}
        beside = len(list(git_folder.pieces(Repository(repo.path), 10**7)))
        assert scanned.work.contents - beside in contents


def test_what_is_accepted_is_counted_again(repo: GitRepo, cache: Path) -> None:
    repo.write("ok.env", env("bybit", *bybit(7)).replace("\n", "  # keyguard:allow a test\n"))
    repo.commit("accepted")
    assert same(repo, cache).allowed
    assert same(repo, cache).allowed


def test_what_only_the_index_had_is_forgotten_with_it(repo: GitRepo, cache: Path) -> None:
    repo.write("staged.env", env("bybit", *bybit(5)))
    repo.write("cut.gz", gzip.compress(b"some text " * 50)[:-9])
    repo.git("add", "-A")
    assert len(same(repo, cache).findings) == 3
    assert len(same(repo, cache).unread) == 1
    repo.git("rm", "-q", "--cached", "staged.env", "cut.gz")
    scanned = same(repo, cache)
    assert (len(scanned.findings), scanned.unread) == (2, ())


def test_the_index_may_hold_what_an_old_commit_has(repo: GitRepo, cache: Path) -> None:
    repo.write("cut.gz", gzip.compress(b"some text " * 50)[:-9])
    repo.commit("came")
    repo.git("rm", "-q", "cut.gz")
    repo.commit("went")
    repo.git("checkout", "-q", "HEAD~1", "--", "cut.gz")
    assert len(same(repo, cache).unread) == 1
    repo.git("rm", "-q", "--cached", "cut.gz")
    assert len(same(repo, cache).unread) == 1


@pytest.mark.parametrize("kind", ["stash", "tag", "worktree", "note", "branch"])
def test_new_places_of_any_kind_are_read(repo: GitRepo, cache: Path, kind: str, tmp_path: Path) -> None:
    scan(repo, cache)
    secret = env("deribit", *deribit(3))
    if kind == "stash":
        repo.write("a.env", secret)
        repo.git("stash", "-q")
    elif kind == "tag":
        repo.git("tag", "-a", "v1", "HEAD~1", "-m", secret)
    elif kind == "note":
        repo.git("notes", "add", "-m", secret, "HEAD~1")
    elif kind == "branch":
        repo.git("checkout", "-q", "-b", "side", "HEAD~3")
        repo.write("side.env", secret)
        repo.commit("side")
        repo.git("checkout", "-q", "main")
    else:
        repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "HEAD~2")
        (tmp_path / "linked" / "new.env").write_text(secret)
        repo.git("-C", str(tmp_path / "linked"), "add", "new.env")
    assert "deribit" in {f.venue for f in same(repo, cache).findings}
    assert "deribit" in {f.venue for f in same(repo, cache).findings}


def test_a_branch_that_is_deleted_and_lost(repo: GitRepo, cache: Path) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.write("side.env", env("deribit", *deribit(3)))
    repo.commit("side")
    repo.git("checkout", "-q", "main")
    assert len(same(repo, cache).findings) == 3
    repo.git("branch", "-qD", "side")
    repo.git("reflog", "expire", "--expire=now", "--all")
    assert len(same(repo, cache).findings) == 2


def test_submodules_and_shallow_clones_are_still_said(repo: GitRepo, cache: Path, tmp_path: Path) -> None:
    repo.write(".gitmodules", '[submodule "x"]\n path = x\n url = ../x\n')
    repo.commit("a submodule")
    for _ in range(2):
        assert any("submodules" in note for note in scan(repo, cache).notes)
    clone = tmp_path / "shallow"
    repo.git("clone", "-q", "--depth", "2", f"file://{repo.path}", str(clone))
    for _ in range(2):
        scanned = scan_history(Engine(BOOK), Repository(clone), Selection(), cache=cache)
        assert any("shallow" in note for note in scanned.notes)
        assert not any("earlier scan" in note for note in scanned.notes)


def test_other_known_keys_know_nothing(repo: GitRepo, cache: Path) -> None:
    def keys(version: int) -> KnownKeys:
        owned = Owned("deribit/desk/bot", "desk", "owner", version, "live")
        key, secret = deribit(40 + version)
        values = [KnownValue(owned, "deribit", "secret", Secret(secret))]
        return KnownKeys([*values, KnownValue(owned, "deribit", "key", Secret(key))])

    repo.write("blob", f"x {deribit(42)[1]} y")
    repo.commit("a nameless value")
    assert not any(f.owned for f in scan(repo, cache, known=keys(1)).findings)
    assert any(f.owned for f in scan(repo, cache, known=keys(2)).findings)
    again = scan(repo, cache, known=keys(2))
    assert any(f.owned for f in again.findings)
    assert any("earlier scan" in note for note in again.notes)
    assert deribit(42)[1] not in keys(2).state


def test_the_file_is_the_owners_and_holds_no_secret(repo: GitRepo, cache: Path) -> None:
    scan(repo, cache)
    (file,) = cache.glob("history-*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    content = file.read_bytes()
    assert not any(value.encode() in content for value in (*bybit(), *upbit()))
    clean = repo.git("rev-parse", "HEAD:b.txt")
    assert clean.encode() not in content


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="access lists protect the folder")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_others_can_write_is_not_believed(repo: GitRepo, cache: Path, what: str) -> None:
    scan(repo, cache)
    (file,) = cache.glob("history-*")
    (file if what == "file" else cache).chmod(0o777)
    assert scan(repo, cache).work.contents > 40


def test_the_memory_is_the_same_in_another_process(repo: GitRepo, cache: Path) -> None:
    for seed in ("1", "2"):
        code = (
            "import sys; from pathlib import Path; from keyguard.cli.main import main; "
            f"sys.exit(main(['--home', {str(cache.parent)!r}, 'scan', '--history', {str(repo.path)!r}]))"
        )
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert done.returncode == 1, done.stderr
        assert ("earlier scan" in done.stderr) == (seed == "2")


@pytest.mark.parametrize("damage", ["cut", "empty", "words", "form", "text", "deep"])
def test_a_damaged_file_is_as_good_as_none(repo: GitRepo, cache: Path, damage: str) -> None:
    scan(repo, cache)
    (file,) = cache.glob("history-*")
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-5])
    elif damage == "empty":
        file.write_bytes(b"")
    else:  # whole by its digest; must not become an option of git
        text = {
            "words": b'{"tips": ["--output=/tmp/x"], "unclean": [], "origins": {}, "submodules": false}',
            "form": b'{"tips": 7}',
            "text": b"\xff\xfe\n{}",
            "deep": b"[" * 100_000,
        }[damage]
        file.write_bytes(hashlib.sha256(text).digest() + text)
    scanned = scan(repo, cache)
    assert scanned.work.contents > 40
    assert scanned.findings == scan(repo, None).findings
