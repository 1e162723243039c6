"""`keyguard scan` on real folders and real git repositories."""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from keyguard.cli.commands import scan as command
from keyguard.core.errors import UsageError
from keyguard.scanner.sources import git_folder
from keyguard.scanner.sources.git import Repository
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, deribit, env, pem, token, upbit


class Written:
    """Output that remembers."""

    def __init__(self) -> None:
        self.json = False
        self.colour = False
        self.out: list[str] = []
        self.err: list[str] = []

    def data(self, text: str) -> None:
        self.out.append(text)

    report = block = data

    def talk(self, text: str) -> None:
        self.err.append(text)

    def table(self, headers: Any, rows: Any) -> None:
        self.out += ["  ".join(row) for row in (headers, *rows)]


def scan(*words: str) -> tuple[int, str, str]:
    parser = argparse.ArgumentParser()
    parser.set_defaults(home=None)
    command.add_arguments(parser)
    written = Written()
    status = command.run(parser.parse_args(words), written)
    return status, "\n".join(written.out), "\n".join(written.err)


def found(*words: str) -> list[dict[str, Any]]:
    status, out, _ = scan(*words, "--format", "json", "--show-secrets")
    findings: list[dict[str, Any]] = json.loads(out)["findings"]
    assert status == (1 if findings else 0)
    return findings


def secrets(findings: list[dict[str, Any]]) -> list[str]:
    return sorted(finding["parts"][0]["value"] for finding in findings)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def repo(here: Path) -> GitRepo:
    return GitRepo(here)


BYBIT = env("bybit", *bybit())


# Trees


def test_ignored_files_are_scanned_and_dependencies_are_not(repo: GitRepo) -> None:
    repo.write(".gitignore", ".env\n")
    repo.write(".env", BYBIT)
    repo.write("node_modules/x/config.js", env("upbit", *upbit()))
    repo.write("ours/pyvenv.cfg", "")
    repo.write("ours/lib/x.py", env("deribit", *deribit()))
    assert [f["parts"][0]["place"]["path"] for f in found()] == [".env"]
    assert {f["venue"] for f in found("--all")} == {"bybit", "upbit", "deribit"}


def test_no_link_is_followed_out_of_the_tree(here: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "key.env").write_text(BYBIT)
    (here / "folder").symlink_to(outside)
    (here / "file.env").symlink_to(outside / "key.env")
    (here / "loop").symlink_to(here)
    assert found() == []


def test_pipes_and_sockets_are_passed_over(here: Path) -> None:
    os.mkfifo(here / "pipe")
    assert scan()[0] == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_exit_3(here: Path) -> None:
    (here / "locked").write_text("x")
    (here / "locked").chmod(0)
    status, _, err = scan()
    assert status == 3
    assert "not read: locked: permission denied" in err


def test_a_large_file_is_said_and_exit_3_unless_something_is_found(here: Path) -> None:
    (here / "large.bin").write_bytes(b"x" * 2000)
    status, _, err = scan("--max-size", "1k")
    assert status == 3
    assert "not read: large.bin: larger than 1,000 bytes" in err
    (here / ".env").write_text(BYBIT)
    assert scan("--max-size", "1k")[0] == 1


def test_names_that_steer_a_terminal_are_escaped(here: Path) -> None:
    (here / "a\x1b[2Jb\u202ec\nd.env").write_text(BYBIT)
    _, out, err = scan()
    assert "a\\x1b[2Jb\\u202ec\\nd.env:2:" in out
    assert "\x1b" not in out + err
    assert "\u202e" not in out + err


def test_values_are_redacted_unless_asked_for(here: Path) -> None:
    key, secret = bybit()
    (here / ".env").write_text(BYBIT)
    for style in ("text", "json", "sarif", "gitleaks", "csv"):
        _, out, err = scan("--format", style)
        assert key[3:-3] not in out + err
        assert secret[3:-3] not in out + err
        assert f"{secret[:2]}…{secret[-2:]}" in out or f"{secret[:2]}\\u2026{secret[-2:]}" in out
    assert secret in scan("--show-secrets")[1]


def test_a_report_file_is_the_owners_alone(here: Path) -> None:
    (here / ".env").write_text(BYBIT)
    status, out, _ = scan("--format", "sarif", "-o", "report.sarif")
    assert (status, out) == (1, "")
    assert stat.S_IMODE((here / "report.sarif").stat().st_mode) == 0o600
    assert json.loads((here / "report.sarif").read_text())["version"] == "2.1.0"
    assert sorted(p.name for p in here.iterdir()) == [".env", "report.sarif"]


