"""One function per kind of scan: a source, the engine, and what belongs between and after them."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from keyguard.scanner.allowances import Allowance, Judge, judged
from keyguard.scanner.collector import Collector
from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding, Place
from keyguard.scanner.selection import Selection
from keyguard.scanner.sharing import Gathered, share
from keyguard.scanner.sources import Listed, Note, Piece, Supply, Unread, tree
from keyguard.scanner.sources.files import megabytes
from keyguard.scanner.sources.staged import Index
from keyguard.scanner.sources.staged_begun import Begun
from keyguard.scanner.work import Work


class Scan(NamedTuple):
    """What a scan brought: findings (worst first), what could not be read, what one should know."""

    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]
    notes: tuple[str, ...]
    work: Work
    allowed: tuple[Allowance, ...] = ()

    @property
    def exit_status(self) -> int:
        """0 nothing found, 1 findings, 3 nothing found but something could not be read."""
        return 1 if self.findings else 3 if self.unread else 0

    def judged(self, judges: list[Judge]) -> "Scan":
        """The same without findings that somebody accepted; they count as allowed."""
        kept, allowed = judged(self.findings, judges)
        work = self.work.copy()
        work.allowed += len(allowed)
        return self._replace(findings=kept, work=work, allowed=(*self.allowed, *allowed))


def scan_tree(engine: Engine, roots: Iterable[Path], selection: Selection, jobs: int = 0) -> Scan:
    """Scan files and folders. With several roots, paths begin with the root as it was named.

    `jobs`: processes; 0 for as many as there are cores, if there is enough to do for them.
    """
    named = list(roots)

    def listed() -> Iterator[Listed]:
        for root in named:
            prefix = "" if len(named) == 1 or not root.is_dir() else f"{root.as_posix().rstrip('/')}/"
            for entry in tree.listing(root, selection):
                if prefix and not isinstance(entry, Note):
                    yield entry._replace(path=prefix + entry.path)
                else:
                    yield entry

    read = functools.partial(tree.read, max_size=selection.max_size)
    return finished(engine, share(engine, listed(), read, gather, jobs))


def scan_bytes(engine: Engine, data: bytes, path: str, max_size: int) -> Scan:
    """Scan one content, such as standard input."""
    supply = Unread(path, f"larger than {megabytes(max_size)}") if len(data) > max_size else Piece(path, data)
    return finished(engine, gather(engine, [supply]))


def scan_staged(engine: Engine, begun: Begun, selection: Selection) -> Scan:
    """Scan what the next commit would add."""
    index = Index(begun)
    gathered = gather(engine, index.pieces(selection))
    gathered.findings = [finding for finding in gathered.findings if index.adds(finding)]
    return finished(engine, gathered)


def finished(engine: Engine, gathered: Gathered) -> Scan:
    """Make one finding of what is one credential."""
    collector = Collector()
    collector.add(gathered.findings)
    work = engine.work.copy()
    return Scan(
        collector.findings(), tuple(gathered.unread), tuple(gathered.notes), work, tuple(engine.work.reasons)
    )


def gather(engine: Engine, supplies: Iterable[Supply]) -> Gathered:
    """Scan what a source yields."""
    gathered = Gathered()
    for supply in supplies:
        match supply:
            case Piece():
                examined = engine.examine(supply.data, supply.path)
                gathered.unread += examined.unread
                gathered.findings += (
                    moved(f, blob=supply.blob, commit=supply.commit, staged=supply.staged)
                    for f in examined.findings
                )
            case Unread():
                gathered.unread.append(supply)
            case Note():
                gathered.notes[supply.text] = None
    return gathered


def moved(finding: Finding, **change: Any) -> Finding:
    """The same finding with other facts in all its places. A path is the file's: what is inside stays."""

    def at(place: Place) -> Place:
        path = change["path"] + place.inside if "path" in change else place.path
        return place._replace(**{**change, "path": path})

    parts = tuple(part._replace(place=at(part.place)) for part in finding.parts)
    seen = tuple(map(at, finding.seen))
    return finding._replace(parts=parts, seen=seen)
