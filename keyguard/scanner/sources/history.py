"""A repository's history: every object once, however many commits point to it.

All refs, HEADs of all work trees and what git keeps beside them (a merge's or rebase's other side),
stashes, notes, reflogs and indexes are walked; `unreachable` adds what only the object store still has.
Contents are blobs and the messages of commits and annotated tags; trees are not read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import IO

from keyguard.scanner.sources import Note, Piece, Supply, Unread
from keyguard.scanner.sources.files import TooLarge, megabytes
from keyguard.scanner.sources.git import GitFailed, ObjectReader, Repository, said

COMMIT_MESSAGE = "(commit message)"
TAG_MESSAGE = "(tag message)"
EVERYWHERE = ("--all", "--reflog", "--stdin")
_WALK = ("rev-list", "--objects", *EVERYWHERE, "--indexed-objects", "--missing=print")
_CHECK = ("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize) %(rest)", "--buffer")
_STORED = ("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
_ABSENT = "missing"
_ID = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
# Neither refs nor in a reflog of their own; each work tree has its own ones.
_HEADS = ("HEAD", "ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")


class History:
    """One walk over a repository. Afterwards `tips` are the objects from which, beside refs and reflogs,
    commits can be reached: what `EVERYWHERE` reads."""

    def __init__(self, repository: Repository, max_size: int, *, unreachable: bool = False) -> None:
        self._repository = repository
        self._max_size = max_size
        self._unreachable = unreachable
        self._seen: set[bytes] = set()
        self._absent = 0
        self.tips = b""

    def pieces(self) -> Iterator[Supply]:
        """Yield every object's content, each once. The path of a blob is one of those it had.

        Exclusions do not apply here: a blob may have another path elsewhere, see `origins`.
        """
        return said(self._pieces(), "(history)")

    def _pieces(self) -> Iterator[Supply]:
        repository = self._repository
        with repository.objects() as reader:
            try:
                if repository.text("rev-parse", "--is-shallow-repository") == "true":
                    yield Note(
                        "the repository is a shallow clone: what lies before its first commits is not here"
                    )
                self.tips = b"".join(oid + b"\n" for oid in _heads(repository))
                yield from self._walk(reader, ())
            except GitFailed as failure:
                # A ref or object that git cannot read ends its walk; what is stored is still read.
                yield Unread("(history)", f"git: {failure}")
                self._unreachable = True
            if self._unreachable:
                yield from self._rest(reader)
        if self._absent:
            yield Unread("(history)", f"{self._absent} objects are not in this clone, or damaged")

    def _walk(self, reader: ObjectReader, more: tuple[str, ...]) -> Iterator[Supply]:
        with self._repository.pipe((*_WALK, *more), _CHECK, data=self.tips) as listing:
            for line in listing:
                words = os.fsdecode(line.rstrip(b"\n")).split(" ", 3)
                if len(words) < 3:
                    self._absent += words[-1] == _ABSENT
                    continue
                oid, kind, size, path = words[0], words[1], int(words[2]), "".join(words[3:])
                if path == ".gitmodules":
                    yield Note("submodules are repositories of their own: scan each one by itself")
                if kind != "tree":
                    yield from self._once(reader, oid, kind, size, path)

    def _rest(self, reader: ObjectReader) -> Iterator[Supply]:
        """What is stored and was not walked: first lost commits with all they hold, by path, then single
        objects."""
        lost = []
        for oid, kind, _ in self._stored():
            if kind in ("commit", "tag") and bytes.fromhex(oid) not in self._seen:
                lost.append(oid)
        if lost:
            self.tips += "".join(f"{oid}\n" for oid in lost).encode()
            try:
                yield from self._walk(reader, ("--ignore-missing",))
            except GitFailed as failure:
                yield Unread("(history)", f"git: {failure}")
        for oid, kind, size in self._stored(count_damaged=True):
            if kind != "tree":
                yield from self._once(reader, oid, kind, size, "")

    def _stored(self, *, count_damaged: bool = False) -> Iterator[tuple[str, str, int]]:
        """Id, kind and size of every object whose header can be read."""
        with self._repository.pipe(_STORED) as listing:
            for line in listing:
                words = line.decode().split()
                if len(words) == 3:
                    yield words[0], words[1], int(words[2])
                else:
                    self._absent += count_damaged

    def _once(self, reader: ObjectReader, oid: str, kind: str, size: int, path: str) -> Iterator[Supply]:
        if self._unreachable:  # else rev-list has named each once
            name = bytes.fromhex(oid)
            if name in self._seen:
                return
            self._seen.add(name)
        if size > self._max_size:  # known without asking for it
            yield Unread(path or oid, f"object {oid[:12]} is larger than {megabytes(self._max_size)}")
            return
        yield from object_pieces(reader, oid, kind, path, self._max_size)


def object_pieces(reader: ObjectReader, oid: str, kind: str, path: str, max_size: int) -> Iterator[Supply]:
    """Yield what is to be scanned of a blob, commit or tag."""
    try:
        data = reader.get(oid, max_size)
    except TooLarge:
        yield Unread(path or oid, f"object {oid[:12]} is larger than {megabytes(max_size)}")
        return
    except GitFailed as failure:
        yield Unread(path or oid, f"object {oid[:12]}: {failure}")
        return
    if kind == "blob":
        yield Piece(path or oid, data, blob=oid)
        return
    headers, _, message = data.partition(b"\n\n")
    if kind == "commit":
        yield Piece(COMMIT_MESSAGE, message, commit=oid)
        if b"\nmergetag " in headers:
            # A merge of a signed tag keeps the tag's message, also when the tag is gone.
            yield Piece(TAG_MESSAGE, headers.replace(b"\n ", b"\n"), commit=oid)
    else:
        target = dict(line.split(b" ", 1) for line in headers.splitlines() if b" " in line)
        commit = target.get(b"object", b"") if target.get(b"type") == b"commit" else b""
        known = commit.decode() if _ID.fullmatch(commit) else ""  # a tag may say anything
        yield Piece(TAG_MESSAGE, message, blob=oid, commit=known)


def _heads(repository: Repository) -> list[bytes]:
    """The objects that HEAD and its like name in any work tree."""
    names = [f"main-worktree/{head}" for head in _HEADS]
    try:
        linked = [entry.name for entry in os.scandir(repository.common_folder / "worktrees")]
    except OSError:
        linked = []
    names += [f"worktrees/{name}/{head}" for name in sorted(linked) for head in _HEADS]
    asked = os.fsencode("\n".join(names) + "\n")
    answer = repository.run("cat-file", "--batch-check=%(objectname)", data=asked)
    return sorted({line for line in answer.splitlines() if b" " not in line})


def tokens(stream: IO[bytes]) -> Iterator[str]:
    """NUL-terminated texts."""
    rest = b""
    while chunk := stream.read(65536):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from map(os.fsdecode, whole)
