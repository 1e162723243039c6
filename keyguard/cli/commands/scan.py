"""`keyguard scan`: find leaked keys in files, the index, the history. Needs no home, store or daemon."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.core.errors import UsageError
from keyguard.scanner import config
from keyguard.scanner.compact import quick
from keyguard.scanner.engine import Engine
from keyguard.scanner.globs import Globs
from keyguard.scanner.reports import json_report, text
from keyguard.scanner.rulebook import Rulebook
from keyguard.scanner.scans import Scan, scan_bytes, scan_history, scan_staged, scan_tree
from keyguard.scanner.selection import MAX_SIZE, Selection
from keyguard.scanner.sources.git import Repository

if TYPE_CHECKING:
    from keyguard.cli.output import Output

FORMATS = ("text", "json", "sarif")
_SIZE = re.compile(r"(\d{1,12})\s*(|k|m|g)b?\Z", re.IGNORECASE)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_EPILOG = """example:
  keyguard scan                      this folder and all below it
  keyguard scan --staged             what the next commit would add
  keyguard scan --history --format sarif -o findings.sarif

exit status: 0 nothing found, 1 findings, 2 wrong use, 3 nothing found but something could not be read
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments."""
    parser.epilog = _EPILOG
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: this folder)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--staged", action="store_true", help="added lines of the index")
    what.add_argument("--history", action="store_true", help="every object of the repository, each once")
    what.add_argument("--stdin", action="store_true", help="standard input")
    parser.add_argument("--path", metavar="NAME", default="(stdin)", help="what to call standard input")
    parser.add_argument("--format", choices=FORMATS, help="text (default), json or sarif")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report there, readable by you only")
    parser.add_argument("--show-secrets", action="store_true", help="do not redact values")
    parser.add_argument("--all", action="store_true", help="dependency, cache and .git folders too")
    parser.add_argument("--max-size", metavar="SIZE", type=_size, default=MAX_SIZE, help="default 10MB")
    parser.add_argument("--include", metavar="GLOB", action="append", default=[], help="only these paths")
    parser.add_argument("--exclude", metavar="GLOB", action="append", default=[], help="not these paths")


def run(args: argparse.Namespace, out: Output) -> int:
    """Scan, write the report, return the exit status."""
    settings = config.Config() if args.stdin else config.find(_folder(args))
    book = quick().without(settings.rules_off)
    selection = Selection(
        include=Globs((*settings.include, *args.include)),
        exclude=Globs((*settings.exclude, *args.exclude)),
        max_size=args.max_size,
        everything=args.all,
    )
    scan = _scan(args, Engine(book), selection).without(settings.allowed)
    style = args.format or ("json" if out.json else "text")
    report = _render(scan, book, style, show=args.show_secrets, colour=out.colour and not args.output)
    if args.output:
        _write(Path(args.output), report)
    elif report:
        out.report(report)
    for line in text.summary(scan):
        out.talk(line)
    return scan.exit_status


def _folder(args: argparse.Namespace) -> Path:
    """Where the configuration is looked for, and the repository."""
    first = Path(args.paths[0] if args.paths else ".")
    return first if first.is_dir() else first.parent


def _scan(args: argparse.Namespace, engine: Engine, selection: Selection) -> Scan:
    if args.stdin:
        if args.paths:
            raise UsageError("--stdin takes no PATH", code="usage", hint="name the content with --path NAME")
        data = sys.stdin.buffer.read(selection.max_size + 1)
        return scan_bytes(engine, data, args.path, selection.max_size)
    if not (args.staged or args.history):
        return scan_tree(engine, [Path(path) for path in args.paths or ["."]], selection)
    if len(args.paths) > 1:
        raise UsageError("one repository at a time", code="usage", hint="give one PATH, or none")
    if args.paths and not Path(args.paths[0]).is_dir():
        raise UsageError(f"no folder {args.paths[0]!r}", code="scan.path")
    # What git tells its hooks holds for the repository they run in, not for one that was named.
    repository = Repository(_folder(args), as_hook=not args.paths)
    return (scan_staged if args.staged else scan_history)(engine, repository, selection)


def _render(scan: Scan, book: Rulebook, style: str, *, show: bool, colour: bool) -> str:
    match style:
        case "json":
            return json_report.render(scan, show=show)
        case "sarif":
            from keyguard.scanner.reports import sarif  # noqa: PLC0415 - a commit hook never needs it

            return sarif.render(scan, book, show=show)
        case _:
            return text.findings(scan, show=show, colour=colour)


def _write(path: Path, report: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(report if not report or report.endswith("\n") else report + "\n")
                file.flush()
                os.fsync(descriptor)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise UsageError(f"cannot write {str(path)!r}: {reason}", code="scan.output") from None


def _size(words: str) -> int:
    """`500000`, `500k`, `20MB`."""
    match = _SIZE.match(words.strip())
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(f"not a size: {words!r} (examples: 500k, 20MB)")
    return int(match[1]) * _UNITS[match[2].lower()]
