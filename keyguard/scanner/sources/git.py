"""Runs git on repositories nobody trusts: nothing their configuration or attributes name is ever run.

- Only plumbing that reads objects and the index; never checkout, diff drivers, filters or transports.
- Configuration of system and user is not read; what the repository's own may set to run a program is
  overridden on the command line, which wins; so is what it may set to take memory.
- No object is fetched: a partial clone's missing objects are reported, not loaded.
- The environment holds what is listed here and nothing else. Empty and relative entries of PATH are
  dropped, since they name the scanned folder when it is the current one.
"""

from __future__ import annotations

import functools
import os
import re
import stat
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from keyguard.core.errors import UsageError
from keyguard.scanner.sources import Unread
from keyguard.scanner.sources.files import TooLarge

_OVERRIDES = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.untrackedCache=false",
    # A commit graph may name other parents than the commits themselves do.
    "core.commitGraph=false",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.askPass=",
    "core.alternateRefsCommand=",
    "core.attributesFile=",
    "diff.relative=false",
    "credential.helper=",
    "diff.external=",
    "gpg.program=false",
    "protocol.allow=never",
    # Memory of each process that reads objects, whatever the repository asks for.
    "core.deltaBaseCacheLimit=48m",
    "core.packedGitWindowSize=16m",
    "core.packedGitLimit=64m",
)
_GIT_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    # Beats any protocol.<name>.allow of the repository; there is no protocol of this name.
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}
_PASSED_ON = ("SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
# Set by git for its hooks: `git commit -a` and `git commit FILE` commit another index than .git/index.
_FROM_HOOK = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
)

_READ_FIRST = (
    *("HEAD", "config", "config.worktree", "commondir", "index", "packed-refs", "shallow"),
    *("info/attributes", "info/exclude", "info/grafts", "objects/info/alternates", "objects/info/packs"),
)
_CHUNK = 1 << 20
AHEAD = 400
"""Ids of SHA-256 fill 26 KB; a pipe holds 64 KB, or 32 KB at the least."""
_SILENT = "git failed without a word"


_OBJECT = re.compile(rb"(\S+) (blob|commit|tag|tree) (\d{1,18})\n")


_T = TypeVar("_T")


class GitFailed(Exception):
    """Git ended with an error; the text is its first line of complaint."""


def said(supplies: Iterator[_T], where: str) -> Iterator[_T | Unread]:
    """The same. Where git cannot go on, that is said, so that what was not read never passes for clean."""
    try:
        yield from supplies
    except GitFailed as failure:
        yield Unread(where, f"git: {failure}")


