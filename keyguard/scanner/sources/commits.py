"""Which commit brought a blob, who made it and when, and what the last commit still has.

Asked for findings only: each question costs a walk over the commits or over one tree.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from keyguard.scanner.selection import Selection
from keyguard.scanner.sources.git import GitFailed, Repository
from keyguard.scanner.sources.history import EVERYWHERE, tokens

_COMMITS = ("rev-list", "--topo-order", "--reverse", "--ignore-missing", *EVERYWHERE)
_CHANGES = ("diff-tree", "--stdin", "-r", "-m", "--root", "--raw", "-z", "--no-abbrev", "--no-renames")
_AUTHOR = re.compile(rb"^author (.*?) ?<[^>\n]*> (-?\d{1,12}) [+-]\d{4}$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who wrote a commit, and when (UTC, ISO 8601); "" for what the commit does not say."""

    author: str = ""
    date: str = ""


def origins(
    repository: Repository, blobs: set[str], tips: bytes, selection: Selection
) -> dict[str, tuple[str, str]]:
    """Blob -> the oldest commit that has it under a path that is not excluded, and that path.

    A blob no commit has (only staged) is missing from the answer, and so is one whose every path is
    excluded: then its path is "". Costs one walk over the commits, so ask once, for findings only.
    """
    wanted = set(blobs)
    origin: dict[str, tuple[str, str]] = {}
    if not wanted:
        return origin
    with repository.pipe(_COMMITS, _CHANGES, data=tips) as changes:
        commit = ""
        stream = tokens(changes)
        for token in stream:
            if not token.startswith(":"):
                commit = token.split()[0] if token.split() else commit
                continue
            blob, path = token.split()[3], next(stream, "")
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


def signatures(repository: Repository, commits: Iterable[str]) -> dict[str, Signature]:
    """Author and date of each commit that can be read."""
    found = {}
    with repository.objects() as reader:
        for commit in sorted(set(commits)):
            try:
                headers = reader.get(commit).partition(b"\n\n")[0]
            except GitFailed:
                continue
            if match := _AUTHOR.search(headers):
                found[commit] = Signature(match[1].decode("utf-8", "replace"), _date(int(match[2])))
    return found


class Head:
    """The last commit of this work tree."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._blobs: set[str] | None = None
        self._commits: set[str] | None = None

    def has_blob(self, blob: str) -> bool:
        """Whether its tree has that blob, under any path."""
        if self._blobs is None:
            self._blobs = self._column(2, "ls-tree", "-r", "--full-tree", "HEAD")
        return blob in self._blobs

    def has_commit(self, commit: str) -> bool:
        """Whether it is that commit, or stands on it."""
        if self._commits is None:
            self._commits = self._column(0, "rev-list", "HEAD", "--")
        return commit in self._commits

    def _column(self, number: int, *words: str) -> set[str]:
        names: set[str] = set()
        try:
            with self._repository.pipe(words) as lines:
                names.update(os.fsdecode(line.split()[number]) for line in lines)
        except GitFailed:  # no commit yet, or HEAD is damaged: then the history has said so
            pass
        return names


def _date(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return ""
