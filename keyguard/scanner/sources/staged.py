"""The index: what the next commit would add."""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from keyguard.scanner.findings import Finding, Place
from keyguard.scanner.lazily import pattern
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import Note, Piece, Supply, Unread
from keyguard.scanner.sources.files import TooLarge, megabytes
from keyguard.scanner.sources.git import GitFailed, said
from keyguard.scanner.sources.staged_begun import DIFF, Begun

_SUBMODULE = "160000"
_HUNK = pattern(rb"^@@ -\d+(?:,\d+)? \+(\d{1,18})(?:,(\d{1,18}))? @@", re.MULTILINE)
# `--text` because an attribute of the tree may call any file binary, which would hide its lines.
PATCH = ("-p", "-U0", "--inter-hunk-context=0", "--text", "--no-ext-diff", "--no-textconv", "--no-color")


class _Change(NamedTuple):
    path: str
    mode: str
    blob: str
    status: str


class Index:
    """The changes between HEAD and the index. Whole blobs are scanned, for their context; `added` then
    tells what of them is new."""

    def __init__(self, begun: Begun) -> None:
        self._begun = begun
        self._new_files: set[str] = set()
        self._added: dict[str, list[range]] = {}

    def pieces(self, selection: Selection) -> Iterator[Supply]:
        """Yield the staged content of every added or changed file."""
        return said(self._pieces(selection), "(index)")

    def _pieces(self, selection: Selection) -> Iterator[Supply]:
        for change in self._changes():
            if change.status == "D" or not selection.wants(change.path):
                continue
            if change.status == "U":
                yield Note(f"{change.path} is unmerged: it cannot be committed, and was not scanned")
            elif change.mode == _SUBMODULE:
                yield Note(f"{change.path} is a submodule, a repository of its own: scan it by itself")
            else:
                if change.status == "A":
                    self._new_files.add(change.path)
                try:
                    data = self._begun.objects().get(change.blob, selection.max_size)
                except GitFailed as failure:
                    yield Unread(change.path, str(failure))
                except TooLarge:
                    yield Unread(change.path, f"larger than {megabytes(selection.max_size)}")
                else:
                    yield Piece(change.path, data, blob=change.blob, staged=True)

    def adds(self, finding: Finding) -> bool:
        """Whether any part of a finding, or another place of it, lies on a line this commit would add."""
        places = [part.place for part in finding.parts] + list(finding.seen)
        try:
            return any(self._is_added(place) for place in places)
        except GitFailed:  # it cannot say which lines are new: rather one finding too many than a leak
            return True

    def _is_added(self, place: Place) -> bool:
        path = place.file
        # Of a packed file no line is known to git, so all that a changed archive holds counts as new.
        if path in self._new_files or "!/" in place.inside or (place.inside and not place.end):
            return True
        if path not in self._added:
            self._added[path] = self._added_lines(path)
        return touches(self._in_file(place) if place.inside else place, self._added[path])

    def _in_file(self, place: Place) -> Place:
        """The same place by the lines of the file, where it counts those of a cell or a row."""
        data = self._begun.repository.run("cat-file", "blob", place.blob)
        line = data.count(b"\n", 0, place.start) + 1
        return place._replace(line=line, end_line=line + data.count(b"\n", place.start, place.end))

    def _added_lines(self, path: str) -> list[range]:
        repository = self._begun.repository
        repository.open()  # so that the path is taken as relative to the top
        return added_lines(repository.run(*DIFF, *PATCH, self._begun.base, "--", path))

    def _changes(self) -> Iterator[_Change]:
        tokens = iter(os.fsdecode(self._begun.changes()).split("\0"))
        for token in tokens:
            if token:
                _, mode, _, blob, status = token.split()
                yield _Change(next(tokens), mode, blob, status[0])


def added_lines(patch: bytes) -> list[range]:
    """The numbers of the lines that a patch without context adds to its one file."""
    ranges = []
    for match in _HUNK.finditer(patch):
        start, count = int(match[1]), int(match[2] or 1)
        ranges.append(range(start, start + count))
    return ranges


def touches(place: Place, lines: list[range]) -> bool:
    """Whether a place lies on any of those lines."""
    return any(r.start <= place.end_line and place.line < r.stop for r in lines)
