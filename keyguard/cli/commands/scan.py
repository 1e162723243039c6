"""`keyguard scan`: find leaked keys in files, the index, the history. Needs no home, store or daemon."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import accepting
from keyguard.core.errors import UsageError
from keyguard.scanner import config
from keyguard.scanner.compact import quick
from keyguard.scanner.engine import Engine
from keyguard.scanner.globs import Globs
from keyguard.scanner.reports import json_report, text
from keyguard.scanner.rulebook import Rulebook
from keyguard.scanner.scans import Scan, scan_bytes, scan_staged, scan_tree
from keyguard.scanner.selection import MAX_SIZE, Selection
from keyguard.scanner.sources.git import Repository

if TYPE_CHECKING:
    from keyguard.cli.output import Output
    from keyguard.scanner.known import KnownKeys

FORMATS = ("text", "json", "sarif", "gitleaks", "csv")
_SIZE = re.compile(r"(\d{1,12})\s*(|k|m|g)b?\Z", re.IGNORECASE)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_EPILOG = """example:
  keyguard scan                      this folder and all below it
  keyguard scan --staged             what the next commit would add
  keyguard scan --range origin/main..HEAD
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
    what.add_argument("--range", metavar="A..B", help="lines these commits add; for hooks of servers too")
    what.add_argument("--env", action="store_true", help="your processes, dotfiles and tools' settings")
    what.add_argument("--stdin", action="store_true", help="standard input")
    parser.add_argument("--unreachable", action="store_true", help="with --history: lost objects too")
    parser.add_argument("--path", metavar="NAME", default="(stdin)", help="what to call standard input")
    parser.add_argument("--format", choices=FORMATS, help="text (default), json, sarif, gitleaks or csv")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report there, readable by you only")
    parser.add_argument("--known", action="store_true", help="the firm's own keys too, from the store")
    parser.add_argument("--verify", action="store_true", help="ask the venues whether what is found is alive")
    parser.add_argument(
        "--verify-nonces", action="store_true", help="also where that may disturb a running bot"
    )
    parser.add_argument("--baseline", metavar="FILE", help="do not report what is listed there")
    parser.add_argument("--write-baseline", metavar="FILE", help="accept all that is found: list it there")
    parser.add_argument("--show-secrets", action="store_true", help="do not redact values")
    parser.add_argument("--all", action="store_true", help="dependency, cache and .git folders too")
    parser.add_argument("--max-size", metavar="SIZE", type=_size, default=MAX_SIZE, help="default 10MB")
    parser.add_argument("--jobs", metavar="N", type=_jobs, default=0, help="processes (default: by size)")
    parser.add_argument(
        "--fresh", action="store_true", help="with --history: read again what was read before"
    )
    parser.add_argument("--include", metavar="GLOB", action="append", default=[], help="only these paths")
    parser.add_argument("--exclude", metavar="GLOB", action="append", default=[], help="not these paths")


def run(args: argparse.Namespace, out: Output) -> int:
    """Scan, write the report, return the exit status."""
    if args.staged and (args.verify or args.verify_nonces):
        raise UsageError(
            "--verify is not for commit hooks: a commit must not wait for a venue, nor tell it anything",
            code="usage",
            hint="keyguard scan --verify",
        )
    settings = config.Config() if args.stdin or args.env else config.find(_folder(args))
    book, judges, notes = accepting.rules(
        quick(), settings, None if args.stdin or args.env else _folder(args)
    )
    selection = Selection(
        include=Globs((*settings.include, *args.include)),
        exclude=Globs((*settings.exclude, *args.exclude)),
        max_size=args.max_size,
        everything=args.all,
    )
    small = args.staged or args.range or args.env or args.stdin
    cache = None if small else _cache(args)
    engine = Engine(book, _own_keys(args, out) if args.known else None, cache)
    scan = accepting.accept(_scan(args, engine, selection, cache), settings, args, judges, notes)
    if args.verify or args.verify_nonces:
        from keyguard.cli import verifying  # noqa: PLC0415 - opens home, store and network

        scan = verifying.verify(args, out, scan)
    style = args.format or ("json" if out.json else "text")
    if args.known:
        book = _with_known(book)
    report = _render(scan, book, style, show=args.show_secrets, colour=out.colour and not args.output)
    if args.output:
        _write(Path(args.output), report)
    elif report:
        out.report(report)
    for line in text.summary(scan):
        out.talk(line)
    if args.write_baseline:
        _write(Path(args.write_baseline), accepting.new_baseline(scan, args.baseline))
        out.talk(f"{len(scan.findings)} findings accepted in {args.write_baseline}: rotate what is real")
        return 0
    if style == "text":
        for line in text.next_steps(scan, staged=args.staged):
            out.talk(line)
    return scan.exit_status


