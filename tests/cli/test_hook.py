"""`keyguard hook install` with real repositories, real commits and real pushes."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from keyguard.cli import hooks
from keyguard.cli.main import main
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, env, upbit

ROOT = Path(__file__).parents[2]
LEAK = env("bybit", *bybit())
Refused = subprocess.CalledProcessError


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'adapters'}")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    made = GitRepo(tmp_path / "work")
    monkeypatch.chdir(made.path)
    return made


@pytest.fixture
def hooked(repo: GitRepo) -> GitRepo:
    assert main(["hook", "install"]) == 0
    return repo


def commit(repo: GitRepo, *words: str) -> str:
    return repo.git("commit", "-q", "-m", "change", *words)


def foreign(repo: GitRepo, kind: str, body: str) -> Path:
    path = repo.path / ".git/hooks" / kind
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as error:
        act()
    told: str = (error.value.stdout + error.value.stderr).decode()
    return told


# Commits


def test_the_first_commit_is_scanned(hooked: GitRepo) -> None:
    hooked.write(".env", LEAK)
    hooked.git("add", "-A")
    told = refused(lambda: commit(hooked))
    assert "critical  Bybit API key and secret  .env:2:18" in told
    assert "keyguard key import .env --desk DESK --replace" in told
    assert "the commit is refused (status 1)" in told
    assert bybit()[1] not in told
    with pytest.raises(Refused):
        hooked.git("rev-parse", "--verify", "HEAD")
    hooked.write(".env", "BYBIT_API_KEY=keyguard://bybit/mm/bot#key\n")
    hooked.git("add", "-A")
    commit(hooked)


def test_the_index_that_git_commits_is_scanned(hooked: GitRepo) -> None:
    """`-a` and FILE commit another index than .git/index; amending compares with the parent's HEAD."""
    hooked.write("a.env", "1\n")
    hooked.write("b.env", "1\n")
    hooked.git("add", "-A")
    commit(hooked)
    hooked.write("a.env", LEAK)
    refused(lambda: commit(hooked, "-a"))
    refused(lambda: commit(hooked, "a.env"))
    hooked.write("b.env", "2\n")
    commit(hooked, "b.env")  # the leak in a.env is not part of this commit
    hooked.git("add", "a.env")
    refused(lambda: commit(hooked, "--amend"))
    commit(hooked, "--no-verify")
    hooked.write("b.env", "3\n")
    commit(hooked, "-a")  # a.env's line is not added by this commit


def test_a_merge_finished_by_hand_is_scanned(hooked: GitRepo) -> None:
    hooked.write("a", "1\n")
    hooked.git("add", "-A")
    commit(hooked)
    hooked.git("checkout", "-q", "-b", "side")
    hooked.write("b", "2\n")
    hooked.git("add", "-A")
    commit(hooked)
    hooked.git("checkout", "-q", "main")
    hooked.git("merge", "-q", "--no-ff", "--no-commit", "side")
    hooked.write("a", LEAK)
    hooked.git("add", "-A")
    refused(lambda: commit(hooked))
    hooked.write("a", "3\n")
    hooked.git("add", "-A")
    commit(hooked)


def test_from_a_folder_below_and_from_a_linked_worktree(hooked: GitRepo, tmp_path: Path) -> None:
    hooked.write("a", "1\n")
    hooked.git("add", "-A")
    commit(hooked)
    hooked.git("worktree", "add", "-q", str(tmp_path / "linked"))
    for folder in (hooked.path / "sub", tmp_path / "linked"):
        folder.mkdir(exist_ok=True)
        (folder / ".env").write_text(LEAK)
        inside = GitRepo.__new__(GitRepo)
        inside.path = folder
        inside.git("add", ".env")
        assert "Bybit" in refused(lambda inside=inside: commit(inside))


def test_modules_of_the_repository_are_not_run(hooked: GitRepo) -> None:
    for name in ("keyguard/__init__.py", "keyguard/__main__.py", "json.py", "argparse.py"):
        hooked.write(name, "open('witness', 'w').close()\n")
    hooked.git("add", "-A")
    commit(hooked)
    assert not (hooked.path / "witness").exists()


