"""`keyguard watch`: scan files as they are saved. Needs no home, store or daemon."""

from __future__ import annotations

import argparse
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from keyguard.core.escape import escape
from keyguard.scanner import config, project
from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding
from keyguard.scanner.globs import Globs
from keyguard.scanner.reports import json_report, text
from keyguard.scanner.rulebook import load
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import Unread
from keyguard.scanner.watching import Told, Watcher, roots

if TYPE_CHECKING:
    from keyguard.cli.output import Output

_EPILOG = """example:
  keyguard watch                     this folder and all below it
  keyguard watch --json ~/bots       one JSON object a line, as findings come

What is there already is not scanned: `keyguard scan` does that.

exit status, once ended by ctrl-c or SIGTERM: 0 nothing found, 1 findings
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments."""
    parser.epilog = _EPILOG
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: this folder)")
    parser.add_argument("--all", action="store_true", help="dependency, cache and .git folders too")
    parser.add_argument("--include", metavar="GLOB", action="append", default=[], help="only these paths")
    parser.add_argument("--exclude", metavar="GLOB", action="append", default=[], help="not these paths")


def run(args: argparse.Namespace, out: Output) -> int:
    """Watch until told to end; returns the exit status."""
    watched = roots([Path(path) for path in args.paths or ["."]])
    settings = config.find(watched[0].folder)
    selection = Selection(
        include=Globs((*settings.include, *args.include)),
        exclude=Globs((*settings.exclude, *args.exclude)),
        everything=args.all,
    )
    book, judges, notes = project.rules(load(), settings, watched[0].folder)
    watcher = Watcher(Engine(book), selection, watched, frozenset(settings.allowed))
    for note in notes:
        out.talk(f"note: {note}")
    found = False
    with _ended_by_signals(watcher):
        for event in watcher.events():
            match event:
                case Finding() if any(judge(event) for judge in judges):
                    continue
                case Finding():
                    found = True
                    out.report(_json(event) if out.json else _line(event))
                case Told():
                    out.talk(f"keyguard: {event.text}")
                    if event.hint:
                        out.talk(f"keyguard: hint: {event.hint}")
                case Unread():
                    out.talk(f"not read: {event.path}: {event.reason}")
    return 1 if found else 0


@contextmanager
def _ended_by_signals(watcher: Watcher) -> Iterator[None]:
    """SIGINT and SIGTERM end the watching, not the program in the middle of a line."""

    def stop(_: int, __: FrameType | None) -> None:
        watcher.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _json(finding: Finding) -> str:
    return json.dumps(
        {"format": json_report.FORMAT, **json_report.finding_fields(finding, show=False)}, ensure_ascii=True
    )


def _line(finding: Finding) -> str:
    place = text.where(finding.parts[0].place)
    return f"{finding.severity.value:<8}  {escape(finding.title)}  {place}  {finding.fingerprint}"
