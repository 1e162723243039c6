"""The commits between two points: their messages, and the lines they add.

What a server's hook is told of a push is understood: ids of zeros stand for a ref that is new or deleted,
and pushed objects may still be in quarantine.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from keyguard.core.errors import UsageError
from keyguard.scanner.findings import Finding
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import Note, Supply
from keyguard.scanner.sources.git import GitFailed, ObjectReader, Repository, said
from keyguard.scanner.sources.history import object_pieces, tokens
from keyguard.scanner.sources.staged import PATCH, added_lines, touches

_ZEROS = re.compile(r"0{40}|0{64}")
_SUBMODULE = "160000"
_ADDED = frozenset("A")
# `-c`: of a merge only what differs from all its parents, with its state in each of them.
_CHANGES = ("diff-tree", "--stdin", "-r", "-c", "--root", "--raw", "-z", "--no-abbrev", "--no-renames")
_TAG_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Change:
    """A blob as one commit brought it. `statuses`: one letter for each parent (`A` in a first commit)."""

    commit: str
    path: str
    mode: str
    blob: str
    statuses: str


class CommitRange:
    """`A..B` as git understands it; either end may be left out (HEAD), and `B` alone is all it stands on.

    UsageError `scan.range` if an end is not here.
    """

    def __init__(self, repository: Repository, words: str) -> None:
        self._repository = repository
        old, dots, new = words.partition("..")
        if not dots:
            old, new = "", old
        if new.startswith("."):
            raise UsageError("A...B is no range of commits to scan", code="scan.range", hint="give A..B")
        self.deleted = bool(_ZEROS.fullmatch(new))
        self._new = "" if self.deleted else self._resolve(new or "HEAD")
        if self.deleted or not dots:
            self._not: tuple[str, ...] = ()
        elif _ZEROS.fullmatch(old):
            # A new ref brings what no other has. Before a push the remote's are what it has already.
            self._not = ("--not", "--all" if repository.quarantined else "--remotes")
        else:
            self._not = (f"^{self._resolve(old or 'HEAD')}",)
        self._commit = ""
        self._changes: dict[str, list[Change]] = {}
        self._added: dict[tuple[str, str, int], list[range]] = {}

    def pieces(self, selection: Selection) -> Iterator[Supply]:
        """Yield messages, and the whole content of every blob a commit added or changed, each once."""
        return said(self._pieces(selection), "(range)")

    def _pieces(self, selection: Selection) -> Iterator[Supply]:
        if self.deleted:
            yield Note("the ref is deleted: nothing to scan")
            return
        with self._repository.objects() as reader:
            yield from self._tags(reader, selection)
            for commit in self._commits():
                yield from object_pieces(reader, commit, "commit", "", selection.max_size)
            for change in self._brought():
                if not selection.wants(change.path):
                    continue
                if change.mode == _SUBMODULE:
                    yield Note(f"{change.path} is a submodule, a repository of its own: scan it by itself")
                    continue
                known = self._changes.setdefault(change.blob, [])
                known.append(change)
                if len(known) == 1:
                    yield from object_pieces(reader, change.blob, "blob", change.path, selection.max_size)

    def placed(self, finding: Finding) -> tuple[str, str] | None:
        """Commit and path of the first change that adds a finding's lines; None if none does."""
        places = [part.place for part in finding.parts] + list(finding.seen)
        first = places[0]
        if first.commit or first.blob not in self._changes:  # a message, or what a tag points to
            return first.commit, first.path
        for change in self._changes[first.blob]:
            # Of what is packed or decoded git knows no lines: all that a changed file holds counts as new.
            added = [
                status in _ADDED or any(p.inside or touches(p, self._lines(change, number)) for p in places)
                for number, status in enumerate(change.statuses, start=1)
            ]
            if all(added):
                return change.commit, change.path
        return None

    def _lines(self, change: Change, parent: int) -> list[range]:
        which = change.commit, change.path, parent
        if which not in self._added:
            old = f"{change.commit}^{parent}"
            try:
                patch = self._repository.run(
                    "diff-tree", "--no-renames", *PATCH, old, change.commit, "--", change.path
                )
                self._added[which] = added_lines(patch)
            except GitFailed:  # the parent is damaged: all lines count as new
                self._added[which] = [range(1, sys.maxsize)]
        return self._added[which]

    def _commits(self) -> Iterator[str]:
        if self._commit:
            with self._repository.pipe(("rev-list", self._commit, *self._not, "--")) as lines:
                for line in lines:
                    yield line.decode().strip()

    def _brought(self) -> Iterator[Change]:
        if not self._commit:
            return
        listing = ("rev-list", "--topo-order", "--reverse", self._commit, *self._not, "--")
        with self._repository.pipe(listing, _CHANGES) as changes:
            commit = ""
            stream = tokens(changes)
            for token in stream:
                if not token.startswith(":"):
                    commit = token.strip() or commit
                    continue
                parents = len(token) - len(token.lstrip(":"))
                words = token.lstrip(":").split()
                mode, blob, statuses = words[parents], words[2 * parents + 1], words[-1]
                path = next(stream, "")
                if statuses.strip("D"):
                    yield Change(commit, path, mode, blob, statuses)

    def _tags(self, reader: ObjectReader, selection: Selection) -> Iterator[Supply]:
        """The messages of annotated tags down to the commit, or to the single object that was pushed."""
        oid = self._new
        for _ in range(_TAG_DEPTH):
            kind = self._repository.text("cat-file", "-t", oid)
            if kind == "commit":
                self._commit = oid
                return
            if kind == "tree":
                yield Note("the range ends at a tree, not at a commit: scan --history reads what is in it")
                return
            yield from object_pieces(reader, oid, kind, "", selection.max_size)
            if kind == "blob":
                return
            oid = self._repository.text("cat-file", "-p", oid).split()[1]

    def _resolve(self, name: str) -> str:
        try:
            return self._repository.text("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        except GitFailed:
            raise UsageError(
                f"no commit {name!r} in this repository",
                code="scan.range",
                hint="a shallow clone lacks older commits: fetch them first",
            ) from None
