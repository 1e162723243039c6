"""`keyguard scan --range`, by itself and in a server's pre-receive hook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keyguard.core.errors import UsageError
from tests.cli.test_scan import found, scan, secrets
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, env

ZERO = "0" * 40
SOURCE = Path(__file__).parents[2]
HOOKS = SOURCE / ".pre-commit-hooks.yaml"


def leak(number: int) -> tuple[str, str]:
    """Text, and the secret in it."""
    key, secret = bybit(400 + number)
    return env("bybit", key, secret), secret


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    repo = GitRepo(tmp_path / "work")
    monkeypatch.chdir(repo.path)
    return repo


def test_only_lines_added_in_the_range_count(repo: GitRepo) -> None:
    old, _ = leak(1)
    repo.write("a.env", old)
    start = repo.commit("old")
    text, removed = leak(2)
    repo.write("b.env", text)
    guilty = repo.commit("added and")
    (repo.path / "b.env").unlink()
    repo.write("a.env", old + "# touched\n")
    repo.commit("removed again")
    (finding,) = found("--range", f"{start}..HEAD")
    place = finding["parts"][0]["place"]
    assert finding["parts"][0]["value"] == removed
    assert (place["commit"], place["path"], place["author"]) == (guilty, "b.env", "t@example.test")
    assert found("--range", "HEAD~1..HEAD") == []
    assert found("--range", "HEAD~1..") == []
    assert len(found("--range", "HEAD")) == 2
    assert found("--range", f"{start}..", "--exclude", "b.env") == []


def test_messages_count(repo: GitRepo) -> None:
    repo.commit("base")
    text, in_commit = leak(1)
    repo.commit("oops\n\n" + text)
    text, in_tag = leak(2)
    repo.git("tag", "-a", "v1", "-m", "release\n\n" + text)
    assert secrets(found("--range", "HEAD~1..HEAD")) == [in_commit]
    assert secrets(found("--range", "HEAD~1..v1")) == sorted([in_commit, in_tag])


def test_of_a_merge_only_what_no_parent_has(repo: GitRepo) -> None:
    repo.write("a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")
    repo.commit("base")
    repo.git("checkout", "-q", "-b", "side")
    text, known = leak(1)
    repo.write("a", text + (repo.path / "a").read_text())
    repo.commit("the side branch was scanned when it came")
    repo.git("checkout", "-q", "main")
    repo.write("a", (repo.path / "a").read_text() + "10\n")
    repo.commit("main")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "side")
    assert found("--range", "HEAD~1..HEAD^{commit}", "--exclude", "none") != []  # side is in it
    repo.git("branch", "base", "HEAD")
    assert found("--range", "side..HEAD") == []
    text, evil = leak(2)
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("merge", "-q", "--no-commit", "--no-ff", "side")
    repo.write("a", (repo.path / "a").read_text() + text)
    merge = repo.commit("evil merge")
    (finding,) = found("--range", "side..HEAD")
    assert finding["parts"][0]["value"] == evil
    assert finding["parts"][0]["place"]["commit"] == merge
    assert known


def test_new_and_deleted_refs(repo: GitRepo, tmp_path: Path) -> None:
    text, old = leak(1)
    repo.write("a.env", text)
    repo.commit("old")
    clone = GitRepo(tmp_path / "clone")
    clone.git("remote", "add", "origin", str(repo.path))
    clone.git("fetch", "-q", "origin")
    clone.git("reset", "-q", "--hard", "origin/main")
    text, new = leak(2)
    clone.write("b.env", text)
    head = clone.commit("new")
    assert secrets(found("--range", f"{ZERO}..{head}", str(clone.path))) == [new]
    assert secrets(found("--range", f"{ZERO}..{repo.git('rev-parse', 'HEAD')}")) == [old]
    status, _, err = scan("--range", f"{head}..{ZERO}", str(clone.path))
    assert (status, "deleted" in err) == (0, True)


@pytest.mark.parametrize(
    "words", ["missing..HEAD", "HEAD..missing", "--all", "HEAD...HEAD", "--output=x..HEAD"]
)
def test_an_end_that_is_not_here_is_wrong_use(repo: GitRepo, words: str) -> None:
    repo.commit("one")
    with pytest.raises(UsageError) as error:
        scan(f"--range={words}")
    assert error.value.exit_status == 2
    assert not list(repo.path.glob("x*"))


def test_a_pushed_blob_and_a_pushed_tree(repo: GitRepo) -> None:
    repo.commit("one")
    text, secret = leak(1)
    blob = repo.git("hash-object", "-w", "--stdin", data=text.encode())
    assert secrets(found("--range", f"{ZERO}..{blob}")) == [secret]
    assert "tree" in scan("--range", f"{ZERO}..HEAD^{{tree}}")[2]


def test_unusual_names_in_a_range(repo: GitRepo) -> None:
    repo.commit("base")
    for number, name in enumerate(("new\nline.env", ":(top)x.env", "업비트.env", "*.env")):
        repo.write(name, "x=1\n")
        repo.commit("one")
        repo.write(name, "x=1\n" + leak(number)[0])
        repo.commit("two")
        (finding,) = found("--range", "HEAD~1..")
        assert finding["parts"][0]["place"]["path"] == name


# A server


@pytest.fixture
def server(tmp_path: Path) -> GitRepo:
    """A bare repository that refuses keys."""
    server = GitRepo(tmp_path / "server.git", bare=True)
    hook = server.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "#!/bin/sh\n"
        "status=0\n"
        "while read -r old new ref; do\n"
        f'  {sys.executable} -m keyguard scan --range "$old..$new" >&2 || status=1\n'
        "done\n"
        "exit $status\n"
    )
    hook.chmod(0o755)
    return server


def push(repo: GitRepo, server: GitRepo, *refs: str) -> tuple[bool, str]:
    """Push; returns whether it was taken, and what the server said."""
    done = subprocess.run(
        ["git", "push", str(server.path), *refs],
        cwd=repo.path,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(SOURCE), str(SOURCE / "adapters")]),
            "GIT_CONFIG_GLOBAL": os.devnull,
        },
    )
    return done.returncode == 0, done.stderr


def test_a_pre_receive_hook_refuses_a_push(repo: GitRepo, server: GitRepo) -> None:
    repo.write("a.txt", "clean\n")
    repo.commit("clean")
    taken, said = push(repo, server, "main")
    assert taken, said
    text, secret = leak(1)
    repo.write("bot.env", text)
    guilty = repo.commit("leak")
    (repo.path / "bot.env").unlink()
    repo.commit("removed again, but it is in the history")
    for refs in (("main",), ("main:refs/heads/new",), ("main:refs/tags/v1", "main")):
        taken, said = push(repo, server, *refs)
        assert not taken
        assert "bot.env:2" in said
        assert guilty in said
        assert secret[3:-3] not in said
    assert server.git("rev-parse", "main") == repo.git("rev-parse", "HEAD~2")
    assert server.git("cat-file", "--batch-all-objects", "--batch-check").count("blob") == 1
    repo.git("reset", "-q", "--hard", "HEAD~2")
    repo.write("b.txt", "clean again\n")
    repo.commit("clean again")
    taken, said = push(repo, server, "main", "main:refs/heads/new")
    assert taken, said
    taken, said = push(repo, server, ":refs/heads/new")
    assert taken, said


def test_the_hook_obeys_the_servers_configuration_not_the_pushed_one(repo: GitRepo, server: GitRepo) -> None:
    repo.write(".keyguard.toml", '[scan]\nexclude = ["*.env"]\n')
    repo.write("bot.env", leak(1)[0])
    repo.commit("leak")
    (server.path.parent / ".keyguard.toml").write_text('[scan]\nexclude = ["*.env"]\n')
    assert not push(repo, server, "main")[0]
    (server.path / ".keyguard.toml").write_text('[scan]\nexclude = ["*.env"]\n')
    assert push(repo, server, "main")[0]


def test_a_repository_with_long_ids(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "long", sha256=True)
    repo.commit("base")
    text, secret = leak(1)
    repo.write("a.env", text)
    head = repo.commit("leak")
    assert secrets(found("--range", f"{'0' * 64}..{head}", str(repo.path))) == [secret]
    assert scan("--range", f"{head}..{'0' * 64}", str(repo.path))[0] == 0
    assert secrets(found("--history", "--unreachable", str(repo.path))) == [secret]


def test_a_new_ref_is_not_refused_for_what_the_server_had_before(repo: GitRepo, server: GitRepo) -> None:
    hook = (server.path / "hooks/pre-receive").rename(server.path / "later")
    repo.write("old.env", leak(1)[0])
    repo.commit("before the hook")
    assert push(repo, server, "main")[0]
    hook.rename(server.path / "hooks/pre-receive")
    repo.write("b.txt", "clean\n")
    repo.commit("clean")
    taken, said = push(repo, server, "main:refs/heads/topic")
    assert taken, said


def test_a_server_can_set_marks_on_lines_aside(repo: GitRepo, server: GitRepo) -> None:
    text, _ = leak(1)
    repo.write("bot.env", "".join(f"{line} # keyguard:allow\n" for line in text.splitlines()))
    repo.commit("allowed by the one who pushes")
    hook = server.path / "hooks/pre-receive"
    lenient = hook.read_text()
    hook.write_text(lenient.replace("--range", "--no-inline-allow --range"))
    taken, said = push(repo, server, "main")
    assert not taken
    assert "bot.env:2" in said
    hook.write_text(lenient)
    assert push(repo, server, "main")[0]


# The pre-commit framework


def test_what_the_framework_says_is_pushed(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry of `keyguard-push`, with what the framework sets for it."""
    text, secret = leak(1)
    repo.write("old.env", text)
    old = repo.commit("pushed long ago")
    repo.write("a.txt", "clean\n")
    new = repo.commit("clean")
    entry = next(line for line in HOOKS.read_text().splitlines() if "--pushed" in line)
    words = entry.split("keyguard scan ")[1].split()
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", old)
    monkeypatch.setenv("PRE_COMMIT_TO_REF", new)
    assert found(*words) == []
    monkeypatch.delenv("PRE_COMMIT_FROM_REF")
    monkeypatch.delenv("PRE_COMMIT_TO_REF")
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")  # a first push: everything
    assert secrets(found(*words)) == [secret]
    monkeypatch.delenv("PRE_COMMIT_LOCAL_BRANCH")
    with pytest.raises(UsageError, match="names what is pushed"):
        scan(*words)
