"""What changes below some folders, as the system reports it: which paths are worth a look, and when.

`watchdog` brings the system's reports. Two things are added: paths that change again and again are held
back for a moment (an editor writes a temporary file, renames it, and touches it), and limits of the
system, of which watchdog is silent for any folder but the first, are noticed and got around.
"""

from __future__ import annotations

import errno
import logging
import os
import queue
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from keyguard.core.errors import UsageError

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import BaseObserver

QUIET = 0.1
"""Seconds without a change after which a path is looked at."""
LATEST = 0.5
"""Seconds after its first change at which a path is looked at anyway (a log that never rests)."""
POLL = 2.0
"""Seconds between two looks at all files where the system reports no changes."""
_LIMITS = (errno.ENOSPC, errno.EMFILE, errno.ENFILE)
_FDINFO = Path("/proc/self/fdinfo")


class Debounce:
    """Paths that changed, each with the instants of its first and last change (seconds, monotonic)."""

    def __init__(self) -> None:
        self._changed: dict[str, tuple[float, float]] = {}

    def note(self, path: str, now: float) -> None:
        """Remember a change."""
        first, _ = self._changed.get(path, (now, now))
        self._changed[path] = first, now

    def due(self, now: float) -> list[str]:
        """Take the paths that rested, or waited, long enough; in the order of their first change."""
        ready = [path for path, when in self._changed.items() if self._deadline(when) <= now]
        for path in ready:
            del self._changed[path]
        return ready

    def wait(self, now: float, at_most: float) -> float:
        """Seconds until the next path is due."""
        deadlines = map(self._deadline, self._changed.values())
        return max(0.0, min(min(deadlines, default=now + at_most) - now, at_most))

    @staticmethod
    def _deadline(when: tuple[float, float]) -> float:
        first, last = when
        return min(last + QUIET, first + LATEST)


@dataclass(frozen=True, slots=True)
class Changed:
    """Something at this path is new or different; if it is a folder, all below it may be."""

    path: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The system reported more than could be taken: anything may have changed."""


@dataclass(frozen=True, slots=True)
class Limited:
    """The system's limit does not allow to watch all folders, so files are looked at every `POLL` seconds."""

    what: str
    fix: str


Report = Changed | Lost | Limited


@dataclass(slots=True)
class Watch:
    """The reports about some folders (resolved, none within another) and all below them, from `start` to
    `stop`."""

    folders: tuple[Path, ...]
    flat: tuple[Path, ...] = ()
    """Folders to watch without what is below them."""
    reports: queue.SimpleQueue[Report] = field(default_factory=queue.SimpleQueue)
    polling: bool = False
    _observer: BaseObserver | None = None
    _trouble: logging.Handler | None = None

    def start(self) -> None:
        """Begin to watch. UsageError `watch.folder` if a folder cannot be."""
        self._trouble = _Trouble(self.reports)
        logging.getLogger("watchdog").addHandler(self._trouble)
        from watchdog.observers import Observer

        try:
            self._observe(Observer())
        except OSError as error:
            if error.errno not in _LIMITS:
                reason = (error.strerror or "it cannot be watched").lower()
                raise UsageError(f"{error.filename or 'a folder'}: {reason}", code="watch.folder") from None
            self._poll(error.errno)
        else:
            self.check()

    def check(self) -> None:
        """Look whether every folder is watched; if not, look at all files now and then instead."""
        if not self.polling and self._folders_left_out():
            self._poll(errno.ENOSPC)

    def stop(self) -> None:
        """End it; no report comes afterwards."""
        if self._observer:
            self._observer.stop()
            with suppress(RuntimeError):  # it never ran
                self._observer.join()
            self._observer = None
        if self._trouble:
            logging.getLogger("watchdog").removeHandler(self._trouble)
            self._trouble = None

    def _observe(self, observer: BaseObserver) -> None:
        from watchdog import events

        self._observer = observer
        wanted: list[type[FileSystemEvent]] = [
            *(
                events.FileCreatedEvent,
                events.FileModifiedEvent,
                events.FileMovedEvent,
                events.FileClosedEvent,
            ),
            *(events.DirCreatedEvent, events.DirMovedEvent),
        ]
        handler = cast("FileSystemEventHandler", _Handler(self.reports))
        observer.start()
        for folder in self.folders:
            observer.schedule(handler, str(folder), recursive=True, event_filter=wanted)
        for folder in self.flat:
            observer.schedule(handler, str(folder), recursive=False, event_filter=wanted)

    def _poll(self, number: int) -> None:
        from watchdog.observers.polling import PollingObserver

        if self._observer:
            self._observer.stop()
            self._observer.join()
        self.polling = True
        if number == errno.ENOSPC:
            count = sum(1 for _ in _folders(self.folders))
            what = f"the system allows too few watches for {count:,} folders"
            setting = f"fs.inotify.max_user_watches={max(524_288, 4 * count)}"
        else:
            what = "other programs use up all watchers the system allows a user"
            setting = "fs.inotify.max_user_instances=1024"
        self._observe(PollingObserver(timeout=POLL))
        self.reports.put(Limited(what, f"sudo sysctl {setting}"))
        self.reports.put(Lost())

    def _folders_left_out(self) -> bool:
        """Whether the kernel watches fewer folders than there are; what cannot be read counts as watched."""
        if not sys.platform.startswith("linux"):
            return False
        watched = 0
        for info in _FDINFO.iterdir():
            with suppress(OSError):  # closed meanwhile
                watched += info.read_text().count("inotify wd:")
        there = sum(1 for folder in _folders(self.folders) if os.access(folder, os.R_OK))
        return watched < there + len(self.flat)


def _folders(roots: Iterable[Path]) -> Iterator[str]:
    """All folders below some, themselves included; links are not followed."""
    for root in roots:
        for path, _, _ in os.walk(root):
            yield path


class _Trouble(logging.Handler):
    """watchdog says only in its log that the system's queue overflowed."""

    def __init__(self, reports: queue.SimpleQueue[Report]) -> None:
        super().__init__(logging.WARNING)
        self._reports = reports

    def emit(self, record: logging.LogRecord) -> None:
        """Any complaint means that changes may have been missed."""
        self._reports.put(Lost())


class _Handler:
    """What watchdog calls: its own base class would have to be imported to be derived from."""

    def __init__(self, reports: queue.SimpleQueue[Report]) -> None:
        self._reports = reports

    def dispatch(self, event: FileSystemEvent) -> None:
        """Hand on where something changed; of what was moved only where it came to."""
        self._reports.put(Changed(os.fsdecode(event.dest_path or event.src_path)))
