"""Repositories as no git would make them: objects, refs and indexes with anything in them; and git's
answers, damaged."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import cast

from keyguard.core.errors import UsageError
from keyguard.scanner import git_scans
from keyguard.scanner.engine import Engine
from keyguard.scanner.scans import Scan, scan_staged
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources.files import TooLarge
from keyguard.scanner.sources.git import GitFailed, ObjectReader, Repository
from keyguard.scanner.sources.history import tokens
from keyguard.scanner.sources.staged import added_lines
from keyguard.scanner.sources.staged_begun import Begun
from tests.fuzz.contents import document, engines
from tests.fuzz.mutate import mutated
from tests.unit.scanner.gitrepo import GitRepo

_MODES = (b"100644", b"100755", b"120000", b"40000", b"160000", b"100664", b"0", b"777777", b"")
_NAMES = (
    b".env",
    b"a\nb.env",
    b"\xff\xfe.env",
    b"\x1b[2J.env",
    b"..",
    b".git",
    b"a b",
    b"-rf",
    b":!x",
    b"x" * 300,
)
_RANGES = (
    *(b"main", b"HEAD", b"main..HEAD", b"..", b"..HEAD", b"HEAD~1..", b"^HEAD", b"HEAD^{tree}", b"HEAD:.env"),
    *(b"0" * 40 + b"..HEAD", b"HEAD.." + b"0" * 40, b"--all", b"-n1", b"HEAD@{1}..HEAD", b":/one", b"a...b"),
)
_WORDS = (
    *(
        b"author ",
        b"committer ",
        b"tree ",
        b"parent ",
        b"object ",
        b"type commit\n",
        b"tag ",
        b"gpgsig ",
        b"\n\n",
    ),
    *(
        b"mergetag object ",
        b" <a@b> 1700000000 +0000\n",
        b"-99999999999",
        b"\0",
        b"..",
        b"^",
        b"~",
        b"@{",
        b"--",
        b":",
    ),
)


class Store:
    """Writes loose objects without asking git what it thinks of them."""

    def __init__(self, folder: Path) -> None:
        self.repo = GitRepo(folder)

    def put(self, kind: str, data: bytes) -> str:
        raw = f"{kind} {len(data)}\0".encode() + data
        oid = hashlib.sha1(raw).hexdigest()
        path = self.repo.path / ".git/objects" / oid[:2] / oid[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(raw))
        return oid


def hostile(r: Random) -> None:
    """Every scan of a damaged repository ends with a scan, or says in one sentence why not."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "r")
        _fill(r, store)
        engine = engines()[0]
        selection = Selection(max_size=r.choice((10_000_000, 300)))
        words = mutated(r, r.choice(_RANGES), _WORDS, 2) if r.random() < 0.6 else r.choice(_RANGES)
        for run in (
            lambda repository: git_scans.scan_history(
                engine, repository, selection, unreachable=r.random() < 0.5
            ),
            lambda repository: _staged(engine, repository, selection),
            lambda repository: git_scans.scan_range(
                engine, repository, selection, words.decode("utf-8", "surrogateescape").replace("\0", "")
            ),
        ):
            _ends_well(store, run)


def _staged(engine: Engine, repository: Repository, selection: Selection) -> Scan:
    with Begun(repository) as begun:
        return scan_staged(engine, begun, selection)


def _ends_well(store: Store, run: Callable[[Repository], Scan]) -> None:
    try:
        scan = run(Repository(store.repo.path))
    except UsageError as refusal:
        assert refusal.code in ("scan.repository", "scan.range"), refusal
        return
    assert scan.exit_status in (0, 1, 3)


def _fill(r: Random, store: Store) -> None:
    blobs = [store.put("blob", document(r)[1]) for _ in range(3)]
    commits: list[str] = []
    for number in range(r.randint(1, 4)):
        entries = b"".join(
            r.choice(_MODES[:2] if r.random() < 0.7 else _MODES)
            + b" "
            + (r.choice(_NAMES) if r.random() < 0.5 else b"f%d" % at)
            + b"\0"
            + bytes.fromhex(blob)
            for at, blob in enumerate(blobs)
        )
        tree = store.put("tree", mutated(r, entries, _WORDS, 2) if r.random() < 0.3 else entries)
        lines = [
            f"tree {tree}",
            *(f"parent {c}" for c in r.sample(commits, min(len(commits), r.randint(0, 3)))),
        ]
        who = "A <a@b.test> 1700000000 +0000"
        head = "\n".join([*lines, f"author {who}", f"committer {who}"]).encode()
        data = head + b"\n\none\n" + document(r)[1][:500]
        commits.append(store.put("commit", mutated(r, data, _WORDS, 2) if r.random() < 0.4 else data))
        tag = b"object %s\ntype commit\ntag v%d\ntagger %s\n\nm\n" % (
            commits[-1].encode(),
            number,
            who.encode(),
        )
        commits.append(store.put("tag", mutated(r, tag, _WORDS, 2))) if r.random() < 0.2 else None
    git = store.repo.path / ".git"
    for name in ("main", "other"):
        (git / "refs/heads" / name).write_text(r.choice(commits) + "\n")
    if r.random() < 0.3:
        packed = f"# pack-refs with: peeled\n{commits[0]} refs/tags/v\n".encode()
        (git / "packed-refs").write_bytes(mutated(r, packed, _WORDS, 2))
    if r.random() < 0.5:
        (store.repo.path / ".env").write_bytes(document(r)[1])
        (store.repo.path / "a b.env").write_bytes(document(r)[1])
        subprocess.run(["git", "add", "-A"], cwd=store.repo.path, check=False, capture_output=True)
        index = git / "index"
        if index.exists() and r.random() < 0.6:
            index.write_bytes(mutated(r, index.read_bytes(), _WORDS, 2))
    for path in sorted((git / "objects").rglob("*")):
        if path.is_file() and r.random() < 0.1:
            path.chmod(0o644)
            path.write_bytes(mutated(r, path.read_bytes(), _WORDS, 2))


class _Answers:
    """A git process whose answers are given."""

    def __init__(self, data: bytes) -> None:
        self.stdin, self.stdout, self.stderr = io.BytesIO(), io.BytesIO(data), None

    def kill(self) -> None: ...

    def wait(self) -> int:
        return 0


def answers(r: Random) -> None:
    """What git writes, damaged: the readers take it or say that they cannot."""
    blob = document(r)[1][:400]
    batch = b"%s blob %d\n%s\n%s missing\n" % (b"a" * 40, len(blob), blob, b"b" * 40)
    with ObjectReader(cast("subprocess.Popen[bytes]", _Answers(mutated(r, batch, _WORDS)))) as reader:
        for _ in range(3):
            try:
                assert len(reader.get("a" * 40, r.choice((None, 100)))) <= len(batch) + 300_000
            except (GitFailed, TooLarge):
                break
    patch = b"diff --git a/x b/x\n@@ -0,0 +1,2 @@\n+a\n+b\n@@ -9 +12 @@ x\n+" + blob
    for lines in added_lines(mutated(r, patch, _WORDS)):
        assert lines.start >= 0
    raw = b":100644 100644 %s %s M\0a.env\0" % (b"a" * 40, b"b" * 40)
    list(tokens(io.BytesIO(mutated(r, raw * 3, _WORDS))))