class Repository:
    """One repository, found from `folder` upward. `as_hook`: as the git command that calls us sees it.
    `look` False: whether there is one is left to `open`.

    UsageError `scan.repository` if there is none, if git is not installed, or if git itself refuses to
    read it (a repository of another user: git's safe.directory setting of this user decides).
    """

    def __init__(self, folder: Path, *, as_hook: bool = False, look: bool = True) -> None:
        self._environment = _environment(as_hook=as_hook)
        self._folder = folder
        self._prefix = [
            _program(self._environment["PATH"]),
            "--no-pager",
            "--literal-pathspecs",
            "-C",
            str(folder),
        ]
        for setting in _OVERRIDES:
            self._prefix += ["-c", setting]
        self.quarantined = "GIT_QUARANTINE_PATH" in self._environment
        if look:
            self.open()

    @property
    def own_folder(self) -> Path:
        """What belongs to this work tree alone: HEAD, index, its reflog."""
        return self._folder / self.text("rev-parse", "--git-dir")

    @property
    def common_folder(self) -> Path:
        """What all work trees share: configuration, refs, objects."""
        return self._common[0]

    @property
    def shallow(self) -> bool:
        """Whether commits before some are not here."""
        return self._common[1]

    @functools.cached_property
    def _common(self) -> tuple[Path, bool]:
        shallow, folder = self.text("rev-parse", "--is-shallow-repository", "--git-common-dir").split("\n", 1)
        return self._folder / folder, shallow == "true"

    def run(self, *words: str, data: bytes = b"") -> bytes:
        """Return a command's output, for commands that write little; raises GitFailed."""
        done = subprocess.run([*self._prefix, *words], env=self._environment, input=data, capture_output=True)
        if done.returncode:
            raise GitFailed(_complaint(done.stderr))
        return done.stdout

    def text(self, *words: str) -> str:
        """The same as one line of text."""
        return os.fsdecode(self.run(*words)).rstrip("\n")

    @contextmanager
    def pipe(self, *commands: tuple[str, ...], data: bytes = b"") -> Iterator[IO[bytes]]:
        """Run commands one into the next and yield the last one's output, to be read as it comes. The
        first reads `data`.

        All are ended when the block is left; raises GitFailed if one had failed by itself before.
        """
        import tempfile  # noqa: PLC0415 - a commit hook never pipes

        running: list[subprocess.Popen[bytes]] = []
        # Complaints go to a file: a full pipe that nobody reads would stop git for ever.
        with tempfile.TemporaryFile() as complaints, tempfile.TemporaryFile() as first:
            first.write(data)
            first.seek(0)
            try:
                output: IO[bytes] | None = None
                for words in commands:
                    running.append(self._start(words, output or first, complaints))
                    if output:
                        output.close()  # ours; so that the first command ends when the second does
                    output = running[-1].stdout
                assert output is not None
                yield output
                if not output.read(1) and any(process.wait() for process in reversed(running)):
                    complaints.seek(0)
                    raise GitFailed(_complaint(complaints.read(4096)))
            finally:
                for process in running:
                    _end(process)

    def begin(self, *words: str) -> Running:
        """Start a command whose output is wanted later."""
        return Running(self._start(words, subprocess.DEVNULL, subprocess.PIPE))

    def objects(self) -> ObjectReader:
        """Read objects one by one, by one process."""
        words = ("cat-file", "--batch")
        return ObjectReader(_with_room(self._start(words, subprocess.PIPE, subprocess.DEVNULL)))

    def _start(
        self, words: tuple[str, ...], stdin: int | IO[bytes], stderr: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self._prefix, *words],
            env=self._environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )

    def open(self) -> None:
        """Make sure that there is a repository, and run in its top folder from now on.

        UsageError as above.
        """
        folder = self._folder
        if pipe := _pipe(folder):
            raise UsageError(
                f"{str(pipe)!r} is not a regular file: git would wait for it without end",
                code="scan.repository",
            )
        try:
            self._go_to_top()
        except FileNotFoundError:
            raise UsageError("git is not installed", code="scan.git") from None
        except GitFailed as refusal:
            if "dubious ownership" not in str(refusal):
                raise UsageError(
                    f"{str(folder)!r} is not in a git repository: {refusal}", code="scan.repository"
                ) from None
            self._trust_as_user_does(folder)

    def _go_to_top(self) -> None:
        """Run in the work tree's own folder from now on, if there is a work tree. Raises GitFailed."""
        both = "rev-parse", "--show-toplevel", "--absolute-git-dir"
        try:
            top, _, git_folder = self.text(*both).partition("\n")
            if "\n" in git_folder:  # a name with a line break: ask for one at a time
                top, git_folder = self.text(*both[:2]), self.text(*both[::2])
        except GitFailed:
            self.run("rev-parse", "--git-dir")  # in a bare repository, or within .git; or it is none
            return
        # Git takes the paths it is given as relative to the folder it runs in, those it gives are not. That
        # folder is what the repository says it is, and may lie in another one: so this one is named.
        self._folder = Path(top)
        at = self._prefix.index("-C")
        self._prefix[at : at + 2] = ["-C", top, f"--git-dir={git_folder}"]

    def _trust_as_user_does(self, folder: Path) -> None:
        """Obey the user's own safe.directory, which our empty configuration hides from git."""
        environment = {k: v for k, v in self._environment.items() if k != "GIT_CONFIG_GLOBAL"}
        environment["HOME"] = str(Path.home())
        if "XDG_CONFIG_HOME" in os.environ:
            environment["XDG_CONFIG_HOME"] = os.environ["XDG_CONFIG_HOME"]
        listing = subprocess.run(
            ["git", "config", "--global", "--null", "--get-all", "safe.directory"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        for entry in filter(None, os.fsdecode(listing.stdout).split("\0")):
            self._prefix += ["-c", f"safe.directory={entry}"]
        try:
            self._go_to_top()
        except GitFailed:
            raise UsageError(
                f"the repository at {str(folder)!r} belongs to another user",
                code="scan.repository",
                hint="scan as its owner, or: git config --global --add safe.directory DIR",
            ) from None


class Running:
    """A command that works while we do something else; the end of it is the caller's duty."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def output(self) -> bytes:
        """All that it writes; raises GitFailed."""
        out, complaint = self._process.communicate()
        if self._process.returncode:
            raise GitFailed(_complaint(complaint))
        return out

    def end(self) -> None:
        """Whatever it still does, it does no more."""
        _end(self._process)


def _with_room(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Give git room to work ahead. Where the system allows no larger pipe, it works ahead less."""
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 - not on every platform

        for pipe in filter(None, (process.stdin, process.stdout)):
            with suppress(OSError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _CHUNK)
    return process


class ObjectReader:
    """Objects of a repository, each read when asked for."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._asked: deque[str] = deque()
        self.read = 0

    def __enter__(self) -> ObjectReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the git process."""
        _end(self._process)

    def ask(self, oids: list[str]) -> None:
        """Have git prepare what `get` will be asked for next, in this order: at most `AHEAD` objects, so
        that the questions fit into the pipe while nobody reads the answers."""
        assert len(oids) <= AHEAD
        assert not self._asked
        stdin = self._process.stdin
        assert stdin is not None
        with suppress(BrokenPipeError):  # told by whoever reads
            stdin.write("".join(f"{oid}\n" for oid in oids).encode())
            stdin.flush()
        self._asked.extend(oids)

    def get(self, oid: str, limit: int | None = None) -> bytes:
        """Return an object's content; raises GitFailed if it is missing or damaged, TooLarge above
        `limit` bytes."""
        stdout = self._process.stdout
        assert stdout is not None
        if not self._asked:
            self.ask([oid])
        assert self._asked[0] == oid
        self._asked.popleft()
        header = _OBJECT.fullmatch(stdout.readline())
        if not header:
            raise GitFailed("missing or damaged object")
        size = int(header[3])
        if limit is not None and size > limit:
            left = size + 1
            while left and (chunk := stdout.read(min(left, _CHUNK))):
                left -= len(chunk)
            raise TooLarge
        data = stdout.read(size)
        if len(data) != size or stdout.read(1) != b"\n":
            raise GitFailed("damaged object")
        self.read += 1
        return data


def _program(path: str) -> str:
    """Where git is. Looked for here, because a failed `execve` for each folder may take longer than git."""
    for folder in path.split(os.pathsep):
        if os.access(f"{folder}/git", os.X_OK):
            return f"{folder}/git"
    return "git"  # with an ending of Windows, or not there: whoever runs it says so


def _environment(*, as_hook: bool) -> dict[str, str]:
    names = _PASSED_ON + (_FROM_HOOK if as_hook else ())
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, **_GIT_ENVIRONMENT, "PATH": absolute_path()}


def absolute_path() -> str:
    """PATH without entries that depend on the current folder, which may be the scanned one."""
    path = os.environ.get("PATH", os.defpath)
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if Path(entry).is_absolute())


def _pipe(folder: Path) -> Path | None:
    """What git reads first in the nearest repository, if one of it is a pipe or a device."""
    here = folder.absolute()
    for candidate in (here, *here.parents):
        inside = candidate / ".git"
        place = inside if inside.is_dir() else candidate
        if not inside.exists() and not (candidate / "HEAD").exists():
            continue
        for name in (inside.name, *_READ_FIRST):
            path = candidate / name if name == inside.name else place / name
            with suppress(OSError):
                mode = path.stat().st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                    return path
        return None
    return None


def _complaint(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    # Advice (grafts are deprecated) may come before the reason.
    telling = [line for line in lines if line and not line.startswith(("hint: ", "warning: "))] or lines
    return telling[0].removeprefix("fatal: ").removeprefix("error: ") if telling else _SILENT


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            with suppress(BrokenPipeError):
                stream.close()