def test_a_report_that_cannot_be_written_is_wrong_use(here: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        scan("-o", "missing/report.json")


def test_a_report_for_a_device_or_a_pipe_leaves_it_one(here: Path) -> None:
    """`-o /dev/null` as root must not put a file in its place."""
    (here / "a.env").write_text(BYBIT)
    os.mkfifo(here / "pipe")
    (here / "link").symlink_to("pipe")
    reader = os.open(here / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        for name in ("pipe", "link"):
            assert scan("-o", str(here / name), "a.env")[0] == 1
            assert "Bybit API key and secret" in os.read(reader, 65_536).decode()
    finally:
        os.close(reader)
    assert (here / "pipe").is_fifo()
    assert (here / "link").is_symlink()
    with pytest.raises(UsageError, match="cannot write"):
        scan("-o", str(here), "a.env")


def test_include_and_exclude(here: Path) -> None:
    for seed, name in enumerate(("a/x.env", "b/x.env", "b/y.txt")):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(env("bybit", *bybit(60 + seed)))
    paths = lambda *w: sorted(f["parts"][0]["place"]["path"] for f in found(*w))  # noqa: E731
    assert paths("--exclude", "a") == ["b/x.env", "b/y.txt"]
    assert paths("--include", "*.env") == ["a/x.env", "b/x.env"]
    assert paths("--include", "*.env", "--exclude", "b/**") == ["a/x.env"]


def test_several_paths_keep_their_names(here: Path) -> None:
    for name in ("a", "b"):
        (here / name).mkdir()
        (here / name / ".env").write_text(env("bybit", *bybit(ord(name))))
    assert [f["parts"][0]["place"]["path"] for f in found("a", "b")] == ["a/.env", "b/.env"]


def test_a_missing_path_is_wrong_use(here: Path) -> None:
    with pytest.raises(UsageError, match="no file or folder"):
        scan("missing")


# .keyguard.toml


def test_the_configuration_excludes_allows_and_turns_rules_off(repo: GitRepo) -> None:
    repo.write("fixtures/.env", env("upbit", *upbit()))
    repo.write("id.pem", pem())
    repo.write("known.env", BYBIT)
    fingerprint = next(f["fingerprint"] for f in found() if f["venue"] == "bybit")
    repo.write(
        ".keyguard.toml",
        '[scan]\nexclude = ["fixtures"]\n[rules]\noff = ["pem.pkcs8"]\n'
        f'[[allow]]\nfingerprint = "{fingerprint}"\nreason = "revoked"\n',
    )
    status, out, err = scan()
    assert (status, out) == (0, "")
    assert "1 known and allowed" in err


@pytest.mark.parametrize(
    "text",
    [
        "[scan]\nexcluded = []",
        "[rules]\noff = ['no.such']",
        "[scan]\nexclude = 'a'",
        "x =",
        "[[allow]]\nreason = ''",
    ],
)
def test_a_wrong_configuration_is_an_error(repo: GitRepo, text: str) -> None:
    repo.write(".keyguard.toml", text)
    with pytest.raises(UsageError) as error:
        scan()
    assert error.value.exit_status == 2


def test_a_configuration_that_is_a_link_or_a_pipe_is_not_read(here: Path) -> None:
    (here / ".keyguard.toml").symlink_to("/dev/zero")
    with pytest.raises(UsageError):
        scan()


# Standard input


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BYBIT.encode())))
    (finding,) = found("--stdin", "--path", "piped.env")
    assert finding["parts"][0]["place"]["path"] == "piped.env"


# History


def test_a_removed_secret_is_found_with_its_commit(repo: GitRepo) -> None:
    repo.commit("empty")
    repo.write("bot.env", BYBIT)
    guilty = repo.commit("add")
    (repo.path / "bot.env").unlink()
    repo.commit("remove")
    assert found() == []
    (finding,) = found("--history")
    place = finding["parts"][0]["place"]
    assert (place["path"], place["commit"]) == ("bot.env", guilty)
    assert repo.git("cat-file", "-p", place["blob"]) == BYBIT.strip()


