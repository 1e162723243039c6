"""A repository's history: every object once, however many commits point to it.

All refs, HEADs of all work trees and what git keeps beside them (a merge's or rebase's other side),
stashes, notes, reflogs and indexes are walked; `unreachable` adds what only the object store still has.
Contents are blobs and the messages of commits and annotated tags; trees are not read.
"""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Iterable, Iterator
from typing import IO

from keyguard.scanner.sources import Later, Listed, Note, Piece, Supply, Unread
from keyguard.scanner.sources.files import TooLarge, megabytes
from keyguard.scanner.sources.git import AHEAD, GitFailed, ObjectReader, Repository, said

COMMIT_MESSAGE = "(commit message)"
TAG_MESSAGE = "(tag message)"
EVERYWHERE = ("--all", "--reflog", "--stdin")
_WALK = ("rev-list", "--objects", *EVERYWHERE, "--indexed-objects", "--missing=print")
_CHECK = ("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize) %(rest)", "--buffer")
_STORED = ("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
_HELD = 50_000
"""So many entries are put in the order of their paths, about 20 MB of them: git keeps a version of a file as
what changed from another one, and one after another it unpacks each once."""
_path = operator.attrgetter("path")
_ABSENT = "missing"
_ID = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
SUBMODULES = Note("submodules are repositories of their own: scan each one by itself")
# Neither refs nor in a reflog of their own; each work tree has its own ones.
_HEADS = ("HEAD", "ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")


class History:
    """One walk over a repository. Afterwards `tips` are the objects from which, beside refs and reflogs,
    commits can be reached: what `EVERYWHERE` reads. `whole`: nothing was missing on the way.

    `beyond`: commits and tags from which everything is known; what they reach is left out. Not together
    with `unreachable`.
    """

    def __init__(
        self, repository: Repository, *, unreachable: bool = False, beyond: frozenset[str] = frozenset()
    ) -> None:
        self._repository = repository
        self._unreachable = unreachable
        self._beyond = beyond
        self._seen: set[bytes] = set()
        self._absent = 0
        self.tips = b""
        self.whole = True

    def listing(self) -> Iterator[Listed]:
        """Yield every object that holds a content, each once. The path of a blob is one of those it had.

        Exclusions do not apply here: a blob may have another path elsewhere, see `origins`.
        """
        return said(self._listing(), "(history)")

    def _listing(self) -> Iterator[Listed]:
        try:
            if self._repository.shallow:
                yield Note(
                    "the repository is a shallow clone: what lies before its first commits is not here"
                )
            heads = heads_of(self._repository)
            self.tips = "".join(f"{oid}\n" for oid in heads).encode()
            yield from self._walk(_without(self._beyond, [head for head in heads if head in self._beyond]))
        except GitFailed as failure:
            # A ref or object that git cannot read ends its walk; what is stored is still read.
            yield self._failed(failure)
            self._unreachable = True
        if self._unreachable:
            yield from self._rest()
        if self._absent:
            self.whole = False
            yield Unread("(history)", f"{self._absent} objects are not in this clone, or damaged")

    def _walk(self, less: bytes, *more: str) -> Iterator[Listed]:
        if less:
            more += ("--ignore-missing",)
        held: list[Later] = []
        with self._repository.pipe((*_WALK, *more), _CHECK, data=self.tips + less) as lines:
            for line in lines:
                words = os.fsdecode(line.rstrip(b"\n")).split(" ", 3)
                if len(words) < 3:
                    self._absent += words[-1] == _ABSENT
                    continue
                oid, kind, size, path = words[0], words[1], int(words[2]), "".join(words[3:])
                if path == ".gitmodules":
                    yield SUBMODULES
                if kind != "tree" and self._is_new(oid):
                    held.append(Later(path, size, (oid, kind)))
                    if len(held) == _HELD:
                        yield from sorted(held, key=_path)
                        held.clear()
            yield from sorted(held, key=_path)

    def _rest(self) -> Iterator[Listed]:
        """What is stored and was not walked: first lost commits with all they hold, by path, then single
        objects."""
        lost = []
        for oid, kind, _ in self._stored():
            if kind in ("commit", "tag") and bytes.fromhex(oid) not in self._seen:
                lost.append(oid)
        if lost:
            self.tips += "".join(f"{oid}\n" for oid in lost).encode()
            try:
                yield from self._walk(b"", "--ignore-missing")
            except GitFailed as failure:
                yield self._failed(failure)
        for oid, kind, size in self._stored(count_damaged=True):
            if kind != "tree" and self._is_new(oid):
                yield Later("", size, (oid, kind))

    def _stored(self, *, count_damaged: bool = False) -> Iterator[tuple[str, str, int]]:
        """Id, kind and size of every object whose header can be read."""
        with self._repository.pipe(_STORED) as lines:
            for line in lines:
                words = line.decode().split()
                if len(words) == 3:
                    yield words[0], words[1], int(words[2])
                else:
                    self._absent += count_damaged

    def _failed(self, failure: GitFailed) -> Unread:
        self.whole = False
        return Unread("(history)", f"git: {failure}")

    def _is_new(self, oid: str) -> bool:
        """Whether an object was not listed before; rev-list by itself names each once."""
        if not self._unreachable:
            return True
        known = len(self._seen)
        self._seen.add(bytes.fromhex(oid))
        return len(self._seen) > known


class Reader:
    """Reads listed objects. Each process that uses it gets a git process of its own."""

    def __init__(self, repository: Repository, max_size: int) -> None:
        self._repository = repository
        self._max_size = max_size
        self._objects: dict[int, ObjectReader] = {}

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        for objects in self._objects.values():
            objects.close()

    def ahead(self, entries: list[Later]) -> None:
        """Have git work on what will be read next, all of it and in this order."""
        wanted = [entry.what[0] for entry in entries if entry.size <= self._max_size]
        self._own().ask(wanted[:AHEAD])

    def read(self, later: Later) -> Iterator[Supply]:
        """Yield an object's content, or why it could not be read."""
        oid, kind = later.what
        if later.size > self._max_size:  # known without asking for it
            yield _too_large(oid, later.path, self._max_size)
            return
        yield from object_pieces(self._own(), oid, kind, later.path, self._max_size)

    def _own(self) -> ObjectReader:
        me = os.getpid()
        if me not in self._objects:
            self._objects[me] = self._repository.objects()
        return self._objects[me]


def object_pieces(reader: ObjectReader, oid: str, kind: str, path: str, max_size: int) -> Iterator[Supply]:
    """Yield what is to be scanned of a blob, commit or tag."""
    try:
        data = reader.get(oid, max_size)
    except TooLarge:
        yield _too_large(oid, path, max_size)
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


def tips_of(repository: Repository) -> frozenset[str]:
    """The objects that refs, HEAD and its like, and reflogs name: from them all but the indexes is reached.
    Raises GitFailed."""
    refs = repository.run("for-each-ref", "--format=%(objectname)")
    heads = "".join(f"{oid}\n" for oid in heads_of(repository)).encode()
    commits = repository.run("rev-list", "--no-walk", *EVERYWHERE, data=heads)
    return frozenset((refs + commits).decode().split())


def is_reached(repository: Repository, objects: frozenset[str], tips: frozenset[str]) -> bool:
    """Whether all of these commits and tags, and what they reach, can be reached from `tips`."""
    if not objects:
        return True
    asked = "".join(f"{oid}\n" for oid in sorted(objects)).encode() + _without(tips)
    try:
        with repository.pipe(("rev-list", "--objects", "--stdin"), data=asked) as beyond:
            return not beyond.read(1)
    except GitFailed:  # some are gone
        return False


def staged_only(repository: Repository, tips: frozenset[str], heads: list[str]) -> set[str]:
    """The objects of the indexes that are neither in `tips` nor in the trees of `heads`; some may be in
    an older commit. Raises GitFailed."""
    less = _without(tips, [head for head in heads if head in tips])
    with repository.pipe(("rev-list", "--objects", "--indexed-objects", "--stdin"), data=less) as lines:
        return {line.split()[0].decode() for line in lines}


def _without(tips: Iterable[str], heads: Iterable[str] = ()) -> bytes:
    """How rev-list is told what to leave out. Of an index, it takes what is also in the tree of an unwanted
    commit as new unless that tree is named by itself."""
    trees = [f"^{head}^{{tree}}\n" for head in heads]
    return "".join([f"^{oid}\n" for oid in sorted(tips)] + trees).encode()


def _too_large(oid: str, path: str, max_size: int) -> Unread:
    return Unread(path or oid, f"object {oid[:12]} is larger than {megabytes(max_size)}")


def heads_of(repository: Repository) -> list[str]:
    """The objects that HEAD and its like name in any work tree."""
    names = [f"main-worktree/{head}" for head in _HEADS]
    try:
        linked = [entry.name for entry in os.scandir(repository.common_folder / "worktrees")]
    except OSError:
        linked = []
    names += [f"worktrees/{name}/{head}" for name in sorted(linked) for head in _HEADS]
    asked = os.fsencode("\n".join(names) + "\n")
    answer = repository.run("cat-file", "--batch-check=%(objectname)", data=asked)
    return sorted({line.decode() for line in answer.splitlines() if b" " not in line})


def tokens(stream: IO[bytes]) -> Iterator[str]:
    """NUL-terminated texts."""
    rest = b""
    while chunk := stream.read(65536):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from map(os.fsdecode, whole)