def test_a_keyguard_that_vanished_is_said(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_python", lambda: "/no/such dir/it's python")
    main(["hook", "install"])
    repo.write("a", "1\n")
    repo.git("add", "-A")
    told = refused(lambda: commit(repo))
    assert "/no/such dir/it's python is gone: nothing was scanned, so the commit is refused" in told
    assert "hook install" in told
    commit(repo, "--no-verify")


# Pushes


@pytest.fixture
def pushing(hooked: GitRepo, tmp_path: Path) -> GitRepo:
    GitRepo(tmp_path / "remote.git", bare=True)
    hooked.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    hooked.write("a", "1\n")
    hooked.git("add", "-A")
    commit(hooked)
    hooked.git("push", "-q", "origin", "main")
    return hooked


def test_a_push_scans_what_the_remote_does_not_have(pushing: GitRepo) -> None:
    pushing.write(".env", LEAK)
    pushing.git("add", "-A")
    commit(pushing, "--no-verify")
    pushing.git("rm", "-q", ".env")
    commit(pushing)  # removed again: the commit between still has it
    told = refused(lambda: pushing.git("push", "-q", "origin", "main"))
    assert "the push of refs/heads/main is refused" in told
    refused(lambda: pushing.git("push", "-q", "origin", "main:refs/heads/new"))
    pushing.git("push", "-q", "--no-verify", "origin", "main")
    pushing.write("b", "2\n")
    pushing.git("add", "-A")
    commit(pushing)
    pushing.git("push", "-q", "origin", "main")  # what the remote has already is its own affair
    pushing.git("push", "-q", "origin", "main:refs/heads/other")
    pushing.git("push", "-q", "origin", ":refs/heads/other")


def test_every_ref_of_a_push_is_scanned(pushing: GitRepo) -> None:
    pushing.git("branch", "clean")
    pushing.write(".env", env("upbit", *upbit()))
    pushing.git("add", "-A")
    commit(pushing, "--no-verify")
    told = refused(lambda: pushing.git("push", "-q", "--atomic", "origin", "main", "clean"))
    assert "refs/heads/main" in told


def test_a_forced_push_over_commits_we_do_not_have(pushing: GitRepo, tmp_path: Path) -> None:
    pushing.git("clone", "-q", str(tmp_path / "remote.git"), str(tmp_path / "other"))
    other = GitRepo(tmp_path / "other")
    other.write("c", "3\n")
    other.commit()
    other.git("push", "-q", "--no-verify", "origin", "HEAD:main")
    pushing.write("d", "4\n")
    pushing.git("add", "-A")
    commit(pushing)
    pushing.git("push", "-q", "--force", "origin", "main")


# Other hooks


def test_a_hook_that_was_there_runs_first_and_comes_back(repo: GitRepo) -> None:
    path = foreign(
        repo, "pre-commit", 'echo "$#" >> ran; test ! -e stop && git add late 2>/dev/null; test ! -e stop'
    )
    before = (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
    main(["hook", "install"])
    assert (repo.path / ".git/hooks/pre-commit.before-keyguard").read_bytes() == before[0]
    repo.write("late", LEAK)  # the other hook puts it into the index: what is committed is scanned
    repo.write("a", "1\n")
    repo.git("add", "a")
    assert "Bybit" in refused(lambda: commit(repo))
    repo.write("stop", "")
    assert "Bybit" not in refused(lambda: commit(repo))
    assert (repo.path / "ran").read_text() == "0\n0\n"
    assert main(["hook", "uninstall"]) == 0
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == before
    assert not list(path.parent.glob("*keyguard*"))


def test_a_push_hook_that_was_there_gets_its_arguments_and_input(repo: GitRepo, tmp_path: Path) -> None:
    foreign(repo, "pre-push", 'echo "$1" > args; cat > refs')
    main(["hook", "install"])
    GitRepo(tmp_path / "remote.git", bare=True)
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    repo.write("a", "1\n")
    repo.git("add", "a")
    commit(repo)
    repo.git("push", "-q", "origin", "main")
    head = repo.git("rev-parse", "HEAD")
    assert (repo.path / "args").read_text() == "origin\n"
    assert (repo.path / "refs").read_text() == f"refs/heads/main {head} refs/heads/main {'0' * 40}\n"


def test_a_hook_that_git_would_not_run_is_kept_and_not_run(repo: GitRepo) -> None:
    path = foreign(repo, "pre-commit", "exit 1")
    path.chmod(0o644)
    main(["hook", "install"])
    repo.write("a", "1\n")
    repo.git("add", "a")
    commit(repo)
    main(["hook", "uninstall"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_hook_that_is_a_link_stays_one(repo: GitRepo) -> None:
    real = repo.write("tools/check.sh", "#!/bin/sh\ntouch checked\n")
    real.chmod(0o755)
    path = repo.path / ".git/hooks/pre-commit"
    path.parent.mkdir(exist_ok=True)
    path.symlink_to("../../tools/check.sh")
    main(["hook", "install"])
    assert real.read_text() == "#!/bin/sh\ntouch checked\n"
    repo.git("add", "-A")
    commit(repo)
    assert (repo.path / "checked").exists()
    main(["hook", "uninstall"])
    assert os.readlink(path) == "../../tools/check.sh"


def test_installing_again_changes_nothing(hooked: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    folder = hooked.path / ".git/hooks"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["hook", "install"]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert "is there already" in capsys.readouterr().out
    for _ in range(2):
        assert main(["hook", "uninstall"]) == 0
    assert not any(
        path.name.startswith("pre-commit") and path.suffix != ".sample" for path in folder.iterdir()
    )


def test_an_older_hook_of_ours_is_renewed(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as old:
        old.setattr(hooks, "_python", lambda: "/old/python")
        main(["hook", "install"])
    main(["hook", "install"])
    folder = repo.path / ".git/hooks"
    assert "/old/python" not in (folder / "pre-commit").read_text()
    assert not (folder / "pre-commit.before-keyguard").exists()


def test_a_hook_of_ours_that_was_changed_is_somebodys_work(hooked: GitRepo) -> None:
    path = hooked.path / ".git/hooks/pre-commit"
    path.write_text(path.read_text() + "echo mine\n")
    mine = path.read_bytes()
    assert main(["hook", "install"]) == 2
    assert main(["hook", "uninstall"]) == 2
    assert path.read_bytes() == mine


def test_two_hooks_in_the_way_are_not_overwritten(hooked: GitRepo) -> None:
    other = foreign(hooked, "pre-commit", "exit 0")  # somebody wrote over ours
    kept = other.with_name("pre-commit.before-keyguard")
    kept.write_text("precious")
    assert main(["hook", "install"]) == 2
    assert kept.read_text() == "precious"
    assert other.read_text() == "#!/bin/sh\nexit 0\n"
    assert main(["hook", "uninstall"]) == 0
    assert other.exists()


def test_hooks_path_is_honoured_and_said(
    repo: GitRepo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.git("config", "core.hooksPath", "githooks")
    (repo.path / "deep/er").mkdir(parents=True)
    os.chdir(repo.path / "deep/er")
    assert main(["hook", "install"]) == 0
    assert "every repository that uses" in capsys.readouterr().err
    assert hooks.is_ours(repo.path / "githooks/pre-commit")
    repo.write(".env", LEAK)
    repo.git("add", ".env")
    refused(lambda: commit(repo))
    repo.git("config", "core.hooksPath", os.devnull)
    assert main(["hook", "install"]) == 2
    assert "runs no hooks here" in capsys.readouterr().err


def test_one_hook_alone_and_json(repo: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hook", "install", "--only", "pre-push", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["hooks"]
    assert (told["hook"], told["state"]) == ("pre-push", "installed")
    assert not (repo.path / ".git/hooks/pre-commit").exists()


def test_outside_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert main(["hook", "install", str(tmp_path)]) == 2