def test_everything_that_keeps_an_object_alive_is_walked(repo: GitRepo) -> None:
    pairs = {
        where: bybit(100 + n) for n, where in enumerate(["stash", "tag", "note", "reflog", "branch", "index"])
    }
    repo.write("a", "1")
    repo.commit("one")
    repo.write("a", env("bybit", *pairs["stash"]))
    repo.git("stash", "-q")
    repo.git("tag", "-a", "v1", "-m", "release\n\n" + env("bybit", *pairs["tag"]))
    repo.git("notes", "add", "-m", env("bybit", *pairs["note"]))
    repo.write("b", env("bybit", *pairs["reflog"]))
    repo.commit("lost")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("checkout", "-q", "-b", "side")
    repo.write("c", env("bybit", *pairs["branch"]))
    repo.commit("side")
    repo.git("checkout", "-q", "main")
    repo.write("d", env("bybit", *pairs["index"]))
    repo.git("add", "d")
    assert secrets(found("--history")) == sorted(secret for _, secret in pairs.values())


def test_messages_are_scanned(repo: GitRepo) -> None:
    commit = repo.commit("oops\n\n" + BYBIT)
    (finding,) = found("--history")
    place = finding["parts"][0]["place"]
    assert (place["path"], place["commit"], place["blob"]) == ("(commit message)", commit, None)


def test_a_secret_that_only_a_merge_brought(repo: GitRepo) -> None:
    repo.write("a", "1\n")
    repo.commit("base")
    repo.git("checkout", "-q", "-b", "side")
    repo.write("b", "2\n")
    repo.commit("side")
    repo.git("checkout", "-q", "main")
    repo.write("c", "3\n")
    repo.commit("main")
    repo.git("merge", "-q", "--no-commit", "--no-ff", "side")
    repo.write("a", BYBIT)
    merge = repo.commit("evil merge")
    (finding,) = found("--history")
    assert finding["parts"][0]["place"]["commit"] == merge


def test_each_object_is_read_once(repo: GitRepo) -> None:
    repo.write("same", "unchanging\n" * 100)
    for number in range(12):
        repo.write("moving", f"{number}\n")
        repo.commit(f"commit {number}")
    _, out, _ = scan("--history", "--format", "json")
    kinds = repo.git("cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").split()
    contents = [kind for kind in kinds if kind != "tree"]
    assert len(contents) == 1 + 12 + 12
    beside = list(git_folder.pieces(Repository(repo.path), 10**6))  # configuration, reflogs, drafts
    assert json.loads(out)["summary"]["contents"] == len(contents) + len(beside)


def test_a_renamed_file_is_one_finding(repo: GitRepo) -> None:
    repo.write("old.env", BYBIT)
    first = repo.commit("one")
    repo.git("mv", "old.env", "new.env")
    repo.commit("two")
    (finding,) = found("--history")
    assert finding["parts"][0]["place"]["commit"] == first
    assert finding["seen"] == []


def test_exclusions_hold_only_if_every_path_of_a_blob_is_excluded(repo: GitRepo) -> None:
    repo.write("fixtures/.env", BYBIT)
    repo.commit("fixture")
    assert found("--history", "--exclude", "fixtures") == []
    repo.write("src/.env", BYBIT)
    repo.commit("copied")
    (finding,) = found("--history", "--exclude", "fixtures")
    assert finding["parts"][0]["place"]["path"] == "src/.env"


@pytest.mark.parametrize(
    "name", ["with space.env", "업비트.env", "new\nline.env", 'quo"te\\.env', "tab\t.env"]
)
def test_unusual_names(repo: GitRepo, name: str) -> None:
    repo.write(name, BYBIT)
    repo.git("add", "-A")
    (staged,) = found("--staged")
    assert staged["parts"][0]["place"]["path"] == name
    repo.commit("one")
    (finding,) = found("--history")
    assert finding["parts"][0]["place"]["path"] == name
    (finding,) = found()
    assert finding["parts"][0]["place"]["path"] == name


def test_names_that_are_no_unicode(repo: GitRepo) -> None:
    (repo.path / os.fsdecode(b"caf\xe9.env")).write_text(BYBIT)
    repo.git("add", "-A")
    assert len(found("--staged")) == 1
    repo.commit("one")
    for style in ("text", "json", "sarif", "gitleaks", "csv"):
        status, out, _ = scan("--history", "--format", style)
        assert status == 1
        out.encode()


def test_a_bare_repository(tmp_path: Path, repo: GitRepo) -> None:
    repo.write(".env", BYBIT)
    repo.commit()
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    assert len(found("--history", str(tmp_path / "bare.git"))) == 1


