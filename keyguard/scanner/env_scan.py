"""The scan of what surrounds a person: processes, dotfiles, settings of tools."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path

from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding
from keyguard.scanner.scans import Scan, gather
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import Piece
from keyguard.scanner.sources.env_places import HomeFiles, load
from keyguard.scanner.sources.processes import Processes


def scan_env(engine: Engine, selection: Selection, *, own: Path) -> Scan:
    """Scan this user's processes and files; `own` is keyguard's home, which holds keys on purpose."""
    processes = Processes()
    files = HomeFiles(Path.home(), own, dict(os.environ))
    supplies = chain(processes.pieces(selection.max_size), files.pieces(load(), selection.max_size))
    wanted = (s for s in supplies if not isinstance(s, Piece) or selection.wants(s.path))
    gathered = gather(engine, wanted)
    misplaced = [f for f in gathered.findings if not _belongs(f, files)]
    engine.work.allowed += len(gathered.findings) - len(misplaced)
    gathered.findings = [_narrowed(finding, processes) for finding in misplaced]
    return gathered.scan(engine)


def _belongs(finding: Finding, files: HomeFiles) -> bool:
    return finding.rule in files.belongs.get(finding.parts[0].place.path, frozenset())


def _narrowed(finding: Finding, processes: Processes) -> Finding:
    return finding._replace(
        parts=tuple(p._replace(place=processes.place(p.place)) for p in finding.parts),
        seen=tuple(processes.place(place) for place in finding.seen),
    )
