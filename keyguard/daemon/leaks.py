"""Watched folders: a leak into one of them becomes a finding at once. Nothing of its value is kept."""

from __future__ import annotations

import logging
import shlex
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from keyguard.core.errors import KeyguardError
from keyguard.core.findings import Item, Kind
from keyguard.core.keys import KeyVersion, Origin, VersionStatus
from keyguard.core.policy import Level
from keyguard.core.secret import Secret
from keyguard.daemon.connection import where
from keyguard.ports.all import Ports
from keyguard.scanner import config, project
from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding, Severity
from keyguard.scanner.fingerprint import guessable
from keyguard.scanner.globs import Globs
from keyguard.scanner.rulebook import load
from keyguard.scanner.selection import Selection
from keyguard.scanner.watching import Told, Watcher, roots
from keyguard.workflows import credentials, findings

_LOG = logging.getLogger(__name__)
_LEVELS = {Severity.MEDIUM: Level.MEDIUM, Severity.LOW: Level.LOW}


@dataclass(slots=True)
class Leaks:
    """A thread for each folder, with the settings of its own project. A folder that is not there (yet) is
    tried again at every `watch`. `told`: called after each finding, in that thread; `leaked` before it, with
    the id of the version in use whose secret was found."""

    ports: Ports
    folders: tuple[str, ...]
    told: Callable[[], None]
    leaked: Callable[[str], None] = lambda _: None
    _watchers: dict[str, Watcher] = field(default_factory=dict)
    _threads: dict[str, threading.Thread] = field(default_factory=dict)
    _missing: set[str] = field(default_factory=set)

    def watch(self) -> None:
        """Begin to watch what is not watched. Reads rules and settings: not for the event loop."""
        for folder in self.folders:
            running = self._threads.get(folder)
            if running is None or not running.is_alive():
                self._begin(folder)

    def stop(self) -> None:
        """End all; returns when they have."""
        for watcher in self._watchers.values():
            watcher.stop()
        for thread in self._threads.values():
            thread.join()

    def _begin(self, folder: str) -> None:
        try:
            watcher, accepted = _watcher(folder)
        except KeyguardError as error:
            if folder not in self._missing:  # once, not every minute
                _LOG.warning("a folder of [daemon] watch is not watched: %s", error.code)
            self._missing.add(folder)
            return
        self._missing.discard(folder)
        self._watchers[folder] = watcher
        thread = threading.Thread(target=self._run, args=(watcher, accepted), name="leaks", daemon=True)
        self._threads[folder] = thread
        thread.start()

    def _run(self, watcher: Watcher, accepted: Callable[[Finding], bool]) -> None:
        try:
            with closing(_events(watcher)) as events:
                for found in events:
                    if not accepted(found):
                        self._note(found)
        except Exception as error:  # the edge of a thread, as of a job
            _LOG.error("watching a folder failed: %s", where(error))

    def _note(self, found: Finding) -> None:
        try:
            findings.keep(self.ports, [item(self.ports, found)])
        except KeyguardError as error:
            _LOG.error("a leak was found and could not be noted: %s", error.code)
            return
        if (version := whole(self.ports, found)) is not None:
            self.leaked(version.id)
        self.told()


def whole(ports: Ports, found: Finding) -> KeyVersion | None:
    """The version in use of which the secret itself was found, compared with the stored one.

    An access key id alone is no secret: it gives nobody anything, so nothing may happen by itself. None too
    while the store is locked.
    """
    version = _ours(ports, found)
    if version is None or version.status is not VersionStatus.LIVE:
        return None
    try:
        ours = credentials.load(ports, version)
    except KeyguardError as error:
        _LOG.warning("a leak could not be compared with the stored key: %s", error.code)
        return None
    held = _plain(ours.secret)
    return version if any(_plain(part.value) == held for part in found.parts) else None


def _plain(secret: Secret) -> str:
    """Without white space: a PEM may stand in one line of a file, or indented."""
    return "".join(secret.reveal().replace("\\n", "").split())


def item(ports: Ports, found: Finding) -> Item:
    """What becomes of a scanner's finding: where it stands and what it is, nothing of its value.

    Its fingerprint tells it from others, unless the value could be guessed from that.
    """
    part = found.parts[0]
    path = part.place.path
    version = _ours(ports, found)
    live = version is not None and version.status is VersionStatus.LIVE
    detail = f"{part.rule}:{part.place.line}" if guessable(part.value.reveal()) else found.fingerprint
    text, command = (
        f"{found.title} on line {part.place.line}",
        f"keyguard scan {shlex.quote(part.place.file)}",
    )
    if version is not None:
        name = ports.inventory.find_key(version.key_id).name
        text += f"; it is {name}, version {version.number} ({version.status.value})"
        command = f"keyguard key rotate {name} --reason leak" if live else f"keyguard key show {name}"
    level = _LEVELS.get(found.severity, Level.HIGH)
    return Item(
        Kind.LEAK,
        level,
        path,
        text,
        ports.clock.now(),
        command,
        Origin.INFERRED,
        detail,
        version.id if version is not None and live else "",  # a rotation ends what is of the live one
    )


def _ours(ports: Ports, found: Finding) -> KeyVersion | None:
    """The version whose access key id was found."""
    key = found.part("key")
    if key is None or not found.venue:
        return None
    return ports.inventory.version_by_public_id(found.venue, key.value.reveal())


def _watcher(folder: str) -> tuple[Watcher, Callable[[Finding], bool]]:
    watched = roots([Path(folder).expanduser()])
    settings = config.find(watched[0].folder)
    book, judges, _ = project.rules(load(), settings, watched[0].folder)
    selection = Selection(include=Globs(settings.include), exclude=Globs(settings.exclude))
    watcher = Watcher(Engine(book), selection, watched, frozenset(settings.allowed))
    return watcher, lambda found: any(judge(found) for judge in judges)


def _events(watcher: Watcher) -> Generator[Finding, None, None]:
    for event in watcher.events():
        if isinstance(event, Finding):
            yield event
        elif isinstance(event, Told):
            _LOG.info("%s", event.text)
