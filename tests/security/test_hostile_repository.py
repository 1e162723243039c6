"""Promise 8: no scan, hook or watch runs anything that a repository names, whatever it is that names it.

Every way by which a repository's own files make git run a program has a program of its own here, which
leaves its name behind. Plain git falls into these traps; keyguard falls into none.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from keyguard.cli import hooks
from keyguard.core.errors import UsageError
from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources.git import Repository
from keyguard.scanner.watching import Watcher, roots
from tests.cli.test_scan import scan
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, env, upbit

COMMANDS = (
    *("core.fsmonitor", "core.sshCommand", "core.askPass", "core.editor", "core.pager", "core.gitProxy"),
    *("core.alternateRefsCommand", "sequence.editor", "credential.helper", "gpg.program", "gpg.ssh.program"),
    *(
        "gpg.x509.program",
        "gpg.ssh.defaultKeyCommand",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
    ),
    *(
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "merge.evil.driver",
        "trailer.x.command",
    ),
    *(
        "uploadpack.packObjectsHook",
        "interactive.diffFilter",
        "browser.evil.cmd",
        "man.evil.cmd",
        "web.browser",
    ),
    *("difftool.evil.cmd", "mergetool.evil.cmd", "sendemail.smtpserver", "submodule.sub.update"),
    *(f"pager.{command}" for command in ("rev-list", "diff-index", "diff-tree", "cat-file", "log", "status")),
    *(f"alias.{command}" for command in ("rev-list", "diff-index", "diff-tree", "cat-file", "ls-tree")),
)
SETTINGS = (
    *("[log] showSignature = true", "[diff] external = ", "[protocol] allow = always"),
    *(
        '[protocol "ext"] allow = always',
        '[filter "evil"] required = true',
        "[fetch] recurseSubmodules = true",
    ),
    *('[remote "origin"] promisor = true', '[remote "origin"] partialclonefilter = blob:none'),
    *(
        "[extensions] partialClone = origin",
        "[extensions] worktreeConfig = true",
        "[core] repositoryFormatVersion = 1",
    ),
    *(
        "[submodule] recurse = true",
        "[status] submoduleSummary = true",
        "[diff] submodule = log",
        "[core] quotePath = false",
    ),
    *(
        "[gc] auto = 1",
        "[maintenance] auto = true",
        "[core] untrackedCache = true",
        "[feature] manyFiles = true",
    ),
    *("[safe] directory = *", "[safe] bareRepository = all", "[uploadpack] allowFilter = true"),
)
HOOKS = (
    *("pre-commit", "post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"),
    *("pre-auto-gc", "post-rewrite", "pre-push", "post-merge", "pre-receive", "update", "proc-receive"),
)
BYBIT = env("bybit", *bybit(31))
UPBIT = env("upbit", *upbit(32))


class Trap:
    """A hostile repository. `sprung`: the names of the programs that were run."""

    def __init__(self, folder: Path) -> None:
        self.repo = GitRepo(folder / "work")
        self.programs = folder / "programs"
        self.witness = folder / "witness"
        self.programs.mkdir()
        self._history()
        for missing in self._lost:  # tempts a partial clone to fetch them
            (self.repo.path / ".git/objects" / missing[:2] / missing[2:]).unlink()
        self._configuration()
        self._in_the_tree()

    @property
    def sprung(self) -> set[str]:
        if not self.witness.exists():
            return set()
        return {Path(line.split()[0]).name for line in self.witness.read_text().splitlines() if line.strip()}

    def program(self, name: str, folder: Path | None = None) -> Path:
        path = (folder or self.programs) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.witness}\nexit 1\n')
        path.chmod(0o755)
        return path

    def _history(self) -> None:
        repo = self.repo
        repo.write(
            ".gitattributes",
            "* diff=evil filter=evil merge=evil ident export-subst\n",
        )
        repo.write("a.env", BYBIT)
        repo.write("gone.txt", "x\n")
        first = repo.commit("one")
        gone = repo.git("rev-parse", "HEAD:gone.txt")
        repo.write("b.env", UPBIT)
        repo.write("a.env", "# first\n" + BYBIT)
        clean = repo.commit("two")
        # A replacement and a graft that would hide the leak, and a graph that lies about parents.
        tree = repo.git("mktree", data=b"")
        repo.git("replace", clean, repo.git("commit-tree", tree, "-m", "nothing"))
        (repo.path / ".git/info/grafts").write_text(f"{clean}\n")
        repo.git("update-ref", "refs/heads/odd", first)
        repo.write("staged.env", env("upbit", *upbit(33)))
        repo.write("lost.txt", "y\n")
        repo.git("add", "-A")
        self._lost = (gone, repo.git("rev-parse", ":lost.txt"))

    def _configuration(self) -> None:
        git = self.repo.path / ".git"
        lines = []
        for name in COMMANDS:
            section, _, key = name.rpartition(".")
            head, _, sub = section.partition(".")
            shell = "!" if head in ("alias", "submodule", "credential") else ""
            lines.append(f'[{head} "{sub}"]' if sub else f"[{head}]")
            lines.append(f"\t{key} = {shell}{self.program(name)}")
        lines += SETTINGS
        lines.append(f"[core] hooksPath = {self.programs / 'hooks'}")
        lines.append(f"[core] attributesFile = {self.programs / 'attributes'}")
        lines.append(f'[remote "origin"] url = ext::{self.program("remote")} %S')
        lines.append(f"[include] path = {self.programs / 'included'}")
        lines.append(f'[includeIf "gitdir:{self.repo.path}/"] path = {self.programs / "included-if"}')
        lines.append(f"[trace2] normalTarget = {self.programs / 'trace'}")
        with (git / "config").open("a") as config:
            config.write("\n".join(lines) + "\n")
        (git / "config.worktree").write_text(f"[core] fsmonitor = {self.program('worktree-fsmonitor')}\n")
        (self.programs / "attributes").write_text("* diff=evil filter=evil\n")
        (self.programs / "included").write_text(f"[core] fsmonitor = {self.program('included-fsmonitor')}\n")
        (self.programs / "included-if").write_text(
            f"[core] fsmonitor = {self.program('included-if-fsmonitor')}\n"
        )
        for hook in HOOKS:
            self.program(hook, self.programs / "hooks")
            self.program(hook, git / "hooks")
        (git / "objects/info").mkdir(exist_ok=True)
        (git / "objects/info/alternates").write_text(f"{self.programs}/objects\n../../elsewhere\n")

    def _in_the_tree(self) -> None:
        """Programs with names that something may be tempted to call, and modules Python may import."""
        top = self.repo.path
        for name in ("git", "sh", "hg", "less", "pager", "python", "python3", "ssh"):
            self.program(name, top)
        for module in ("json", "argparse", "hyperscan", "keyguard", "sitecustomize", "tomllib"):
            (top / f"{module}.py").write_text(f"open({str(self.witness)!r}, 'a').write('{module}.py\\n')\n")
        (top / ".gitmodules").write_text('[submodule "sub"]\n\tpath = sub\n\turl = ext::sh\n\tupdate = !sh\n')


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trap:
    made = Trap(tmp_path)
    monkeypatch.chdir(made.repo.path)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", str(made.repo.path / ".."), os.environ["PATH"]]))
    return made


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.lstat().st_mtime_ns, path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def watched() -> None:
    """Everything is looked at once, as after reports that were lost."""
    watcher = Watcher(Engine(), Selection(everything=True), roots([Path()]))
    for event in watcher.events():
        if isinstance(event, Finding):
            watcher.stop()
            return
        for folder in (Path.cwd(), Path.cwd() / ".git"):
            watcher._debounce.note(str(folder), 0.0)


MODES: dict[str, Callable[[], object]] = {
    "tree": lambda: scan(),
    "everything": lambda: scan("--all"),
    "staged": lambda: scan("--staged"),
    "history": lambda: scan("--history"),
    "unreachable": lambda: scan("--history", "--unreachable"),
    "range": lambda: scan("--range", "HEAD~1..HEAD"),
    "range of a new ref": lambda: scan("--range", "0" * 40 + "..HEAD"),
    "named": lambda: scan("--history", "."),
    "watch": watched,
}


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_run_and_nothing_changed(trap: Trap, mode: str) -> None:
    before = snapshot(trap.repo.path)
    outcome = MODES[mode]()
    assert trap.sprung == set()
    assert snapshot(trap.repo.path) == before
    assert not (trap.programs / "trace").exists()
    if isinstance(outcome, tuple):
        assert outcome[0] == 1  # and the leak was found all the same
        assert "API key and secret" in outcome[1]


def test_the_command_itself_runs_nothing(trap: Trap) -> None:
    """As a process of its own, where the current folder could be a place Python imports from."""
    import sys

    for words in (["scan"], ["scan", "--staged"], ["hook", "install"]):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "keyguard", *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        assert done.returncode == (0 if words[0] == "hook" else 1), done.stderr
        assert trap.sprung == set()


def test_installing_hooks_runs_none(trap: Trap) -> None:
    where = hooks.folder(Path.cwd())
    assert hooks.install(where, hooks.KINDS)
    assert hooks.uninstall(where, hooks.KINDS)
    assert trap.sprung == set()


def test_what_replaces_or_cuts_history_hides_nothing(trap: Trap) -> None:
    status, out, _ = scan("--history")
    assert status == 1
    assert "Bybit" in out
    assert "Upbit" in out


def test_a_work_tree_elsewhere_changes_no_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """core.worktree may point anywhere: what is scanned is this repository, not one that lies there."""
    clean = GitRepo(tmp_path / "clean")
    clean.write("a", "nothing\n")
    clean.commit()
    repo = GitRepo(tmp_path / "work")
    repo.write("a.env", BYBIT)
    repo.commit()
    repo.write("b.env", UPBIT)
    repo.git("add", "b.env")
    repo.git("config", "core.worktree", str(clean.path))
    monkeypatch.chdir(repo.path)
    assert "Bybit" in scan("--history")[1]
    assert "Bybit" in scan("--range", "HEAD")[1]
    assert "Upbit" in scan("--staged")[1]


def test_a_pipe_where_git_expects_a_file_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HEAD", "config", "index", "packed-refs"):
        repo = GitRepo(tmp_path / name)
        repo.write("a.env", BYBIT)
        repo.commit()
        (repo.path / ".git" / name).unlink(missing_ok=True)
        os.mkfifo(repo.path / ".git" / name)
        monkeypatch.chdir(repo.path)
        with pytest.raises(UsageError, match="not a regular file"):
            Repository(Path())


def test_plain_git_falls_into_the_traps(trap: Trap) -> None:
    """So they are traps: each of these settings runs its program when git does what keyguard asks of it."""
    commands = (
        *(
            ["status"],
            ["log", "-p"],
            ["show", "HEAD"],
            ["diff"],
            ["diff", "--cached"],
            ["commit", "-am", "x"],
        ),
        *(
            ["cat-file", "-p", "HEAD:gone.txt"],
            ["checkout", "HEAD", "--", "a.env"],
            ["verify-commit", "HEAD"],
        ),
        *(
            ["fetch"],
            ["var", "GIT_EDITOR"],
            ["add", "."],
            ["-c", "core.pager=cat", "log", "--show-signature"],
        ),
    )
    for words in commands:
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                ["/usr/bin/env", "git", *words],
                cwd=trap.repo.path,
                env={**os.environ, "PATH": os.defpath, "GIT_CONFIG_NOSYSTEM": "1"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=60,
            )
    fallen = {"included-if-fsmonitor", "worktree-fsmonitor", "core.fsmonitor"} & trap.sprung
    assert fallen, trap.sprung
    assert {"filter.evil.process", "remote"} <= trap.sprung, trap.sprung
