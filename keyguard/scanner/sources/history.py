"""A repository's history: every object once, however many commits point to it.

All refs, HEADs of all work trees, stashes, reflogs and the index are walked. Contents are blobs and the
messages of commits and annotated tags; trees are not read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO

from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import Note, Piece, Supply, Unread
from keyguard.scanner.sources.files import megabytes
from keyguard.scanner.sources.git import GitFailed, ObjectReader, Repository

COMMIT_MESSAGE = "(commit message)"
TAG_MESSAGE = "(tag message)"
_EVERYWHERE = ("--all", "--reflog")
_LIST = ("rev-list", "--objects", *_EVERYWHERE, "--indexed-objects", "--missing=print")
_CHECK = ("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize) %(rest)", "--buffer")
_COMMITS = ("rev-list", "--topo-order", "--reverse", *_EVERYWHERE)
_CHANGES = ("diff-tree", "--stdin", "-r", "-m", "--root", "--raw", "-z", "--no-abbrev", "--no-renames")
_ABSENT = "missing"


def pieces(repository: Repository, max_size: int) -> Iterator[Supply]:
    """Yield every object's content, each once. The path of a blob is one of those it had.

    Exclusions do not apply here: a blob may have another path elsewhere, see `introductions`.
    """
    if repository.text("rev-parse", "--is-shallow-repository") == "true":
        yield Note("the repository is a shallow clone: what lies before its first commits is not here")
    absent = 0
    try:
        with repository.objects() as reader, repository.pipe(_LIST, _CHECK) as listing:
            for line in listing:
                words = os.fsdecode(line.rstrip(b"\n")).split(" ", 3)
                if len(words) < 3:
                    absent += words[-1] == _ABSENT
                    continue
                oid, kind, size, path = words[0], words[1], int(words[2]), "".join(words[3:])
                if path == ".gitmodules":
                    yield Note("submodules are repositories of their own: scan each one by itself")
                yield from _object(reader, oid, kind, size, path, max_size)
    except GitFailed as failure:
        yield Unread("(history)", f"git: {failure}")
    if absent:
        yield Unread("(history)", f"{absent} objects are not in this clone, or damaged")


def _object(
    reader: ObjectReader, oid: str, kind: str, size: int, path: str, max_size: int
) -> Iterator[Supply]:
    if kind == "tree":
        return
    if size > max_size:
        yield Unread(path or oid, f"object {oid[:12]} is larger than {megabytes(max_size)}")
        return
    try:
        data = reader.get(oid)
    except GitFailed as failure:
        yield Unread(path or oid, f"object {oid[:12]}: {failure}")
        return
    if kind == "blob":
        yield Piece(path or oid, data, blob=oid)
        return
    headers, _, message = data.partition(b"\n\n")
    if kind == "commit":
        yield Piece(COMMIT_MESSAGE, message, commit=oid)
    else:
        target = dict(line.split(b" ", 1) for line in headers.splitlines() if b" " in line)
        commit = target.get(b"object", b"").decode() if target.get(b"type") == b"commit" else ""
        yield Piece(TAG_MESSAGE, message, blob=oid, commit=commit)


def introductions(
    repository: Repository, blobs: set[str], selection: Selection
) -> dict[str, tuple[str, str]]:
    """Blob -> the oldest commit that has it under a path that is not excluded, and that path.

    A blob no commit has (only staged) is missing from the answer, and so is one whose every path is
    excluded: then its path is "". Costs one walk over the commits, so ask once, for findings only.
    """
    wanted = set(blobs)
    origin: dict[str, tuple[str, str]] = {}
    if not wanted:
        return origin
    with repository.pipe(_COMMITS, _CHANGES) as changes:
        commit = ""
        tokens = _tokens(changes)
        for token in tokens:
            if not token.startswith(":"):
                commit = token.split()[0] if token.split() else commit
                continue
            blob, path = token.split()[3], next(tokens, "")
            if blob not in wanted:
                continue
            if not selection.wants(path):
                origin.setdefault(blob, (commit, ""))
                continue
            origin[blob] = (commit, path)
            wanted.discard(blob)
            if not wanted:
                break
    return origin


def _tokens(stream: IO[bytes]) -> Iterator[str]:
    """NUL-terminated texts."""
    rest = b""
    while chunk := stream.read(65536):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from map(os.fsdecode, whole)