def _own_keys(args: argparse.Namespace, out: Output) -> KnownKeys:
    from keyguard.cli import own_keys  # noqa: PLC0415 - opens home and store, which no other scan needs

    return own_keys.read(args, out)


def _with_known(book: Rulebook) -> Rulebook:
    """For reports, which describe every rule they name."""
    from keyguard.scanner.known import DESCRIPTION  # noqa: PLC0415

    return dataclasses.replace(book, rules=(*book.rules, DESCRIPTION))


def _folder(args: argparse.Namespace) -> Path:
    """Where the configuration is looked for, and the repository."""
    first = Path(args.paths[0] if args.paths else ".")
    return first if first.is_dir() else first.parent


def _cache(args: argparse.Namespace) -> Path:
    """Where is kept what saves time. A scan needs no home: if there is none, this is all it makes of it."""
    from keyguard import home  # noqa: PLC0415 - a commit hook never needs it

    return home.locate(args.home).path / "cache"


def _scan(args: argparse.Namespace, engine: Engine, selection: Selection, cache: Path | None) -> Scan:
    if args.stdin:
        if args.paths:
            raise UsageError("--stdin takes no PATH", code="usage", hint="name the content with --path NAME")
        data = sys.stdin.buffer.read(selection.max_size + 1)
        return scan_bytes(engine, data, args.path, selection.max_size)
    if args.unreachable and not args.history:
        raise UsageError("--unreachable belongs to --history", code="usage")
    if args.fresh and not args.history:
        raise UsageError("--fresh belongs to --history", code="usage")
    if args.env:
        return _scan_env(args, engine, selection)
    if not (args.staged or args.history or args.range):
        return scan_tree(engine, [Path(path) for path in args.paths or ["."]], selection, args.jobs)
    if len(args.paths) > 1:
        raise UsageError("one repository at a time", code="usage", hint="give one PATH, or none")
    if args.paths and not Path(args.paths[0]).is_dir():
        raise UsageError(f"no folder {args.paths[0]!r}", code="scan.path")
    # What git tells its hooks holds for the repository they run in, not for one that was named.
    repository = Repository(_folder(args), as_hook=not args.paths)
    if args.staged:
        return scan_staged(engine, repository, selection)
    from keyguard.scanner import git_scans  # noqa: PLC0415 - a commit hook never needs it

    if args.range:
        return git_scans.scan_range(engine, repository, selection, args.range)
    return git_scans.scan_history(
        engine,
        repository,
        selection,
        unreachable=args.unreachable,
        jobs=args.jobs,
        cache=None if args.fresh else cache,
    )


def _scan_env(args: argparse.Namespace, engine: Engine, selection: Selection) -> Scan:
    if args.paths:
        raise UsageError("--env takes no PATH", code="usage")
    from keyguard import home  # noqa: PLC0415 - only this scan must know where keyguard itself lives
    from keyguard.scanner import env_scan  # noqa: PLC0415

    return env_scan.scan_env(engine, selection, own=home.locate(args.home).path)


def _render(scan: Scan, book: Rulebook, style: str, *, show: bool, colour: bool) -> str:
    match style:
        case "json":
            return json_report.render(scan, show=show)
        case "sarif":
            from keyguard.scanner.reports import sarif  # noqa: PLC0415 - a commit hook never needs it

            return sarif.render(scan, book, show=show)
        case "gitleaks":
            from keyguard.scanner.reports import gitleaks  # noqa: PLC0415 - nor this

            return gitleaks.render(scan, show=show)
        case "csv":
            from keyguard.scanner.reports import csv_report  # noqa: PLC0415 - nor this

            return csv_report.render(scan, show=show)
        case _:
            return text.findings(scan, show=show, colour=colour, book=book)


def _write(path: Path, report: str) -> None:
    """Write a file that only its owner can read, whole or not at all; what is no file is written into."""
    if path.exists() and not path.is_file():
        _write_into(path, report)
        return
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


def _write_into(path: Path, report: str) -> None:
    """A device or pipe, such as /dev/null, stays what it is: replaced by a file, it would be gone."""
    try:
        descriptor = os.open(path, os.O_WRONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as opened:
            opened.write(report)
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise UsageError(f"cannot write {str(path)!r}: {reason}", code="scan.output") from None


def _jobs(words: str) -> int:
    """At least one process, and no more than anyone has use for."""
    if not words.isdecimal() or not 1 <= int(words) <= 64:
        raise argparse.ArgumentTypeError(f"not a number of processes: {words!r}")
    return int(words)


def _size(words: str) -> int:
    """`500000`, `500k`, `20MB`."""
    match = _SIZE.match(words.strip())
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(f"not a size: {words!r} (examples: 500k, 20MB)")
    return int(match[1]) * _UNITS[match[2].lower()]
