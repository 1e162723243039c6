"""Scans what changes, as it changes, and tells each finding once."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from keyguard.core.errors import UsageError
from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import Piece, Supply, Unread, tree
from keyguard.scanner.sources.changes import Changed, Debounce, Limited, Lost, Report, Watch

TICK = 0.5
"""Seconds after which it is looked whether to stop, and whether the watched folders still exist."""
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Told:
    """Something for the person: what happened, and what to do."""

    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Root:
    """A watched folder, or a single file in one. `shown` is how the person named it."""

    folder: Path
    shown: str
    only: str = ""

    def name(self, path: str) -> str | None:
        """A path relative to this root ("" is the root itself), None if it does not belong to it."""
        if not Path(path).is_relative_to(self.folder):
            return None
        name = Path(path).relative_to(self.folder).as_posix()
        if self.only:
            return name if name == self.only else None
        return "" if name == "." else name

    def tell(self, name: str) -> str:
        """What to call a path of this root: as `keyguard scan` would with the same arguments."""
        return self.shown if self.only else Path(self.shown, name).as_posix()


@dataclass(slots=True)
class Watcher:
    """Scans for as long as `events` is read. `allowed`: fingerprints that were accepted."""

    engine: Engine
    selection: Selection
    roots: tuple[Root, ...]
    allowed: frozenset[str] = frozenset()
    _debounce: Debounce = field(default_factory=Debounce)
    _known: set[str] = field(default_factory=set)
    _stopped: bool = False

    def stop(self) -> None:
        """Let `events` end; may be called from a signal handler."""
        self._stopped = True

    def events(self) -> Iterator[Finding | Told | Unread]:
        """Yield what is to be told, as it happens; ends after `stop`, or when no root is left."""
        watch = Watch(*_outermost(self.roots))
        try:
            watch.start()
            yield Told(f"watching {', '.join(root.shown for root in self.roots)} (ctrl-c ends it)")
            while not self._stopped:
                yield from self._reports(watch)
                due = self._debounce.due(time.monotonic())
                for path in due:
                    yield from self._look(path)
                if any(Path(path).is_dir() for path in due):
                    watch.check()  # a new folder may be one too many
                if not any(root.folder.exists() for root in self.roots):
                    yield Told("nothing is left to watch: the folder is gone")
                    return
        finally:
            watch.stop()

    def _reports(self, watch: Watch) -> Iterator[Told]:
        """Take what was reported, and wait for it no longer than until the next path is due."""
        now = time.monotonic()
        with suppress(queue.Empty):
            yield from self._note(watch.reports.get(timeout=self._debounce.wait(now, TICK)))
            for _ in range(_AT_ONCE):
                yield from self._note(watch.reports.get_nowait())

    def _note(self, report: Report) -> Iterator[Told]:
        now = time.monotonic()
        match report:
            case Changed():
                if any(self._wants(root, report.path) for root in self.roots):
                    self._debounce.note(report.path, now)
            case Lost():
                yield Told("changes may have been missed: all files are scanned once")
                for root in self.roots:
                    self._debounce.note(str(root.folder / root.only), now)
            case Limited():
                yield Told(f"{report.what}; files are looked at every few seconds instead", report.fix)

    def _wants(self, root: Root, path: str) -> bool:
        """Whether a change there can matter; cheap, for git alone changes a lot."""
        name = root.name(path)
        return name is not None and (self.selection.everything or tree.LEFT_OUT.isdisjoint(name.split("/")))

    def _look(self, path: str) -> Iterator[Finding | Unread]:
        for root in self.roots:
            name = root.name(path)
            if name is None:
                continue
            for supply in self._supplies(Path(path), name, root):
                if isinstance(supply, Piece):
                    yield from self._scan(root.tell(supply.path), supply.data)
                elif isinstance(supply, Unread) and supply.reason != tree.VANISHED:
                    yield Unread(root.tell(supply.path), supply.reason)
            return

    def _supplies(self, real: Path, name: str, root: Root) -> Iterator[Supply]:
        if real.is_symlink():
            return
        if not root.only and name and tree.left_out(root.folder, name, self.selection):
            return
        if real.is_dir():
            yield from tree.folder_pieces(real, f"{name}/" if name else "", self.selection)
        elif root.only or self.selection.wants(name):
            yield from tree.file_pieces(real, name, self.selection.max_size)

    def _scan(self, shown: str, data: bytes) -> Iterator[Finding | Unread]:
        examined = self.engine.examine(data, shown)
        yield from examined.unread
        for finding in examined.findings:
            if finding.fingerprint not in self._known | self.allowed:
                self._known.add(finding.fingerprint)
                yield finding


def roots(paths: list[Path]) -> tuple[Root, ...]:
    """What the person named. UsageError `scan.path` if there is no such path."""
    found = []
    for path in paths:
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):
            raise UsageError(f"no file or folder {str(path)!r}", code="scan.path") from None
        if real.is_dir():
            found.append(Root(real, str(path)))
        else:
            found.append(Root(real.parent, str(path), real.name))
    return tuple(found)


def _outermost(named: tuple[Root, ...]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The folders to watch with all below them, none within another, and those to watch by themselves."""
    kept: list[Path] = []
    for folder in sorted({root.folder for root in named if not root.only}):
        if not any(folder.is_relative_to(other) for other in kept):
            kept.append(folder)
    alone = {root.folder for root in named if root.only}
    flat = sorted(folder for folder in alone if not any(folder.is_relative_to(other) for other in kept))
    return tuple(kept), tuple(flat)