def test_a_sha256_repository(here: Path) -> None:
    repo = GitRepo(here / "new", sha256=True)
    repo.write(".env", BYBIT)
    repo.git("add", "-A")
    assert len(found("--staged", str(repo.path))) == 1
    commit = repo.commit()
    (finding,) = found("--history", str(repo.path))
    assert finding["parts"][0]["place"]["commit"] == commit
    assert len(commit) == 64


def test_a_submodule_is_said(tmp_path: Path, repo: GitRepo) -> None:
    inner = GitRepo(tmp_path / "inner")
    inner.commit("one")
    repo.git("submodule", "--quiet", "add", str(inner.path), "sub")
    assert "sub is a submodule" in scan("--staged")[2]
    repo.commit("with submodule")
    assert "submodules are repositories of their own" in scan("--history")[2]


def test_a_shallow_clone_is_said(tmp_path: Path, repo: GitRepo) -> None:
    repo.commit("one")
    repo.commit("two")
    repo.git("clone", "-q", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    status, _, err = scan("--history", str(tmp_path / "shallow"))
    assert status == 0
    assert "shallow clone" in err


def test_objects_a_partial_clone_lacks_are_not_fetched_but_said(tmp_path: Path, repo: GitRepo) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.write(".env", BYBIT)
    repo.commit("one")
    partial = str(tmp_path / "partial")
    repo.git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo.path}", partial)
    status, _, err = scan("--history", partial)
    assert status == 3
    assert "1 objects are not in this clone" in err


def test_a_damaged_object_is_said_and_the_rest_scanned(repo: GitRepo) -> None:
    repo.write(".env", BYBIT)
    repo.write("other", token(9, 50))
    repo.commit("one")
    blob = repo.git("rev-parse", "HEAD:other")
    path = repo.path / ".git/objects" / blob[:2] / blob[2:]
    path.chmod(0o600)
    path.write_bytes(b"no object")
    status, out, err = scan("--history", "--format", "json")
    assert status == 1
    assert json.loads(out)["unread"]
    assert "not read" in err


@pytest.mark.parametrize("kind", ["--history", "--staged"])
def test_outside_a_repository(here: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(here.parent))
    with pytest.raises(UsageError, match="not in a git repository"):
        scan(kind)


@pytest.mark.parametrize("kind", ["--history", "--staged"])
def test_a_repository_without_commits(repo: GitRepo, kind: str) -> None:
    assert scan(kind)[0] == 0
    repo.write(".env", BYBIT)
    repo.git("add", "-A")
    assert len(found(kind)) == 1


# The index


def test_only_added_lines_count_but_the_whole_file_is_context(repo: GitRepo) -> None:
    old, new = bybit(50), bybit(51)
    repo.write("bot.py", f"from pybit import HTTP\n\nAPI_KEY = '{old[0]}'\nAPI_SECRET = '{old[1]}'\n")
    repo.commit("old leak")
    repo.write("bot.py", (repo.path / "bot.py").read_text() + "print(1)\n")
    repo.git("add", "-A")
    assert found("--staged") == []
    lines = "# more\n" * 300 + f"API_KEY = '{new[0]}'\nAPI_SECRET = '{new[1]}'\n"
    repo.write("bot.py", (repo.path / "bot.py").read_text() + lines)
    repo.git("add", "-A")
    (finding,) = found("--staged")
    assert finding["parts"][0]["value"] == new[1]
    assert finding["parts"][0]["place"]["staged"] is True


def test_what_is_not_staged_does_not_count(repo: GitRepo) -> None:
    repo.write("a.env", "x=1\n")
    repo.commit("one")
    repo.write("a.env", BYBIT)
    assert found("--staged") == []
    repo.git("add", "-A")
    repo.write("a.env", "x=2\n")
    assert len(found("--staged")) == 1


def test_a_secret_copied_within_its_file_counts(repo: GitRepo) -> None:
    repo.write("a.env", BYBIT)
    repo.commit("one")
    repo.write("a.env", BYBIT + "#\n" * 1000 + BYBIT)
    repo.git("add", "-A")
    assert len(found("--staged")) == 1


def test_attributes_cannot_hide_lines(repo: GitRepo) -> None:
    repo.write(".gitattributes", "* -diff\n*.env binary\n")
    repo.write("a.env", "x=1\n")
    repo.commit("one")
    repo.write("a.env", "x=1\r\n" + BYBIT.replace("\n", "\r\n"))
    repo.git("add", "-A")
    assert len(found("--staged")) == 1


