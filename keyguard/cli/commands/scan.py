"""`keyguard scan`: find leaked keys in files, the index, the history. Needs no home, store or daemon.

This file holds what is asked; `keyguard.cli.scanning` does it, and loads while git already works.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.core.errors import UsageError
from keyguard.scanner.sources.git import Repository
from keyguard.scanner.sources.staged_begun import Begun

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output

FORMATS = ("text", "json", "sarif", "gitleaks", "csv")
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
    what.add_argument("--pushed", action="store_true", help="the same for what a hook of pre-commit is told")
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
    parser.add_argument(
        "--no-inline-allow",
        action="store_true",
        help="`keyguard:allow` on a line allows nothing; for servers",
    )
    parser.add_argument("--all", action="store_true", help="dependency, cache and .git folders too")
    parser.add_argument(
        "--max-size", metavar="SIZE", type=_size, help="of a file, or of one in an archive; default 10MB"
    )
    parser.add_argument("--include", metavar="GLOB", action="append", default=[], help="only these paths")
    parser.add_argument("--exclude", metavar="GLOB", action="append", default=[], help="not these paths")


def run(args: argparse.Namespace, out: Output) -> int:
    """Scan, write the report, return the exit status."""
    _check(args)
    if not args.staged:
        from keyguard.cli import scanning  # noqa: PLC0415 - see below

        return scanning.run(args, out)
    with Begun(Repository(folder(args), as_hook=not args.paths, look=False)) as index:
        from keyguard.cli import scanning  # noqa: PLC0415 - loads while git compares the index

        return scanning.run(args, out, index)


def folder(args: argparse.Namespace) -> Path:
    """Where the configuration is looked for, and the repository."""
    first = Path(args.paths[0] if args.paths else ".")
    return first if first.is_dir() else first.parent


def _check(args: argparse.Namespace) -> None:
    """UsageError for words that do not belong together."""
    if args.staged and (args.verify or args.verify_nonces):
        raise UsageError(
            "--verify is not for commit hooks: a commit must not wait for a venue, nor tell it anything",
            code="usage",
            hint="keyguard scan --verify",
        )
    if args.stdin and args.paths:
        raise UsageError("--stdin takes no PATH", code="usage", hint="name the content with --path NAME")
    if args.env and args.paths:
        raise UsageError("--env takes no PATH", code="usage")
    if args.unreachable and not args.history:
        raise UsageError("--unreachable belongs to --history", code="usage")
    if args.staged or args.history or args.range or args.pushed:
        if len(args.paths) > 1:
            raise UsageError("one repository at a time", code="usage", hint="give one PATH, or none")
        if args.paths and not Path(args.paths[0]).is_dir():
            raise UsageError(f"no folder {args.paths[0]!r}", code="scan.path")


def _size(words: str) -> int:
    """`500000`, `500k`, `20MB`."""
    import argparse  # noqa: PLC0415 - not for hooks, whose words are never parsed
    import re  # noqa: PLC0415

    match = re.match(r"(\d{1,12})\s*(|k|m|g)b?\Z", words.strip(), re.IGNORECASE)
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(f"not a size: {words!r} (examples: 500k, 20MB)")
    return int(match[1]) * _UNITS[match[2].lower()]
