"""One function per kind of scan: a source, the engine, and what belongs between and after them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyguard.scanner.collector import Collector
from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import Note, Piece, Supply, Unread, history, tree
from keyguard.scanner.sources.git import GitFailed, Repository
from keyguard.scanner.sources.staged import Index
from keyguard.scanner.work import Work


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan brought: findings (worst first), what could not be read, what one should know."""

    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]
    notes: tuple[str, ...]
    work: Work

    @property
    def exit_status(self) -> int:
        """0 nothing found, 1 findings, 3 nothing found but something could not be read."""
        return 1 if self.findings else 3 if self.unread else 0

    def without(self, fingerprints: frozenset[str]) -> Scan:
        """The same without findings that were accepted; they count as allowed."""
        kept = tuple(f for f in self.findings if f.fingerprint not in fingerprints)
        dropped = len(self.findings) - len(kept)
        work = dataclasses.replace(self.work, allowed=self.work.allowed + dropped)
        return dataclasses.replace(self, findings=kept, work=work)


def scan_tree(engine: Engine, roots: Iterable[Path], selection: Selection) -> Scan:
    """Scan files and folders. With several roots, paths begin with the root as it was named."""
    named = list(roots)

    def supplies() -> Iterator[Supply]:
        for root in named:
            prefix = "" if len(named) == 1 or not root.is_dir() else f"{root.as_posix().rstrip('/')}/"
            for supply in tree.pieces(root, selection):
                yield (
                    supply
                    if isinstance(supply, Note)
                    else dataclasses.replace(supply, path=prefix + supply.path)
                )

    return _gather(engine, supplies()).scan(engine)


def scan_bytes(engine: Engine, data: bytes, path: str, max_size: int) -> Scan:
    """Scan one content, such as standard input."""
    supply = Unread(path, "larger than the limit") if len(data) > max_size else Piece(path, data)
    return _gather(engine, [supply]).scan(engine)


def scan_staged(engine: Engine, repository: Repository, selection: Selection) -> Scan:
    """Scan what the next commit would add."""
    index = Index(repository)
    gathered = _gather(engine, index.pieces(selection))
    gathered.findings = [finding for finding in gathered.findings if index.adds(finding)]
    return gathered.scan(engine)


def scan_history(engine: Engine, repository: Repository, selection: Selection) -> Scan:
    """Scan every object of a repository, then find out which commit brought each finding."""
    gathered = _gather(engine, history.pieces(repository, selection.max_size))
    # All parts of a finding lie in one content, so its first place stands for all. Messages know their
    # commit and have no path to exclude.
    blobs = {f.parts[0].place.blob for f in gathered.findings if not f.parts[0].place.commit}
    try:
        origin = history.introductions(repository, blobs, selection)
    except GitFailed as failure:
        gathered.unread.append(Unread("(history)", f"the commits of findings are unknown: {failure}"))
        origin = {}
    dated = []
    for finding in gathered.findings:
        place = finding.parts[0].place
        commit, path = origin.get(place.blob, (place.commit, place.path))
        if path:
            dated.append(_moved(finding, commit=commit, path=path))
    gathered.findings = dated
    return gathered.scan(engine)


@dataclass(slots=True)
class _Gathered:
    """What a source brought, each content's findings by themselves."""

    findings: list[Finding]
    unread: list[Unread]
    notes: dict[str, None]

    def scan(self, engine: Engine) -> Scan:
        collector = Collector()
        collector.add(self.findings)
        work = dataclasses.replace(engine.work)
        return Scan(collector.findings(), tuple(self.unread), tuple(self.notes), work)


def _gather(engine: Engine, supplies: Iterable[Supply]) -> _Gathered:
    gathered = _Gathered([], [], {})
    for supply in supplies:
        match supply:
            case Piece():
                found = engine.scan(supply.data, supply.path)
                gathered.findings += (
                    _moved(f, blob=supply.blob, commit=supply.commit, staged=supply.staged) for f in found
                )
            case Unread():
                gathered.unread.append(supply)
            case Note():
                gathered.notes[supply.text] = None
    return gathered


def _moved(finding: Finding, **change: Any) -> Finding:
    """The same finding with other facts in all its places."""
    parts = tuple(
        dataclasses.replace(part, place=dataclasses.replace(part.place, **change)) for part in finding.parts
    )
    seen = tuple(dataclasses.replace(place, **change) for place in finding.seen)
    return dataclasses.replace(finding, parts=parts, seen=seen)