def test_the_index_git_tells_its_hooks_is_the_one_scanned(
    repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git commit FILE` and `git commit -a` commit a temporary index."""
    repo.write("a.env", "x=1\n")
    repo.commit("one")
    other = repo.path / ".git" / "other-index"
    repo.write("a.env", BYBIT)
    repo.git("read-tree", "HEAD", GIT_INDEX_FILE=str(other))
    repo.git("add", "a.env", GIT_INDEX_FILE=str(other))
    assert found("--staged") == []
    monkeypatch.setenv("GIT_INDEX_FILE", str(other))
    assert len(found("--staged")) == 1


# Nothing of the scanned tree is run, and nothing in it is changed


def _snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(root)): (path.lstat().st_mtime_ns, path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def _hostile(repo: GitRepo, tmp_path: Path) -> Path:
    """Everything known by which a repository's own configuration makes git run a program."""
    witness = tmp_path / "witness"
    evil = tmp_path / "evil"
    evil.write_text(f'#!/bin/sh\necho "$0 $*" >> {witness}\nexit 1\n')
    evil.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in (
        "post-index-change",
        "pre-commit",
        "reference-transaction",
        "post-checkout",
        "fsmonitor-watchman",
    ):
        (hooks / hook).write_text(evil.read_text())
        (hooks / hook).chmod(0o755)
    settings = {
        "core.fsmonitor": str(evil),
        "core.hooksPath": str(hooks),
        "core.sshCommand": str(evil),
        "core.askPass": str(evil),
        "core.editor": str(evil),
        "core.pager": str(evil),
        "core.alternateRefsCommand": str(evil),
        "core.gitProxy": str(evil),
        "pager.rev-list": str(evil),
        "pager.diff-index": str(evil),
        "pager.cat-file": str(evil),
        "alias.rev-list": f"!{evil}",
        "alias.cat-file": f"!{evil}",
        "credential.helper": str(evil),
        "diff.external": str(evil),
        "diff.evil.command": str(evil),
        "diff.evil.textconv": str(evil),
        "filter.evil.clean": str(evil),
        "filter.evil.smudge": str(evil),
        "filter.evil.process": str(evil),
        "filter.evil.required": "true",
        "merge.evil.driver": str(evil),
        "gpg.program": str(evil),
        "gpg.ssh.program": str(evil),
        "log.showSignature": "true",
        "uploadpack.packObjectsHook": str(evil),
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
        "remote.origin.url": f"ext::{evil}",
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "extensions.partialClone": "origin",
        "core.repositoryFormatVersion": "1",
        "include.path": str(tmp_path / "included"),
        "trace2.normalTarget": str(witness),
        "trace2.eventTarget": str(witness),
    }
    (tmp_path / "included").write_text(f"[core]\n\tfsmonitor = {evil}\n\thooksPath = {hooks}\n")
    config = (repo.path / ".git" / "config").open("a")
    with config:
        for name, value in settings.items():
            section, _, key = name.rpartition(".")
            head, _, sub = section.partition(".")
            config.write(f'[{head} "{sub}"]\n' if sub else f"[{head}]\n")
            config.write(f"\t{key} = {value}\n")
    repo_git = repo.path / "git"
    repo_git.write_text(evil.read_text())
    repo_git.chmod(0o755)
    return witness


def test_nothing_of_a_hostile_repository_is_run_or_changed(
    repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write(".gitattributes", "* diff=evil filter=evil merge=evil\n")
    repo.write("a.env", BYBIT)
    repo.commit("one")
    repo.write("gone.txt", "x\n")
    blob = (repo.commit("two"), repo.git("rev-parse", "HEAD:gone.txt"))[1]
    repo.write("b.env", env("upbit", *upbit()))
    repo.write("a.env", "# first\n" + BYBIT + "x=1\n")
    repo.write("lost.txt", "y\n")
    repo.git("add", "-A")
    for missing in (blob, repo.git("rev-parse", ":lost.txt")):  # tempts a partial clone to fetch them
        (repo.path / ".git/objects" / missing[:2] / missing[2:]).unlink()
    witness = _hostile(repo, tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", os.environ["PATH"]]))
    before = _snapshot(repo.path)
    assert {f["venue"] for f in found()} == {"bybit", "upbit"}
    assert [f["venue"] for f in found("--staged")] == ["upbit"]
    assert {f["venue"] for f in found("--history")} == {"bybit", "upbit"}
    # What is missing makes these end with findings and "not read", never with a fetch.
    assert {f["venue"] for f in found("--history", "--unreachable")} == {"bybit", "upbit"}
    assert {f["venue"] for f in found("--range", "HEAD")} == {"bybit"}
    assert not witness.exists() or witness.read_text() == ""
    assert _snapshot(repo.path) == before


def test_the_hostile_repository_would_run_something(repo: GitRepo, tmp_path: Path) -> None:
    """The trap of the test above works: plain git falls into it."""
    repo.write("a.env", "x\n")
    repo.commit("one")
    witness = _hostile(repo, tmp_path)
    subprocess.run(
        ["git", "-C", str(repo.path), "status"],
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert str(tmp_path / "evil") in witness.read_text()


# Start-up


def test_a_commit_hook_imports_nothing_heavy(repo: GitRepo) -> None:
    repo.write("a.txt", "nothing\n")
    repo.git("add", "-A")
    code = (
        "import sys, argparse\n"
        "from keyguard.cli.commands import scan\n"
        "class Out:\n"
        "    json = colour = False\n"
        "    def data(self, text): pass\n"
        "    report = talk = data\n"
        "parser = argparse.ArgumentParser()\n"
        "scan.add_arguments(parser)\n"
        "assert scan.run(parser.parse_args(['--staged']), Out()) == 0\n"
        "print(*sys.modules)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    heavy = {
        "sqlalchemy",
        "httpx",
        "keyring",
        "cryptography",
        "alembic",
        "yaml",
        "asyncio",
        "importlib.metadata",
    }
    assert not loaded & heavy
    assert "hyperscan" not in loaded
    assert "tomllib" not in loaded
    assert "keyguard.scanner.reports.sarif" not in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
def test_a_repository_of_another_user_is_read_only_if_this_user_trusts_it(repo: GitRepo) -> None:
    repo.write(".env", BYBIT)
    repo.commit("one")
    for path in (repo.path, *repo.path.rglob("*")):
        os.chown(path, 12345, 12345)
    with pytest.raises(UsageError, match="belongs to another user") as error:
        scan("--history")
    assert "safe.directory" in error.value.hint
    (Path.home() / ".gitconfig").write_text(f'[safe]\n\tdirectory = "{repo.path}"\n')
    assert len(found("--history")) == 1


def test_two_processes_of_git_are_enough_for_a_clean_commit(
    repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first")
    repo.write("a.txt", "api_key = nothing\n")
    repo.git("add", "-A")
    log, real = tmp_path / "log", shutil.which("git")
    stand_in = tmp_path / "bin/git"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\necho run >> {log}\nexec {real} "$@"\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    assert scan("--staged")[0] == 0
    assert log.read_text().split() == ["run", "run"]


def test_staged_in_a_repository_with_long_ids_and_no_commit(here: Path) -> None:
    subprocess.run(["git", "init", "-q", "--object-format=sha256", "."], check=True)
    (here / "a.env").write_text(BYBIT)
    subprocess.run(["git", "add", "-A"], check=True)
    assert len(found("--staged")) == 1


def test_a_setting_of_the_repository_hides_nothing_above_this_folder(
    repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first")
    repo.git("config", "diff.relative", "true")
    repo.write("above.env", BYBIT)
    repo.write("below/b.txt", "clean\n")
    repo.git("add", "-A")
    monkeypatch.chdir(repo.path / "below")
    (finding,) = found("--staged")
    assert finding["parts"][0]["place"]["path"] == "above.env"


def test_a_report_is_written_into_a_pipe_not_over_it(repo: GitRepo, tmp_path: Path) -> None:
    repo.write("a.env", BYBIT)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert scan("-o", str(pipe))[0] == 1
        assert b"Bybit API key and secret" in os.read(reader, 100_000)
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_marks_on_lines_can_be_set_aside(repo: GitRepo) -> None:
    marked = "".join(f"{line}  # keyguard:allow old\n" for line in BYBIT.splitlines())
    repo.write("a.env", marked)
    assert scan()[0] == 0
    status, out, err = scan("--no-inline-allow", "--format", "json")
    document = json.loads(out)
    assert status == 1
    assert document["summary"]["allowed"] == 0
    assert document["notes"] == ["marks on lines (`keyguard:allow`) allow nothing in this scan"]
    assert "note: marks on lines" in err
