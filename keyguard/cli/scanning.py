"""What `keyguard scan` does, from its arguments to its exit status."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import accepting, brief
from keyguard.cli.commands.scan import folder
from keyguard.core.errors import UsageError
from keyguard.scanner import config, project
from keyguard.scanner.compact import quick
from keyguard.scanner.engine import Engine
from keyguard.scanner.fingerprint import guessable
from keyguard.scanner.globs import Globs
from keyguard.scanner.reports import text
from keyguard.scanner.rulebook import Rulebook
from keyguard.scanner.scans import Scan, scan_bytes, scan_staged, scan_tree
from keyguard.scanner.selection import MAX_SIZE, Selection
from keyguard.scanner.sources.git import Repository
from keyguard.scanner.sources.staged_begun import Begun

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.scanner.known import KnownKeys


def run(args: argparse.Namespace, out: Output, index: Begun | None = None) -> int:
    """Scan, write the report, return the exit status. `index`: with --staged."""
    brief.loaded()
    settings = config.Config() if args.stdin or args.env else config.find(folder(args))
    book, judges, notes = project.rules(quick(), settings, None if args.stdin or args.env else folder(args))
    if args.no_inline_allow:
        book = book._replace(allow=())
        notes = (*notes, "marks on lines (`keyguard:allow`) allow nothing in this scan")
    selection = Selection(
        include=Globs((*settings.include, *args.include)),
        exclude=Globs((*settings.exclude, *args.exclude)),
        max_size=args.max_size or MAX_SIZE,
        everything=args.all,
    )
    small = args.staged or args.range or args.pushed or args.env or args.stdin
    cache = None if small else _cache(args)
    engine = Engine(book, _own_keys(args, out) if args.known else None, cache, max_size=selection.max_size)
    scan = accepting.accept(_scan(args, engine, selection, index, cache), settings, args, judges, notes)
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
        if weak := sum(guessable(finding.parts[0].value.reveal()) for finding in scan.findings):
            out.talk(f"{weak} of them can be guessed from it (passwords): keep it as private as the code")
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

    return book._replace(rules=(*book.rules, DESCRIPTION))


def _cache(args: argparse.Namespace) -> Path:
    """Where is kept what saves time. A scan needs no home: if there is none, this is all it makes of it."""
    from keyguard.whereabouts import home_folder  # noqa: PLC0415 - a commit hook never needs it

    return home_folder(args.home) / "cache"


def _scan(
    args: argparse.Namespace,
    engine: Engine,
    selection: Selection,
    index: Begun | None,
    cache: Path | None,
) -> Scan:
    if index:
        return scan_staged(engine, index, selection)
    if args.stdin:
        data = sys.stdin.buffer.read(selection.max_size + 1)
        return scan_bytes(engine, data, args.path, selection.max_size)
    if args.env:
        return _scan_env(args, engine, selection)
    if not (args.history or args.range or args.pushed):
        return scan_tree(engine, [Path(path) for path in args.paths or ["."]], selection, args.jobs)
    from keyguard.scanner import git_scans  # noqa: PLC0415 - a commit hook never needs it

    commits = args.range
    if args.pushed:
        from keyguard.cli import pushed  # noqa: PLC0415 - nor this

        commits = pushed.commits()
    # What git tells its hooks holds for the repository they run in, not for one that was named.
    repository = Repository(folder(args), as_hook=not args.paths)
    if commits:
        return git_scans.scan_range(engine, repository, selection, commits)
    return git_scans.scan_history(
        engine,
        repository,
        selection,
        unreachable=args.unreachable,
        jobs=args.jobs,
        cache=None if args.fresh else cache,
    )


def _scan_env(args: argparse.Namespace, engine: Engine, selection: Selection) -> Scan:
    from keyguard.scanner import env_scan  # noqa: PLC0415
    from keyguard.whereabouts import home_folder  # noqa: PLC0415 - only this scan must know where we live

    return env_scan.scan_env(engine, selection, own=home_folder(args.home))


def _render(scan: Scan, book: Rulebook, style: str, *, show: bool, colour: bool) -> str:
    match style:
        case "json":
            from keyguard.scanner.reports import json_report  # noqa: PLC0415 - a commit hook never needs it

            return json_report.render(scan, show=show)
        case "sarif":
            from keyguard.scanner.reports import sarif  # noqa: PLC0415 - nor this

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
    """Write a file that only its owner can read, whole or not at all. A device or a pipe is written to,
    never replaced by a file: it may be everybody's `/dev/null`."""
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
        raise _unwritable(path, error) from None


def _write_into(path: Path, report: str) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(report if not report or report.endswith("\n") else report + "\n")
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> UsageError:
    reason = (error.strerror or "error").lower()
    return UsageError(f"cannot write {str(path)!r}: {reason}", code="scan.output")
